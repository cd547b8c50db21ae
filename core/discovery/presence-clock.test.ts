import { describe, expect, test } from 'vitest';
import { hex } from '../base/bytes.ts';
import type { Now } from '../base/time.ts';
import type { PairSecret } from '../crypto/keys.ts';
import { epochOf, pairKeys } from './epoch.ts';
import type { Presence } from './presence.ts';
import { Rendezvous } from './rendezvous.ts';
import { Device, pairSecret, portOf, recordAt, START_MS, World } from './test-presence-world.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const AD_2106_MS = Date.UTC(2106, 1, 7);

class Pair {
  readonly world: World;
  readonly ana: Device;
  readonly ben: Device;
  readonly secret: () => PairSecret;

  constructor(seed: number) {
    this.world = new World(seed);
    this.ana = new Device(this.world, 'ana');
    this.ben = new Device(this.world, 'ben');
    this.secret = pairSecret(this.world.prng);
  }

  knows(other: Device, port: number): (presence: Presence, now: Now) => void {
    return (presence, now) => {
      presence.setPeer(other.name, { secret: this.secret(), devices: [other.key] }, now);
      presence.setOurRecord(recordAt(port), now);
    };
  }

  /** Every key of both publishers in the epochs around those that were ever used. */
  names(): Map<string, number> {
    const names = new Map<string, number>();
    for (const used of new Set(this.world.log.map(({ epoch }) => epoch))) {
      for (let epoch = Math.max(0, used - 26); epoch <= used + 26; epoch++) {
        for (const { key } of [this.ana, this.ben]) {
          names.set(hex(pairKeys(this.secret(), key, epoch).signing.publicKey), epoch);
        }
      }
    }
    return names;
  }

  /** How far from its hour each operation was, by kind. */
  distances(): { get: Set<number>; put: Set<number> } {
    const names = this.names();
    const distances = { get: new Set<number>(), put: new Set<number>() };
    for (const { kind, publicKey, epoch } of this.world.log) {
      const about = names.get(publicKey);
      if (about === undefined) throw new Error('an operation on a key of nobody');
      distances[kind].add(about - epoch);
    }
    return distances;
  }

  /** Epochs, by true time, in which each key was put. */
  epochsOfKeys(): number[] {
    const epochs = new Map<string, Set<number>>();
    for (const { publicKey, monoMs } of this.world.ops('put')) {
      const set = epochs.get(publicKey) ?? new Set();
      epochs.set(publicKey, set.add(epochOf(START_MS + monoMs)));
    }
    return [...epochs.values()].map(({ size }) => size);
  }
}

describe('hours', () => {
  test('[DSC-4] no key is put in two epochs, nor asked for outside e-1 to e+1', () => {
    const pair = new Pair(1);
    const { world, ana, ben } = pair;
    for (let round = 0; round < 60; round++) {
      ana.start(pair.knows(ben, 1000 + round));
      ben.start(pair.knows(ana, 2000 + round));
      world.run(2000);
      if (round === 0) {
        ana.act((presence, now) => presence.linkUp('ben', now));
        ben.act((presence, now) => presence.linkUp('ana', now));
      }
      world.run(world.prng.int(1, 3 * HOUR_MS));
      for (const device of [ana, ben]) {
        device.act((presence, now) => presence.linkUp(device === ana ? 'ben' : 'ana', now));
        device.act((presence, now) => presence.linkDown(device === ana ? 'ben' : 'ana', now));
      }
      world.run(world.prng.int(1, 30 * MINUTE_MS));
    }
    const { get, put } = pair.distances();
    expect([...put]).toEqual([0]);
    expect([...get].every((distance) => Math.abs(distance) <= 1)).toBe(true);
    expect(get).toEqual(new Set([-1, 0, 1]));
    const sizes = pair.epochsOfKeys();
    expect(sizes.length).toBeGreaterThan(100);
    expect(Math.max(...sizes)).toBe(1);
  });

  test('[DSC-4] what is under way when its hour ends is ended', () => {
    const pair = new Pair(2);
    const { world, ana, ben } = pair;
    world.run(39 * MINUTE_MS + 25_000); // 12:59:25
    world.getMs = [4000, 4000];
    world.putMs = [50_000, 50_000]; // slower than any put should be
    ana.start(pair.knows(ben, 1111), 100);
    world.run(20_000);
    expect(world.ops('put', ana).length).toBe(1);
    const epoch = ana.epoch;
    world.putMs = [1000, 1000];
    world.run(2 * MINUTE_MS);
    const puts = world.ops('put', ana);
    expect(puts.map((put) => put.epoch - epoch)).toEqual([0, 1]);
    expect(ana.cancelled).toBe(1);
  });

  test('[DSC-4] a clock that is set ends what belongs to the former hour', () => {
    const pair = new Pair(6);
    const { world, ana, ben } = pair;
    world.putMs = [50_000, 50_000];
    ana.start(pair.knows(ben, 1111), 100);
    world.run(10_000);
    expect(ana.presence.stats()['puts']).toBe(1);
    ana.skewMs = 2 * HOUR_MS;
    ana.act((presence, now) => presence.handleTimeout(now));
    expect(ana.cancelled).toBe(1);
  });

  test('[DSC-4] a check that took long is not followed by a put at the end of the hour', () => {
    const pair = new Pair(7);
    const { world, ana, ben } = pair;
    world.run(39 * MINUTE_MS + 25_000); // 12:59:25
    world.getMs = [18_000, 18_000];
    ana.start(pair.knows(ben, 1111), 100);
    world.run(30_000);
    expect(ana.presence.stats()['gets']).toBeGreaterThan(1);
    expect(world.ops('put', ana)).toEqual([]);
    world.run(60_000);
    expect(world.ops('put', ana).map(({ epoch }) => epoch)).toEqual([epochOf(START_MS) + 1]);
  });

  test('[DSC-4] in the last half minute of an hour nothing is published any more', () => {
    const pair = new Pair(3);
    const { world, ana, ben } = pair;
    world.run(39 * MINUTE_MS + 35_000); // 12:59:35
    ana.start(pair.knows(ben, 1111), 100);
    world.run(20_000);
    expect(world.ops('put', ana)).toEqual([]);
    world.run(15_000);
    const puts = world.ops('put', ana);
    expect(puts.length).toBe(1);
    expect(puts[0]!.epoch).toBe(epochOf(START_MS) + 1);
  });

  test('[DSC-17] seq starts at 1 in each epoch', () => {
    const pair = new Pair(4);
    const { world, ana, ben } = pair;
    ana.start(pair.knows(ben, 1111));
    for (let hour = 0; hour < 6; hour++) {
      for (let change = 0; change < hour; change++) {
        const port = 100 * hour + change;
        ana.act((presence, now) => presence.setOurRecord(recordAt(port), now));
        world.run(30_000);
      }
      world.run(HOUR_MS - hour * 30_000);
    }
    const byKey = new Map<string, bigint[]>();
    for (const { publicKey, item } of world.ops('put', ana)) {
      byKey.set(publicKey, [...(byKey.get(publicKey) ?? []), item!.seq]);
    }
    expect(byKey.size).toBeGreaterThan(5);
    for (const seqs of byKey.values()) {
      expect(seqs).toEqual(seqs.map((_, i) => BigInt(i + 1)));
    }
  });

  test('[DSC-8] all values have one length', () => {
    const pair = new Pair(5);
    const { world, ana, ben } = pair;
    ana.start(pair.knows(ben, 1111));
    world.run(5 * HOUR_MS);
    ana.act((presence, now) => presence.setOurRecord({ ...recordAt(1), candidates: [] }, now));
    world.run(5 * HOUR_MS);
    const lengths = new Set(world.ops('put', ana).map(({ item }) => item!.raw.length));
    expect([...lengths]).toEqual(['768:'.length + 768]);
  });
});

describe('clocks', () => {
  const steps: [string, number][] = [
    ['3 hours on', 3 * HOUR_MS],
    ['3 hours back', -3 * HOUR_MS],
    ['2 days on', 2 * DAY_MS],
    ['2 days back', -2 * DAY_MS],
    ['1970', -START_MS - 30 * DAY_MS],
    ['2106', AD_2106_MS - START_MS],
  ];

  test.each(steps)(
    '[DSC-7] a clock set to %s and back: nothing breaks, and they meet',
    (_, skewMs) => {
      const pair = new Pair(20);
      const { world, ana, ben } = pair;
      ana.start(pair.knows(ben, 1111));
      world.run(20 * MINUTE_MS);
      ana.skewMs = skewMs;
      world.run(20 * MINUTE_MS);
      // Also in the wrong hour she publishes and looks.
      expect(world.ops('put', ana).length).toBeGreaterThan(1);
      ana.skewMs = 0;
      world.run(10 * MINUTE_MS);
      ana.skewMs = skewMs;
      world.run(2 * HOUR_MS);
      ana.crash();
      ana.start(pair.knows(ben, 1112));
      world.run(5 * MINUTE_MS);
      ana.skewMs = 0;
      world.run(6 * MINUTE_MS); // noticed within five
      ben.start(pair.knows(ana, 2222));
      world.run(MINUTE_MS, () => ben.found.length > 0);
      expect(portOf(ben.found.at(-1))).toBe(1112);
      expect(world.clashes).toEqual([]);
      expect(ana.copiesSeen).toEqual([]);
      const { get, put } = pair.distances();
      expect([...put]).toEqual([0]);
      expect(Math.max(...[...get].map(Math.abs))).toBeLessThanOrEqual(24);
    },
  );

  test('[DSC-17] back in an hour published in before, seq starts above all ever used', () => {
    const pair = new Pair(21);
    const { world, ana, ben } = pair;
    ana.start(pair.knows(ben, 1111));
    for (let port = 1; port < 8; port++) {
      world.run(10_000);
      ana.act((presence, now) => presence.setOurRecord(recordAt(port), now));
    }
    world.run(10_000);
    const before = world.ops('put', ana);
    const highest = before.at(-1)!.item!.seq;
    ana.skewMs = 3 * HOUR_MS;
    world.run(10 * MINUTE_MS);
    // Nobody kept the items of the first hour: the get before the put sees nothing.
    world.items.clear();
    ana.skewMs = 0;
    const from = world.log.length;
    world.run(10 * MINUTE_MS);
    const again = world.log.slice(from).find(({ kind }) => kind === 'put')!;
    expect(again.publicKey).toBe(before[0]!.publicKey);
    expect(again.item!.seq > highest).toBe(true);
    expect(world.clashes).toEqual([]);
  });

  test('[DSC-17] many visits to many hours, killed in between: never two values', () => {
    const pair = new Pair(22);
    const { world, ana, ben } = pair;
    let port = 1;
    for (let life = 0; life < 150; life++) {
      ana.skewMs = world.prng.int(-12, 12) * 3 * HOUR_MS;
      ana.start(pair.knows(ben, world.prng.chance(0.5) ? port : ++port));
      world.run(world.prng.int(1, 30_000));
      if (world.prng.chance(0.3)) world.items.clear();
      ana.crash();
    }
    expect(world.ops('put', ana).length).toBeGreaterThan(50);
    expect(world.clashes).toEqual([]);
    expect(ana.copiesSeen).toEqual([]);
  });

  test('[DSC-7] with three sources of time a clock set wrong changes no epoch', () => {
    const pair = new Pair(23);
    const { world, ana, ben } = pair;
    ana.start(pair.knows(ben, 1111));
    for (const source of ['x', 'y', 'z']) {
      ana.time.handleSample(source, START_MS + world.monoMs, ana.now);
    }
    ana.skewMs = -2 * DAY_MS;
    world.run(5 * HOUR_MS);
    for (const { epoch, monoMs } of world.log) expect(epoch).toBe(epochOf(START_MS + monoMs));
  });

  test('[DSC-26] when every lookup fails, the 48 hours around are searched once per start', () => {
    const pair = new Pair(24);
    const { world, ana, ben } = pair;
    ana.skewMs = 7 * HOUR_MS;
    ben.start(pair.knows(ana, 2222));
    world.run(MINUTE_MS);
    ana.start(pair.knows(ben, 1111));
    world.run(2 * MINUTE_MS);
    expect(ana.found).toEqual([]);
    world.run(30 * MINUTE_MS);
    expect(portOf(ana.found[0])).toBe(2222);
    // Where nobody is to be found, it ends, and is not begun again.
    const lonely = new Pair(25);
    lonely.ana.start(lonely.knows(lonely.ben, 1));
    lonely.world.run(9 * HOUR_MS);
    const names = lonely.names();
    const far = lonely.world
      .ops('get')
      .map(({ publicKey, epoch }) => names.get(publicKey)! - epoch)
      .filter((distance) => Math.abs(distance) > 1);
    expect(far.length).toBe(46);
    expect(new Set(far).size).toBe(46);
  });

  test('[DSC-26] no search where somebody was found or met', () => {
    const pair = new Pair(26);
    const { world, ana, ben } = pair;
    ben.start(pair.knows(ana, 2222));
    world.run(20_000);
    ana.start(pair.knows(ben, 1111));
    world.run(5 * HOUR_MS);
    const { get } = pair.distances();
    expect(Math.max(...[...get].map(Math.abs))).toBeLessThanOrEqual(1);
  });

  test('[DSC-7] after a night of sleep both are sought at once, as after a start', () => {
    const pair = new Pair(27);
    const { world, ana, ben } = pair;
    ana.start(pair.knows(ben, 1111));
    world.run(50 * MINUTE_MS);
    const before = world.log.length;
    ana.skewMs = 8 * HOUR_MS; // the monotonic clock stood still
    world.run(6 * MINUTE_MS);
    const after = world.log.slice(before);
    expect(after.filter(({ kind }) => kind === 'put').length).toBeGreaterThan(0);
    expect(after.filter(({ kind }) => kind === 'get').length).toBeGreaterThan(3);
  });
});

describe('the timetable', () => {
  test('[DSC-20] ends that count differently meet in all active epochs of the one that backs off more', () => {
    const { world, ana, ben, secret } = new Pair(40);
    const epoch = epochOf(START_MS);
    const meeting = (other: Device, metEpoch: number): Rendezvous => {
      const access = { kind: 'pair', secret: secret(), devices: [other.key] } as const;
      const options = { saved: undefined, epoch: metEpoch, random: world.prng.bytes };
      return new Rendezvous({ peer: other.name }, access, options);
    };
    // Ana counts from the day they met, Ben from a wrong clock some days later, with some relief.
    const hers = meeting(ben, epoch - 400);
    const his = meeting(ana, epoch - 100);
    const epochs = Array.from({ length: 3000 }, (_, i) => epoch + i);
    const active = epochs.filter((e) => hers.isActive(e, 0));
    expect(active.length).toBeGreaterThan(60);
    expect(active.every((e) => his.isActive(e, 2))).toBe(true);
    expect(epochs.filter((e) => his.isActive(e, 2)).length).toBeGreaterThan(2 * active.length);
  });
});
