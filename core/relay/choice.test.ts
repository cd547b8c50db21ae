import { expect, test } from 'vitest';
import { type Candidate, chooseRelays } from './choice.ts';

const at = (name: string, host: string, more: Partial<Candidate> = {}): Candidate => ({
  name,
  address: { endpoint: { host, port: 443 }, key: new Uint8Array(32), udp: true, tcp: true },
  isOwn: false,
  rttMs: undefined,
  failures: 0,
  isKept: false,
  isGuard: false,
  ...more,
});
const names = (...candidates: Candidate[]): string => {
  return chooseRelays(candidates)
    .map(({ name }) => name)
    .join('');
};

test('[RLY-18] near before far, and of two networks', () => {
  const [a, b] = [at('a', '93.184.1.1', { rttMs: 10 }), at('b', '93.184.2.2', { rttMs: 60 })];
  const [c, d] = [at('c', '94.1.1.1', { rttMs: 300 }), at('d', '95.1.1.1', { rttMs: 200 })];
  expect(names(c, d, b, a)).toBe('ad');
  expect(names(a, b)).toBe('ab');
  const six = [at('e', '2606:2800:1::1', { rttMs: 1 }), at('f', '2606:2800:2::1', { rttMs: 90 })];
  expect(names(...six, c)).toBe('ec');
});

test('[RLY-18] the own list before those of contacts, what works before what failed', () => {
  const own = at('o', '93.184.1.1', { isOwn: true, rttMs: 900 });
  const near = at('n', '94.1.1.1', { rttMs: 10 });
  const bad = at('b', '95.1.1.1', { rttMs: 5, failures: 1 });
  expect(names(near, bad, own)).toBe('on');
  expect(names(bad, at('s', '94.1.2.2'), near)).toBe('ns');
  expect(names(bad)).toBe('b');
});

test('[RLY-18] nobody moves for a few milliseconds', () => {
  const kept = at('k', '93.184.1.1', { rttMs: 40, isKept: true });
  const others = [at('a', '94.1.1.1', { rttMs: 30 }), at('b', '95.1.1.1', { rttMs: 35 })];
  expect(names(...others, kept)).toBe('ka');
  expect(names(at('z', '96.1.1.1', { rttMs: 300, isKept: true }), ...others)).toBe('ab');
});

test('[RLY-30] ⚑ strangers only where ours do not do: also as guards, and of one network', () => {
  const own = at('o', '93.184.1.1', { isOwn: true, rttMs: 900 });
  const friend = at('f', '93.184.2.2', { rttMs: 900 });
  const stranger = (name: string, host: string, more: Partial<Candidate> = {}): Candidate =>
    at(name, host, { isPublic: true, rttMs: 1, ...more });
  const [p, q] = [
    stranger('p', '95.1.1.1', { isGuard: true, isKept: true }),
    stranger('q', '96.1.1.1'),
  ];
  expect(names(p, q, friend, own)).toBe('of');
  expect(names(p, q, friend)).toBe('fp');
  expect(names(p, q, { ...own, failures: 1 }, friend)).toBe('fp');
  expect(names(p, { ...q, failures: 2 }, { ...own, failures: 1 })).toBe('po');
});

test('[RLY-30] among strangers chance chooses, not a name', () => {
  const all = Array.from({ length: 5 }, (_, i) =>
    at(String.fromCharCode(97 + i), `${93 + i}.1.1.1`, { isPublic: true, rank: 1 - i / 5 }),
  );
  expect(names(...all)).toBe('ed');
});
