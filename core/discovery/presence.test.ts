import { describe, expect, test } from 'vitest';
import { hex } from '../base/bytes.ts';
import { Prng } from '../base/prng.ts';
import { inviteKeys, pairKeys } from './epoch.ts';
import type { Presence } from './presence.ts';
import type { Now } from '../base/time.ts';
import {
  Device,
  inviteSecret,
  pairSecret,
  portOf,
  recordAt,
  START_MS,
  World,
} from './test-presence-world.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** Ana and Ben, who share a secret. */
function pairOf(seed: number): {
  world: World;
  ana: Device;
  ben: Device;
  secret: ReturnType<typeof pairSecret>;
  knows: (other: Device, port?: number) => (presence: Presence, now: Now) => void;
} {
  const world = new World(seed);
  const ana = new Device(world, 'ana');
  const ben = new Device(world, 'ben');
  const secret = pairSecret(world.prng);
  const knows =
    (other: Device, port?: number) =>
    (presence: Presence, now: Now): void => {
      presence.setPeer(other.name, { secret: secret(), devices: [other.key] }, now);
      if (port !== undefined) presence.setOurRecord(recordAt(port), now);
    };
  return { world, ana, ben, secret, knows };
}

describe('meeting', () => {
  test('[DSC-23] both restarted on new ports find each other within 30 s, 200 times', () => {
    const { world, ana, ben, knows } = pairOf(1);
    const tookMs: number[] = [];
    for (let round = 0; round < 200; round++) {
      const [mine, theirs] = [1000 + round, 30_000 + round];
      ana.start(knows(ben, mine), world.prng.int(200, 3000));
      ben.start(knows(ana, theirs), world.prng.int(200, 3000));
      const met = (): boolean =>
        ana.found.some((found) => portOf(found) === theirs) ||
        ben.found.some((found) => portOf(found) === mine);
      tookMs.push(world.run(10 * MINUTE_MS, met));
      ana.act((presence, now) => presence.linkUp('ben', now));
      ben.act((presence, now) => presence.linkUp('ana', now));
      world.run(world.prng.int(1, 40 * MINUTE_MS));
      ana.crash();
      ben.crash();
      world.run(world.prng.int(1, 20 * MINUTE_MS));
    }
    tookMs.sort((a, b) => a - b);
    expect(tookMs[Math.floor(0.95 * tookMs.length)]).toBeLessThan(12_000);
    // What is not met at once is a restart in the last half minute of an epoch.
    expect(tookMs.at(-1)).toBeLessThan(60_000);
    expect(world.clashes).toEqual([]);
  });

  test('[DSC-23] whoever comes second finds the first in its first lookup', () => {
    const { world, ana, ben, knows } = pairOf(2);
    ana.start(knows(ben, 1111));
    world.run(20_000);
    ben.start(knows(ana, 2222));
    const tookMs = world.run(MINUTE_MS, () => ben.found.length > 0);
    expect(tookMs).toBeLessThan(500 + 1300);
    expect(portOf(ben.found[0])).toBe(1111);
  });

  test('[DSC-23] once our own record lies there we look again at once', () => {
    const { world, ana, ben, secret, knows } = pairOf(9);
    world.getMs = [100, 100];
    world.putMs = [9000, 9000];
    ana.start(knows(ben, 1111), 0);
    const his = hex(pairKeys(secret(), ben.key, ana.epoch).signing.publicKey);
    world.run(20_000);
    const putMs = world.ops('put', ana)[0]!.monoMs + 9000;
    const looks = world.ops('get', ana).filter(({ publicKey }) => publicKey === his);
    const after = looks.map(({ monoMs }) => monoMs - putMs).filter((ms) => ms >= 0);
    expect(after[0]).toBeLessThanOrEqual(300);
  });

  test('[DSC-23] lookups after a start back off, and end', () => {
    const { world, ana, ben, secret, knows } = pairOf(3);
    ana.start(knows(ben, 1111));
    const epoch = ana.epoch;
    world.run(35 * MINUTE_MS);
    const his = hex(pairKeys(secret(), ben.key, epoch).signing.publicKey);
    const looks = world.ops('get', ana).filter(({ publicKey }) => publicKey === his);
    const gaps = looks.slice(1).map((op, i) => (op.monoMs - looks[i]!.monoMs) / 1000);
    expect(gaps.length).toBeGreaterThan(6);
    expect(gaps.length).toBeLessThan(12);
    expect(Math.max(...gaps.slice(0, 3))).toBeLessThan(10);
    // The last hour's record, where nothing new comes, is asked for less often than this hour's.
    const last = hex(pairKeys(secret(), ben.key, epoch - 1).signing.publicKey);
    const back = world.ops('get', ana).filter(({ publicKey }) => publicKey === last);
    expect(back.length).toBeGreaterThan(1);
    expect(back.slice(1).every((op, i) => op.monoMs - back[i]!.monoMs >= 5 * MINUTE_MS)).toBe(true);
    expect(Math.max(...gaps)).toBeGreaterThan(240);
  });

  test('[DSC-24] absent contacts meet in every active epoch, at jittered times', () => {
    const { world, ana, ben, knows } = pairOf(4);
    ana.start(knows(ben, 1111));
    world.run(30 * MINUTE_MS);
    const quietFrom = world.monoMs;
    world.run(12 * HOUR_MS);
    const puts = world.ops('put', ana).filter((op) => op.monoMs > quietFrom);
    expect(puts.length).toBe(12); // one each hour: a single absent contact is always relieved
    const phase = (monoMs: number): number => (START_MS + monoMs) % HOUR_MS;
    const phases = puts.map((op) => phase(op.monoMs));
    expect(Math.max(...phases)).toBeLessThan(6 * MINUTE_MS);
    expect(Math.max(...phases) - Math.min(...phases)).toBeGreaterThan(2 * MINUTE_MS);
    const looks = world.ops('get', ana).filter((op) => op.monoMs > quietFrom);
    expect(looks.length).toBeLessThan(12 * 6);
    // Ben comes back in the middle of an hour and finds her at once.
    ben.start(knows(ana, 2222));
    expect(world.run(MINUTE_MS, () => ben.found.length > 0)).toBeLessThan(5000);
  });

  test('[DSC-19] this hour first, then the last, the next only in the last five minutes', () => {
    const { world, ana, ben, secret, knows } = pairOf(5);
    const epochs = Array.from({ length: 30 }, (_, i) => Math.floor(START_MS / HOUR_MS) - 10 + i);
    const names = new Map(
      epochs.map((e) => [hex(pairKeys(secret(), ben.key, e).signing.publicKey), e]),
    );
    const asked = (from: number): { ahead: number; leftMs: number }[] =>
      world.log.slice(from).flatMap((op) => {
        const epoch = names.get(op.publicKey);
        if (op.device !== 'ana' || op.kind !== 'get' || epoch === undefined) return [];
        const leftMs = (op.epoch + 1) * HOUR_MS - (START_MS + op.monoMs);
        return [{ ahead: epoch - op.epoch, leftMs }];
      });
    ana.start((presence, now) => {
      knows(ben, 1111)(presence, now);
      presence.linkUp('ben', now); // they met: no search of the hours around
      presence.linkDown('ben', now);
    });
    world.run(10_000);
    expect(
      asked(0)
        .map(({ ahead }) => ahead)
        .slice(0, 3),
    ).toEqual([0, -1, 0]);
    // 12:20 now. Wishes all through the next hours, also around the turns of the epoch.
    for (let minute = 0; minute < 300; minute++) {
      ana.act((presence, now) => presence.want({ peer: 'ben' }, now));
      world.run(MINUTE_MS);
    }
    const all = asked(0);
    expect(new Set(all.map(({ ahead }) => ahead))).toEqual(new Set([-1, 0, 1]));
    for (const { ahead, leftMs } of all) {
      if (ahead === 1) expect(leftMs).toBeLessThanOrEqual(5 * MINUTE_MS);
      if (ahead === -1) expect(leftMs).toBeGreaterThan(20_000);
    }
  });

  test('[DSC-19] a record of the last hour, and one of a clock that runs ahead, are found', () => {
    for (const skewMs of [0, 4 * MINUTE_MS]) {
      const { world, ana, ben, knows } = pairOf(6);
      ben.skewMs = skewMs;
      // True time 13:58 for Ben ahead (his 14:02), else 13:50, and Ana comes at 14:05.
      world.run(skewMs > 0 ? 98 * MINUTE_MS : 90 * MINUTE_MS);
      ben.start(knows(ana, 2222));
      world.run(30_000);
      if (skewMs === 0) {
        ben.crash();
        world.run(15 * MINUTE_MS);
      }
      ana.start(knows(ben, 1111));
      expect(world.run(MINUTE_MS, () => ana.found.length > 0)).toBeLessThan(5000);
    }
  });

  test('[DSC-19] in the last 20 s nobody asks for the hour before: it would be two hours old', () => {
    const { world, ana, ben, secret, knows } = pairOf(8);
    const last = hex(
      pairKeys(secret(), ben.key, Math.floor(START_MS / HOUR_MS) - 1).signing.publicKey,
    );
    const asked = (): boolean => world.ops('get', ana).some(({ publicKey }) => publicKey === last);
    world.run(39 * MINUTE_MS + 41_000); // 12:59:41
    ana.start(knows(ben), 100);
    world.run(18_000);
    expect(world.ops('get', ana).length).toBeGreaterThan(1);
    expect(asked()).toBe(false);
  });

  test('[DSC-31] a wish looks and publishes at once, but not at every keystroke', () => {
    const { world, ana, ben, knows } = pairOf(7);
    ana.start(knows(ben, 1111));
    world.run(40 * MINUTE_MS); // 13:00 and quiet soon
    world.run(20 * MINUTE_MS);
    const before = world.ops('get', ana).length;
    const from = world.monoMs;
    for (let i = 0; i < 50; i++) {
      ana.act((presence, now) => presence.want({ peer: 'ben' }, now));
      world.run(100);
    }
    const looks = world.ops('get', ana).slice(before);
    expect(looks[0]!.monoMs - from).toBeLessThan(10);
    expect(looks.length).toBeLessThan(6);
  });
});

describe('links', () => {
  test('[DSC-28] a linked contact costs nothing, a lost link acts at once', () => {
    const { world, ana, ben, knows } = pairOf(10);
    ana.start(knows(ben, 1111));
    world.run(5000);
    ana.act((presence, now) => presence.linkUp('ben', now));
    world.run(2000);
    const before = world.log.length;
    ana.wakes = 0;
    world.run(10 * HOUR_MS);
    expect(world.log.length).toBe(before);
    expect(ana.wakes).toBeLessThan(40);
    ana.act((presence, now) => presence.linkDown('ben', now));
    world.run(10_000);
    const after = world.log.slice(before);
    expect(after.some((op) => op.kind === 'put')).toBe(true);
    expect(after[0]!.monoMs - after.at(-1)!.monoMs).toBeLessThan(10_000);
  });

  test('[DSC-28] a contact made over a link is not looked for', () => {
    const { world, ana, ben, knows } = pairOf(16);
    ana.start(() => undefined, 0);
    world.run(10_000);
    ana.act((presence, now) => {
      knows(ben, 1111)(presence, now);
      presence.linkUp('ben', now);
    });
    world.run(10_000);
    expect(world.log).toEqual([]);
  });

  test('[DSC-28] nothing is asked before the DHT is ready, nothing published without a record', () => {
    const { world, ana, ben, knows } = pairOf(12);
    ana.start(knows(ben), 5 * MINUTE_MS);
    world.run(4 * MINUTE_MS);
    expect(world.log).toEqual([]);
    world.run(10 * MINUTE_MS);
    expect(world.ops('get', ana).length).toBeGreaterThan(3);
    expect(world.ops('put', ana)).toEqual([]);
    ana.act((presence, now) => presence.setOurRecord(recordAt(1), now));
    world.run(10_000);
    expect(world.ops('put', ana).length).toBe(1);
    ana.act((presence, now) => presence.setOurRecord(undefined, now));
    world.run(3 * HOUR_MS);
    expect(world.ops('put', ana).length).toBe(1);
  });

  test('[DSC-14] a put that reached nobody is tried again, one that reached few once more', () => {
    const { world, ana, ben, knows } = pairOf(13);
    world.offline = true;
    ana.start(knows(ben, 1111));
    world.run(MINUTE_MS);
    expect(world.ops('put', ana)).toEqual([]);
    world.offline = false;
    world.copies = 3;
    world.run(10 * MINUTE_MS);
    const puts = world.ops('put', ana);
    expect(puts.length).toBe(2);
    expect(hex(puts[0]!.item!.raw)).toBe(hex(puts[1]!.item!.raw));
    expect(puts[0]!.item!.seq).toBe(puts[1]!.item!.seq);
  });

  test('[DSC-18] each change of what we say is a new generation, a restart without one is not', () => {
    const { world, ana, ben, knows } = pairOf(14);
    const generations: number[] = [];
    for (const port of [1, 1, 2, 2, 1]) {
      ana.start(knows(ben, port));
      world.run(10_000);
      generations.push(ana.presence.generation);
      ana.crash();
    }
    expect(generations).toEqual([1, 1, 2, 2, 3]);
  });

  test('[DSC-14] an address that flaps each second does not flood the DHT', () => {
    const { world, ana, ben, knows } = pairOf(15);
    ana.start(knows(ben, 1111));
    world.run(10_000);
    for (let i = 0; i < 120; i++) {
      ana.act((presence, now) => presence.setOurRecord(recordAt(2000 + i), now));
      world.run(1000);
    }
    world.run(20_000);
    const puts = world.ops('put', ana);
    expect(puts.length).toBeGreaterThan(10);
    for (const [i, { monoMs }] of puts.slice(1).entries()) {
      expect(monoMs - puts[i]!.monoMs).toBeGreaterThanOrEqual(3000);
    }
    ben.start(knows(ana, 1));
    world.run(10_000);
    expect(portOf(ben.found.at(-1))).toBe(2119);
  });
});

describe('invites', () => {
  const inviteOf = (world: World): { invite: string; secret: ReturnType<typeof inviteSecret> } => ({
    invite: 'i1',
    secret: inviteSecret(world.prng),
  });

  test('[DSC-29] [DSC-45] both ends of an invite find each other, one by name', () => {
    const { world, ana, ben } = pairOf(20);
    const { invite, secret } = inviteOf(world);
    const expiresMs = START_MS + 24 * HOUR_MS;
    const keys = { signing: ana.key, noise: new Uint8Array(32).fill(9) };
    ana.start((presence, now) => {
      presence.addInvite({ invite, secret: secret(), role: 'inviter', expiresMs }, now);
      presence.setOurRecord({ ...recordAt(1111), keys }, now);
    });
    ben.start((presence, now) => {
      presence.addInvite({ invite, secret: secret(), role: 'invitee', expiresMs }, now);
      presence.setOurRecord({ ...recordAt(2222), keys }, now);
    });
    expect(world.run(MINUTE_MS, () => ben.found.length > 0)).toBeLessThan(12_000);
    expect(portOf(ben.found[0])).toBe(1111);
    expect(ben.found[0]!.record.keys).toEqual(keys);
    expect(world.run(MINUTE_MS, () => ana.found.length > 0)).toBeLessThan(MINUTE_MS);
    expect(portOf(ana.found[0])).toBe(2222);
    // Whoever holds the invite may read it: it says where, and not who.
    const { drops, flags, gate, keys: theirs, list, relays } = ana.found[0]!.record;
    expect({ drops, flags, gate, keys: theirs, relays }).toEqual({
      ...{ drops: [], flags: 0, gate: undefined, keys: undefined, relays: [] },
    });
    expect(list).toEqual({ version: 0, hash: new Uint8Array(32) });
  });

  test('[DSC-45] of several invitees, the last to write is read, whatever their numbers are', () => {
    const { world, ana, ben } = pairOf(24);
    const { invite, secret } = inviteOf(world);
    const expiresMs = START_MS + 24 * HOUR_MS;
    const eve = new Device(world, 'eve');
    const invited =
      (port: number, changes: number) =>
      (presence: Presence, now: Now): void => {
        presence.addInvite({ invite, secret: secret(), role: 'invitee', expiresMs }, now);
        for (let i = 0; i <= changes; i++) presence.setOurRecord(recordAt(port + i), now);
      };
    eve.start(invited(3000, 9));
    world.run(MINUTE_MS);
    ana.start((presence, now) => {
      presence.addInvite({ invite, secret: secret(), role: 'inviter', expiresMs }, now);
    });
    world.run(MINUTE_MS);
    expect(portOf(ana.found.at(-1))).toBe(3009);
    ben.start(invited(4000, 0));
    expect(world.run(10 * MINUTE_MS, () => portOf(ana.found.at(-1)) === 4000)).toBeLessThan(
      10 * MINUTE_MS,
    );
    expect(ana.presence.stats()).toMatchObject({ rolledBack: 0, forged: 0 });
  });

  test('[DSC-44] the inviter looks again and again, and after contacts', () => {
    const { world, ana } = pairOf(25);
    const { invite, secret } = inviteOf(world);
    const expiresMs = START_MS + 24 * HOUR_MS;
    ana.start((presence, now) => {
      presence.addInvite({ invite, secret: secret(), role: 'inviter', expiresMs }, now);
    });
    world.run(5 * HOUR_MS);
    const looks = world.ops('get', ana).length;
    expect(looks).toBeGreaterThan(5 * 5);
    expect(looks).toBeLessThan(5 * 8 + 30);
  });

  test('[DSC-13] records for contacts name no keys', () => {
    const { world, ana, ben, knows } = pairOf(21);
    const keys = { signing: ana.key, noise: new Uint8Array(32).fill(9) };
    ana.start((presence, now) => {
      knows(ben)(presence, now);
      presence.setOurRecord({ ...recordAt(1111), keys }, now);
    });
    world.run(10_000);
    ben.start(knows(ana));
    world.run(10_000);
    expect(ben.found[0]!.record.keys).toBe(undefined);
  });

  test('[DSC-29] an open invite is published each hour until it expires or is removed', () => {
    for (const removed of [false, true]) {
      const { world, ana } = pairOf(22);
      const { invite, secret } = inviteOf(world);
      const expiresMs = START_MS + 10 * HOUR_MS;
      const gate = { kind: 'direct', secret: recordAt(1).gate!.secret } as const;
      ana.start((presence, now) => {
        presence.addInvite({ invite, secret: secret(), role: 'inviter', expiresMs, gate }, now);
        presence.setOurRecord({ ...recordAt(1111), gate: undefined }, now);
      });
      world.run(5.5 * HOUR_MS);
      const epochs = world.ops('put', ana).map((op) => op.epoch);
      expect(epochs.length).toBe(6);
      expect(new Set(epochs).size).toBe(6);
      for (const { publicKey, epoch } of world.ops('put', ana)) {
        expect(publicKey).toBe(hex(inviteKeys(secret(), 'inviter', epoch).signing.publicKey));
      }
      if (removed) ana.act((presence, now) => presence.removeInvite(invite, now));
      world.run(20 * HOUR_MS);
      expect(world.ops('put', ana).length).toBe(removed ? 6 : 11);
      // Its document is gone with it, ours stays.
      expect(ana.docs.size).toBe(removed ? 1 : 2);
    }
  });

  test('[DSC-29] an invitee goes on looking for an inviter who comes late', () => {
    const { world, ana, ben } = pairOf(23);
    const { invite, secret } = inviteOf(world);
    const expiresMs = START_MS + 7 * 24 * HOUR_MS;
    ben.start((presence, now) => {
      presence.addInvite({ invite, secret: secret(), role: 'invitee', expiresMs }, now);
    });
    world.run(9 * HOUR_MS + 17 * MINUTE_MS);
    ana.start((presence, now) => {
      presence.addInvite({ invite, secret: secret(), role: 'inviter', expiresMs }, now);
      presence.setOurRecord(recordAt(1111), now);
    });
    expect(world.run(HOUR_MS, () => ben.found.length > 0)).toBeLessThan(13 * MINUTE_MS);
  });
});

describe('limits', () => {
  test('[DSC-30] at most 16 operations at once, 16 devices per contact', () => {
    const world = new World(30);
    const prng = new Prng(31);
    const ana = new Device(world, 'ana');
    const devices = Array.from({ length: 40 }, () => prng.bytes(32));
    const crowd = pairSecret(prng);
    ana.start((presence, now) => {
      presence.setPeer('crowd', { secret: crowd(), devices }, now);
      for (let i = 0; i < 50; i++) {
        const state = { secret: pairSecret(prng)(), devices: [prng.bytes(32)] };
        presence.setPeer(`p${i}`, state, now);
      }
      presence.setOurRecord(recordAt(1), now);
    });
    world.getMs = [40_000, 50_000];
    let most = 0;
    for (let step = 0; step < 600; step++) {
      world.run(200);
      most = Math.max(most, ana.presence.stats()['operations']!);
    }
    expect(most).toBe(16);
    world.run(HOUR_MS);
    const asked = new Set(world.ops('get', ana).map((op) => op.publicKey));
    const looked = devices.filter((device) => {
      const keys = pairKeys(crowd(), device, ana.epoch - 1);
      return asked.has(hex(keys.signing.publicKey));
    });
    expect(looked.length).toBe(16);
  });

  test('[DSC-30] an operation that is never answered is given up', () => {
    const { world, ana, ben, knows } = pairOf(32);
    world.getMs = [10 * HOUR_MS, 10 * HOUR_MS];
    ana.start(knows(ben, 1));
    world.run(10 * MINUTE_MS);
    const stats = ana.presence.stats();
    expect(stats['timeouts']).toBeGreaterThan(5);
    expect(stats['operations']).toBeLessThan(3);
  });
});
