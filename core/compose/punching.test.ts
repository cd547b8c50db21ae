import { beforeEach, expect, test } from 'vitest';
import { equal, hex } from '../base/bytes.ts';
import { Prng } from '../base/prng.ts';
import { Secret } from '../crypto/keys.ts';
import type { Absence } from '../discovery/presence.ts';
import { BEAT_EVERY_MS, SLOT_EVERY_MS } from '../path/punch.ts';
import { newContact, type Contact } from '../people/contact.ts';
import { Context } from './context.ts';
import { BEATING_MAX, Punching, SLOTS_MAX } from './punching.ts';

const { bytes } = new Prng(21);
const WALL_MS = 1.7e12;
const MINUTE_MS = 60_000;

interface Act {
  readonly who: string;
  readonly what: string;
  readonly atMs: number;
}

class Scene {
  readonly context = new Context(bytes, {
    ...{ bootstrap: [], dht: true, readOnly: false, allowReserved: true },
    displayName: undefined,
  });
  readonly acts: Act[] = [];
  readonly chances: number[] = [];
  absence: (contact: Contact) => Absence | undefined = () => ({ active: true, level: 0 });
  /** How far this computer's idea of the time is off. */
  aheadMs = 0;
  readonly punching = new Punching(this.context, {
    absence: (contact) => this.absence(contact),
    networkMs: () => this.context.now.wallMs + this.aheadMs,
    punch: (contact, pace) => this.#note(contact, pace),
    chance: (contact, atMs) => {
      this.chances.push(atMs);
      this.#note(contact, 'chance');
    },
    glance: (contact) => this.#note(contact, 'glance'),
  });

  run(forMs: number): void {
    const untilMs = this.context.now.monoMs + forMs;
    for (;;) {
      const wakeMs = Math.max(this.punching.wakeAtMs() ?? Infinity, this.context.now.monoMs);
      if (wakeMs > untilMs) break;
      this.at(wakeMs);
      this.punching.handleTimeout();
    }
    this.at(untilMs);
  }

  at(monoMs: number): void {
    this.context.now = { monoMs, wallMs: WALL_MS + monoMs };
  }

  #note(contact: Contact, what: string): void {
    this.acts.push({ who: hex(contact.identity), what, atMs: this.context.now.monoMs });
  }
}

function contactWith(secret: Uint8Array, lastSeenMs = 1): Contact {
  const contact = newContact(bytes(32), 'Ben');
  contact.secret = new Secret('pair', secret.slice());
  contact.lastSeenMs = lastSeenMs;
  return contact;
}

let scene: Scene;
beforeEach(() => {
  scene = new Scene();
  scene.at(0);
});

const timesOf = (acts: readonly Act[], what: string): number[] =>
  acts.filter((act) => act.what === what).map(({ atMs }) => atMs);
const gapsOf = (times: readonly number[]): number[] =>
  times.slice(1).map((atMs, i) => atMs - times[i]!);

test('[PTH-15] two ends with one secret punch at one time, whenever they began', () => {
  const secret = bytes(32);
  scene.punching.watch(contactWith(secret));
  scene.run(30 * MINUTE_MS);
  const other = new Scene();
  other.at(7 * MINUTE_MS + 321);
  other.punching.watch(contactWith(secret));
  other.run(23 * MINUTE_MS);
  const [ours, theirs] = [scene, other].map(({ acts }) => timesOf(acts, 'steady'));
  expect(theirs!.length).toBeGreaterThanOrEqual(5);
  expect(ours!.filter((atMs) => atMs >= 8 * MINUTE_MS)).toEqual(
    theirs!.filter((atMs) => atMs >= 8 * MINUTE_MS),
  );
  expect(Math.max(...gapsOf(ours!))).toBeLessThanOrEqual(SLOT_EVERY_MS);
});

test('[PTH-32] chance is tried in slots, by the time that both ends have of them', () => {
  const secret = bytes(32);
  scene.punching.watch(contactWith(secret));
  scene.run(10 * MINUTE_MS);
  const other = new Scene();
  other.aheadMs = 700;
  other.at(0);
  other.punching.watch(contactWith(secret));
  other.run(10 * MINUTE_MS);
  expect(scene.chances.length).toBeGreaterThanOrEqual(2);
  expect(other.chances).toEqual(scene.chances);
  expect(timesOf(scene.acts, 'chance')).toEqual(timesOf(scene.acts, 'steady'));
});

test('[PTH-16] a beat at least every 24 s, for those who were here last', () => {
  const many = Array.from({ length: BEATING_MAX + 4 }, (_, i) => contactWith(bytes(32), i));
  for (const contact of many) scene.punching.watch(contact);
  scene.run(SLOT_EVERY_MS);
  const from = scene.acts.length;
  scene.run(10 * MINUTE_MS);
  const later = scene.acts.slice(from);
  const beating = many.filter(({ identity }) =>
    later.some(({ what, who }) => what === 'single' && who === hex(identity)),
  );
  expect(beating.map(({ lastSeenMs }) => lastSeenMs)).toEqual(
    Array.from({ length: BEATING_MAX }, (_, i) => i + 4),
  );
  const last = later.filter(({ who }) => who === hex(many.at(-1)!.identity));
  const flights = last.filter(({ what }) => what !== 'glance').map(({ atMs }) => atMs);
  expect(Math.max(...gapsOf(flights))).toBeLessThanOrEqual(BEAT_EVERY_MS + 1);
});

test('[PTH-18] shortly before a slot the DHT is asked, for those who get beats alone', () => {
  const [near, far] = [contactWith(bytes(32)), contactWith(bytes(32))];
  scene.absence = ({ identity }) => ({
    active: true,
    level: equal(identity, far.identity) ? 1 : 0,
  });
  scene.punching.watch(near);
  scene.punching.watch(far);
  scene.run(40 * MINUTE_MS);
  const glances = scene.acts.filter(({ what }) => what === 'glance');
  expect(new Set(glances.map(({ who }) => who))).toEqual(new Set([hex(near.identity)]));
  const slots = timesOf(
    scene.acts.filter(({ who }) => who === hex(near.identity)),
    'steady',
  );
  const covered = slots.filter((slotMs) =>
    glances.some(({ atMs }) => atMs < slotMs && slotMs - atMs <= BEAT_EVERY_MS + 1),
  );
  expect(covered.length).toBeGreaterThanOrEqual(slots.length - 2);
});

test('[PTH-15] in epochs that are not theirs, nothing leaves; who is here is forgotten', () => {
  const contact = contactWith(bytes(32));
  scene.absence = () => ({ active: false, level: 2 });
  scene.punching.watch(contact);
  scene.run(20 * MINUTE_MS);
  expect(scene.acts).toEqual([]);
  expect(scene.punching.size).toBe(1);
  scene.absence = () => undefined;
  scene.run(5 * MINUTE_MS);
  expect(scene.punching.size).toBe(0);
  expect(scene.punching.wakeAtMs()).toBeUndefined();
});

test('[PTH-15] at most 16 slots at one time', () => {
  const secret = bytes(32);
  scene.absence = () => ({ active: true, level: 1 });
  for (let i = 0; i < SLOTS_MAX + 5; i++) scene.punching.watch(contactWith(secret));
  scene.run(SLOT_EVERY_MS);
  const [first] = timesOf(scene.acts, 'steady');
  expect(timesOf(scene.acts, 'steady').filter((atMs) => atMs === first).length).toBe(SLOTS_MAX);
});

test('[PTH-15] what this computer slept through is not made up for', () => {
  scene.punching.watch(contactWith(bytes(32)));
  scene.at(60 * MINUTE_MS);
  scene.punching.handleTimeout();
  expect(scene.acts).toEqual([]);
  scene.run(SLOT_EVERY_MS + 1);
  expect(timesOf(scene.acts, 'steady').length).toBeGreaterThanOrEqual(1);
});
