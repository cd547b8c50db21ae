import { describe, expect, test } from 'vitest';
import { hex } from '../base/bytes.ts';
import { CONTACTS_MAX, INVITES_MAX } from '../base/limits.ts';
import type { Now } from '../base/time.ts';
import { Secret, type PairSecret } from '../crypto/keys.ts';
import { pairKeys } from './epoch.ts';
import type { Presence } from './presence.ts';
import { MEAN_HOLDS, MEAN_PER_S, PEAK_HOLDS } from './query-budget.ts';
import {
  Device,
  pairSecret,
  recordAt,
  START_MS,
  World,
  type LoggedOp,
} from './test-presence-world.ts';
import { LOOK_QUERIES, PUBLISH_QUERIES } from './timetable.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** Ana and so many contacts, none of whom is there. */
class Crowd {
  readonly world: World;
  readonly ana: Device;
  readonly contacts: { name: string; device: Uint8Array; secret: () => PairSecret }[];

  constructor(seed: number, count: number) {
    this.world = new World(seed);
    this.ana = new Device(this.world, 'ana');
    const { prng } = this.world;
    this.contacts = Array.from({ length: count }, (_, i) => ({
      name: `c${i}`,
      device: prng.bytes(32),
      secret: pairSecret(prng),
    }));
  }

  knows = (presence: Presence, now: Now): void => {
    for (const { name, device, secret } of this.contacts) {
      presence.setPeer(name, { secret: secret(), devices: [device] }, now);
    }
    presence.setOurRecord(recordAt(1111), now);
  };

  /** Where each of them would publish. */
  keysOf = (epoch: number): string[] =>
    this.contacts.map(({ device, secret }) =>
      hex(pairKeys(secret(), device, epoch).signing.publicKey),
    );

  /** Queries that an operation of the log stands for. */
  cost({ kind }: LoggedOp): number {
    return kind === 'get' ? LOOK_QUERIES : PUBLISH_QUERIES - LOOK_QUERIES;
  }
}

test('[DSC-25] a thousand contacts stay within the budget, in every window', () => {
  const { world, ana, knows, cost } = new Crowd(1, 1000);
  ana.start(knows);
  world.run(90 * MINUTE_MS);
  const { log } = world;
  expect(log.length).toBeGreaterThan(500);
  for (const windowS of [1, 10, 60, 600, 3600]) {
    let [from, sum, most] = [0, 0, 0];
    for (const op of log) {
      sum += cost(op);
      while (op.monoMs - log[from]!.monoMs > windowS * 1000) sum -= cost(log[from++]!);
      most = Math.max(most, sum);
    }
    // A put was paid for with its check, some seconds before: so much may fall into a window more.
    const slack = 16 * PUBLISH_QUERIES;
    expect(most).toBeLessThanOrEqual(MEAN_PER_S * windowS + MEAN_HOLDS + slack);
    expect(most).toBeLessThanOrEqual(50 * windowS + PEAK_HOLDS + slack);
  }
  // The budget is used, not only kept.
  const spent = log.reduce((sum, op) => sum + cost(op), 0);
  expect(spent).toBeGreaterThan(0.8 * (MEAN_PER_S * 5400));
});

test('[DSC-33] with a thousand recent contacts away, half of the first hour is publishing', () => {
  const { world, ana, knows, contacts } = new Crowd(6, 1000);
  ana.start((presence, now) => {
    knows(presence, now);
    for (const { name } of contacts) presence.linkUp(name, now);
  });
  world.run(MINUTE_MS);
  ana.crash();
  const from = world.log.length;
  ana.start(knows);
  world.run(HOUR_MS);
  const log = world.log.slice(from);
  const puts = log.filter(({ kind }) => kind === 'put').length;
  const looks = log.length - 2 * puts; // each put had a check before it
  expect(puts * PUBLISH_QUERIES).toBeGreaterThan(0.4 * MEAN_PER_S * 3600);
  expect(looks * LOOK_QUERIES).toBeGreaterThan(0.4 * MEAN_PER_S * 3600);
  const published = log.filter(({ kind }) => kind === 'put').map(({ publicKey }) => publicKey);
  expect(new Set(published).size).toBe(puts);
});

test('[DSC-25] wishes pass a thousand waiting contacts, and find their reserve', () => {
  const { world, ana, knows, contacts } = new Crowd(2, 1000);
  ana.start(knows);
  world.run(17 * MINUTE_MS);
  const wanted = contacts.slice(770, 774);
  const keys = wanted.map(({ device, secret }) =>
    hex(pairKeys(secret(), device, ana.epoch).signing.publicKey),
  );
  const from = world.log.length;
  for (const { name } of wanted) ana.act((presence, now) => presence.want({ peer: name }, now));
  const done = (): boolean => {
    const asked = world.log.slice(from).map(({ publicKey }) => publicKey);
    return keys.every((key) => asked.includes(key));
  };
  // At 6 queries/s without a reserve it would take 20 s.
  expect(world.run(MINUTE_MS, done)).toBeLessThan(6000);
});

test('[DSC-25] those met last come first', () => {
  const { world, ana, contacts } = new Crowd(3, 120);
  const lately = contacts.slice(60, 65);
  const meet =
    (...met: string[]) =>
    (presence: Presence, now: Now) => {
      for (const { name, device, secret } of contacts) {
        presence.setPeer(name, { secret: secret(), devices: [device] }, now);
      }
      for (const name of met) presence.linkUp(name, now);
    };
  ana.start(meet(), 100 * HOUR_MS);
  world.run(20 * HOUR_MS);
  ana.crash();
  // Five of them were met this hour.
  ana.start(meet(...lately.map(({ name }) => name)), 100 * HOUR_MS);
  world.run(HOUR_MS / 2);
  ana.crash();
  ana.start((presence, now) => {
    meet()(presence, now);
    presence.setOurRecord(recordAt(1), now);
  });
  const recent = lately.map(({ device, secret }) =>
    hex(pairKeys(secret(), device, ana.epoch).signing.publicKey),
  );
  const all = contacts.map(({ device, secret }) =>
    hex(pairKeys(secret(), device, ana.epoch).signing.publicKey),
  );
  world.run(30_000);
  const looked = world.ops('get', ana).map(({ publicKey }) => publicKey);
  const first = looked.filter((key) => all.includes(key)).slice(0, 5);
  expect(new Set(first)).toEqual(new Set(recent));
});

describe('who waits for the budget', () => {
  test('[DSC-24] while the computer sleeps is looked for in every hour after it wakes', () => {
    const { world, ana, knows, contacts, keysOf } = new Crowd(7, 40);
    ana.start(knows);
    world.run(1500);
    const waiting = contacts.filter(({ name }) => ana.presence.lookup({ peer: name })?.looking);
    expect(waiting.length).toBeGreaterThan(30);
    world.monoMs += 3 * HOUR_MS;
    for (let hour = 0; hour < 6; hour++) {
      const from = world.log.length;
      const { epoch } = ana;
      world.run(2 * HOUR_MS, () => ana.epoch !== epoch);
      const asked = new Set(world.log.slice(from).map(({ publicKey }) => publicKey));
      expect([hour, keysOf(epoch).filter((key) => !asked.has(key)).length]).toEqual([hour, 0]);
    }
  });

  test('[DSC-31] while the computer sleeps is looked for at once where a person wants them', () => {
    const { world, ana, knows, contacts, keysOf } = new Crowd(8, 40);
    ana.start(knows);
    world.run(1500);
    const at = contacts.findLastIndex(({ name }) => ana.presence.lookup({ peer: name })?.looking);
    world.monoMs += 3 * HOUR_MS;
    world.run(1000);
    ana.act((presence, now) => presence.want({ peer: contacts[at]!.name }, now));
    const key = keysOf(ana.epoch)[at];
    const done = (): boolean => world.log.some(({ publicKey }) => publicKey === key);
    expect(world.run(MINUTE_MS, done)).toBeLessThan(10_000);
  });

  test('[DSC-23] and comes with another device is looked for there', () => {
    const { world, ana, knows, contacts } = new Crowd(9, 12);
    ana.start(knows);
    world.run(1500);
    const asked = (publicKey: Uint8Array): boolean =>
      world.log.some((op) => op.publicKey === hex(publicKey));
    const keyOf = (secret: () => PairSecret, device: Uint8Array): Uint8Array =>
      pairKeys(secret(), device, ana.epoch).signing.publicKey;
    const { name, secret } = contacts.find((one) => !asked(keyOf(one.secret, one.device)))!;
    expect(ana.presence.lookup({ peer: name })?.looking).toBe(true);
    const device = world.prng.bytes(32);
    ana.act((presence, now) => {
      presence.setPeer(name, { secret: secret(), devices: [device] }, now);
    });
    const key = keyOf(secret, device);
    expect(world.run(5 * MINUTE_MS, () => asked(key))).toBeLessThan(4 * MINUTE_MS);
  });

  test('[DSC-25] over two turns of the hour is looked for in the end, with 500 away', () => {
    const { world, ana, knows, contacts, keysOf } = new Crowd(10, 500);
    ana.start(knows);
    world.run(100 * MINUTE_MS); // it reaches for some 180 in each hour
    const sought = new Set<number>();
    for (let hour = 0; hour < 4; hour++) {
      const from = world.log.length;
      const { epoch } = ana;
      world.run(2 * HOUR_MS, () => ana.epoch !== epoch);
      const asked = new Set(world.log.slice(from).map(({ publicKey }) => publicKey));
      for (const hours of [epoch - 1, epoch]) {
        keysOf(hours).forEach((key, i) => asked.has(key) && sought.add(i));
      }
    }
    expect(contacts.length - sought.size).toBe(0);
  });
});

test('[DSC-28] twenty linked contacts: no operation, and a wake-up an hour', () => {
  const { world, ana, knows, contacts } = new Crowd(4, 20);
  ana.start((presence, now) => {
    knows(presence, now);
    for (const { name } of contacts) presence.linkUp(name, now);
  });
  world.run(MINUTE_MS);
  ana.wakes = 0;
  world.run(24 * HOUR_MS);
  expect(world.log).toEqual([]);
  expect(ana.wakes).toBeLessThanOrEqual(3 * 24); // the hour's turn, and two saves after it
});

test('[DSC-22] twenty absent contacts are sought each hour, with few wake-ups', () => {
  const { world, ana, knows } = new Crowd(5, 20);
  ana.start(knows);
  world.run(26 * HOUR_MS); // over a day apart: level 1 without relief
  const from = world.log.length;
  ana.wakes = 0;
  world.run(10 * HOUR_MS);
  const later = world.log.slice(from);
  expect(later.filter(({ kind }) => kind === 'put').length).toBe(200);
  expect(later.filter(({ kind }) => kind === 'get').length).toBeLessThanOrEqual(200 * 5);
  expect(ana.wakes).toBeLessThan(10 * 200);
});

test('[CON-17] as many contacts as there may be, met three ways each, and all our invites', () => {
  const world = new World(8);
  const ana = new Device(world, 'ana');
  const { prng } = world;
  const expiresMs = START_MS + HOUR_MS;
  ana.start((presence, now) => {
    const secret = pairSecret(prng)();
    const state = { secret, devices: [prng.bytes(32)] };
    const meet = (invite: string): void => {
      const ours = { invite, secret: new Secret<'invite'>('invite', prng.bytes(32)), expiresMs };
      presence.addInvite({ ...ours, role: 'invitee' }, now);
    };
    for (let i = 0; i < CONTACTS_MAX; i++) {
      presence.setPeer(`c${i}`, state, now);
      presence.setPeer(`c${i} besides`, state, now);
      meet(`given ${i}`);
    }
    for (let i = 0; i < INVITES_MAX; i++) meet(`ours ${i}`);
  });
  expect(ana.presence.stats()['rendezvous']).toBe(3 * CONTACTS_MAX + INVITES_MAX);
});
