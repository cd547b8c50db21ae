import { describe, expect, test } from 'vitest';
import {
  ALL_AWAY_MS,
  GONE_MS,
  type Guard,
  GUARD_MS,
  Guards,
  GUARDS,
  GUARDS_MAX,
  type Pinnable,
} from './guards.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const OURS = (): boolean => true;

const relay = (name: string, network = name, isUp = true): Pinnable => ({
  name,
  network,
  isUp,
  owner: undefined,
});
const names = (guards: Guards): string => guards.all.map(({ name }) => name).join('');

/** Looks every minute for so long. */
function live(guards: Guards, relays: readonly Pinnable[], fromMs: number, forMs: number): number {
  for (let atMs = fromMs; atMs < fromMs + forMs; atMs += MINUTE_MS) {
    guards.update(relays, OURS, atMs);
  }
  return fromMs + forMs;
}

describe('[RLY-23] guards', () => {
  test('are two relays that are there, of two networks where there are', () => {
    const guards = new Guards();
    expect(guards.update([relay('a', 'x', false)], OURS, 0)).toBe(false);
    expect(guards.update([relay('a', 'x'), relay('b', 'x'), relay('c', 'y')], OURS, 0)).toBe(true);
    expect(names(guards)).toBe('ac');
    const alike = new Guards();
    alike.update([relay('a', 'x'), relay('b', 'x')], OURS, 0);
    expect(names(alike)).toBe('ab');
    expect(guards.all).toHaveLength(GUARDS);
  });

  test('⚑ stay for 60 days, whatever better relays there are, and over restarts', () => {
    const guards = new Guards();
    guards.update([relay('a'), relay('b')], OURS, 0);
    const many = [...'zyxwvu'].map((name) => relay(name));
    const all = [...many, relay('a'), relay('b')];
    for (let atMs = 0; atMs < GUARD_MS; atMs += HOUR_MS) guards.update(all, OURS, atMs);
    expect(names(guards)).toBe('ab');
    const restarted = new Guards(guards.all);
    restarted.update(all, OURS, GUARD_MS - HOUR_MS);
    expect(names(restarted)).toBe('ab');
    restarted.update(all, OURS, GUARD_MS);
    expect(restarted.all.filter(({ name }) => 'ab'.includes(name))).toHaveLength(0);
    expect(restarted.all).toHaveLength(GUARDS);
  });

  test('after 60 days without another relay they stay', () => {
    const guards = new Guards();
    const both = [relay('a'), relay('b')];
    guards.update(both, OURS, 0);
    guards.update(both, OURS, GUARD_MS + HOUR_MS);
    expect(names(guards)).toBe('ab');
  });

  test('one that is away is not replaced, until it was for 48 h while others were there', () => {
    const guards = new Guards();
    guards.update([relay('a'), relay('b')], OURS, 0);
    const without = [relay('a', 'a', false), relay('b'), relay('c')];
    let nowMs = live(guards, without, MINUTE_MS, GONE_MS - HOUR_MS);
    expect(names(guards)).toBe('ab');
    nowMs = live(guards, without, nowMs, 2 * HOUR_MS);
    expect(names(guards)).toBe('bc');
  });

  test('who has been there in between begins anew; an outage of ours counts for nothing', () => {
    const guards = new Guards();
    const all = [relay('a'), relay('b'), relay('c')];
    guards.update(all, OURS, 0);
    const without = [relay('a', 'a', false), relay('b'), relay('c')];
    let nowMs = live(guards, without, 0, GONE_MS - HOUR_MS);
    guards.update(all, OURS, nowMs);
    nowMs = live(guards, without, nowMs, GONE_MS - HOUR_MS);
    const nobody = all.map((one) => ({ ...one, isUp: false }));
    nowMs = live(guards, nobody, nowMs, 10 * HOUR_MS);
    // Ten days asleep, then one look.
    guards.update(without, OURS, nowMs + 240 * HOUR_MS);
    expect(names(guards)).toBe('ab');
  });

  test('⚑ with both away a third joins after 10 minutes, and never a fourth', () => {
    const guards = new Guards();
    guards.update([relay('a'), relay('b')], OURS, 0);
    const others = [...'cdefg'].map((name) => relay(name));
    const away = [relay('a', 'a', false), relay('b', 'b', false)];
    let nowMs = live(guards, [...others, ...away], 0, ALL_AWAY_MS - MINUTE_MS);
    expect(names(guards)).toBe('ab');
    nowMs = live(guards, [...others, ...away], nowMs, 3 * MINUTE_MS);
    expect(names(guards)).toBe('abc');
    const awayToo = [...away, relay('c', 'c', false), ...others.slice(1)];
    live(guards, awayToo, nowMs, 24 * HOUR_MS);
    expect(names(guards)).toBe('abc');
    expect(guards.all).toHaveLength(GUARDS_MAX);
  });

  test('⚑ one that is not ours any more is gone at once', () => {
    const guards = new Guards();
    const all = [relay('a'), relay('b'), relay('c')];
    guards.update(all, OURS, 0);
    const isOurs = ({ name }: Guard): boolean => name !== 'a';
    expect(guards.update(all.slice(1), isOurs, 1)).toBe(true);
    expect(names(guards)).toBe('bc');
  });
});

describe('[RLY-30] strangers as guards', () => {
  const public_ = (name: string, isUp = true): Pinnable => ({
    ...relay(name, name, isUp),
    isPublic: true,
  });

  test('come last, and give way as soon as one of ours is there', () => {
    const guards = new Guards();
    guards.update([public_('p'), public_('q')], OURS, 0);
    expect(names(guards)).toBe('pq');
    expect(guards.all.map(({ isPublic }) => isPublic)).toEqual([true, true]);
    guards.update([public_('p'), public_('q'), relay('o', 'o', false)], OURS, 1_000);
    expect(names(guards)).toBe('pq');
    expect(guards.update([public_('p'), public_('q'), relay('o')], OURS, 2_000)).toBe(true);
    expect([...names(guards)].sort().join('')).toBe('oq');
    guards.update([public_('q'), relay('o'), relay('n')], OURS, 3_000);
    expect([...names(guards)].sort().join('')).toBe('no');
    expect(guards.all.some(({ isPublic }) => isPublic)).toBe(false);
  });

  test('stay like others while none of ours is there', () => {
    const guards = new Guards();
    guards.update([public_('p'), public_('q'), public_('r')], OURS, 0);
    live(guards, [public_('p', false), public_('q'), public_('r')], 0, HOUR_MS / 10);
    expect(names(guards)).toBe('pq');
  });
});
