import { describe, expect, test } from 'vitest';
import { equal, hex } from '../base/bytes.ts';
import type { Now } from '../base/time.ts';
import { Secret, type PairSecret } from '../crypto/keys.ts';
import { pairKeys } from './epoch.ts';
import { signItem, type FoundItem, type SignedItem } from './item.ts';
import type { Presence } from './presence.ts';
import { Publication } from './presence-publication.ts';
import { openRecord, sealRecord, type PresenceRecord } from './record.ts';
import { VALUE_BYTES } from './sealed-item.ts';
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

  knows(other: Device, port?: number): (presence: Presence, now: Now) => void {
    return (presence, now) => {
      presence.setPeer(other.name, { secret: this.secret(), devices: [other.key] }, now);
      if (port !== undefined) presence.setOurRecord(recordAt(port), now);
    };
  }

  /** An item under the key of `publisher` now, as any holder of the secret can sign it. */
  sign(publisher: Device, record: PresenceRecord, seq: number | bigint): SignedItem {
    const keys = pairKeys(this.secret(), publisher.key, this.ana.epoch);
    const value = sealRecord(record, keys.sealing, this.world.prng.bytes);
    return signItem(keys.signing, { seq, value });
  }

  lying(publisher: Device): SignedItem {
    const keys = pairKeys(this.secret(), publisher.key, this.ana.epoch);
    return this.world.items.get(hex(keys.signing.publicKey))!.item;
  }
}

function saying(generation: number, port: number): PresenceRecord {
  return { ...recordAt(port), generation };
}

describe('what others write', () => {
  test('[DSC-18] an older generation is never taken again, not even after a restart', () => {
    const pair = new Pair(1);
    const { world, ana, ben } = pair;
    ana.start(pair.knows(ben)); // with nothing to publish: a read alone is kept
    world.run(10_000);
    world.write(pair.sign(ben, saying(5, 5555), 1));
    world.run(30_000);
    expect(portOf(ana.found.at(-1))).toBe(5555);
    // Nodes that serve an old item again, and one re-signed with a higher seq.
    for (const seq of [2, 3]) {
      world.write(pair.sign(ben, saying(4, 4444), seq));
      world.run(MINUTE_MS);
    }
    ana.crash();
    ana.start(pair.knows(ben));
    world.run(MINUTE_MS);
    expect(ana.found).toEqual([]);
    expect(ana.presence.stats()['rolledBack']).toBeGreaterThan(1);
    world.write(pair.sign(ben, saying(6, 6666), 4));
    world.run(2 * MINUTE_MS);
    expect(portOf(ana.found[0])).toBe(6666);
    expect(ana.found[0]!.fresh).toBe(true);
  });

  test('[DSC-18] one generation found again is told again, as not fresh', () => {
    const pair = new Pair(2);
    const { world, ana, ben } = pair;
    world.write(pair.sign(ben, saying(5, 5555), 1));
    ana.start(pair.knows(ben, 1));
    world.run(30_000);
    expect(ana.found.length).toBeGreaterThan(2);
    expect(ana.found.map(({ fresh }) => fresh)).toEqual(ana.found.map((_, i) => i === 0));
  });

  test('[DSC-10] values that were not sealed for this pair, publisher and hour are nothing', () => {
    const pair = new Pair(3);
    const { world, ana, ben } = pair;
    const keys = pairKeys(pair.secret(), ben.key, ana.epoch);
    const mirror = pairKeys(pair.secret(), ana.key, ana.epoch);
    const values = [
      world.prng.bytes(VALUE_BYTES),
      world.prng.bytes(900),
      new Uint8Array(0),
      7,
      [1, 2],
      { a: 'b' },
      sealRecord(saying(1, 1), mirror.sealing, world.prng.bytes), // ours, under his key
    ];
    let seq = 1;
    ana.start(pair.knows(ben, 1));
    for (const value of values) {
      world.write(signItem(keys.signing, { seq: seq++, value }));
      ana.act((presence, now) => presence.want({ peer: 'ben' }, now));
      world.run(20_000);
    }
    expect(ana.found).toEqual([]);
    expect(ana.presence.stats()['forged']).toBeGreaterThanOrEqual(values.length);
  });

  test('[DSC-14] seq is one more than the highest of ours and theirs', () => {
    const pair = new Pair(4);
    const { world, ana, ben } = pair;
    world.write(pair.sign(ana, saying(9, 9), 40));
    ana.start(pair.knows(ben, 1111));
    world.run(10_000);
    expect(world.ops('put', ana).map(({ item }) => item!.seq)).toEqual([41n]);
    // The get comes before the put, and asks for the very key.
    const own = world.log.filter(({ publicKey }) => publicKey === hex(pair.lying(ana).publicKey));
    expect(own.map(({ kind }) => kind)).toEqual(['get', 'put']);
    expect(ana.copiesSeen).toEqual([]);
  });

  test('[DSC-14] a contact who overwrites our record is overwritten, on the next occasion', () => {
    const pair = new Pair(5);
    const { world, ana, ben } = pair;
    ana.start(pair.knows(ben, 1111));
    world.run(10_000);
    world.write(pair.sign(ana, saying(9, 9), 7));
    world.run(2 * HOUR_MS);
    const { seq } = pair.lying(ana);
    expect(seq).toBe(1n); // a new hour, a new key, a new count
    expect(ana.copiesSeen).toEqual([]);
  });

  test('[DSC-16] the other end cannot make us believe in a copy of ourselves', () => {
    const pair = new Pair(6);
    const { world, ana, ben } = pair;
    ana.start(pair.knows(ben, 1111));
    world.run(10_000);
    const mine = pair.lying(ana);
    const keys = pairKeys(pair.secret(), ana.key, ana.epoch);
    const opened = openRecord(mine.raw.subarray(4), keys.sealing);
    expect(opened.ok && opened.record.mark?.length).toBe(16);
    // Ben signs our own words, with our own mark, under a number of his choice.
    const copied = opened.ok ? opened.record : saying(1, 1);
    world.write(signItem(keys.signing, { seq: 5, value: mine.raw.subarray(4) }));
    for (const [port, seq] of [
      [2, undefined],
      [3, 9],
      [4, 12],
    ] as const) {
      if (seq) world.write(pair.sign(ana, copied, seq));
      ana.act((presence, now) => presence.setOurRecord(recordAt(port), now));
      world.run(20_000);
    }
    expect(ana.copiesSeen).toEqual([]);
    expect(world.ops('put', ana).map(({ item }) => item!.seq)).toEqual([1n, 6n, 10n, 13n]);
  });

  test('[DSC-16] numbers used up by the other end cost us one hour with him, nothing else', () => {
    const pair = new Pair(7);
    const { world, ana, ben } = pair;
    world.write(pair.sign(ana, saying(1, 1), 2n ** 63n - 1n));
    ana.start(pair.knows(ben, 1111));
    world.run(30_000);
    expect(world.ops('put', ana)).toEqual([]);
    expect(ana.presence.stats()['spoiled']).toBe(1);
    world.run(HOUR_MS);
    expect(world.ops('put', ana).length).toBe(1);
  });

  test('[DSC-16] a number just below the last: none of ours passes it, though our item is gone or forgotten', () => {
    const last = 2n ** 48n - 1n;
    for (const below of [1n, 2n, 3n]) {
      const pair = new Pair(8);
      const { world, ana, ben } = pair;
      const put = (): (bigint | undefined)[] => world.ops('put', ana).map(({ item }) => item?.seq);
      world.write(pair.sign(ana, saying(1, 1), last - below));
      ana.start(pair.knows(ben, 1111));
      world.run(30_000);
      for (let port = 2; port < 6; port++) {
        world.items.clear();
        ana.act((presence, now) => presence.setOurRecord(recordAt(port), now));
        world.run(30_000);
      }
      expect(put()).toEqual([last - 2n, last - 1n].slice(3 - Number(below)));
      // Another secret, in an hour in which we have published: numbers go on.
      ana.act((presence, now) => {
        const other = pairSecret(world.prng);
        presence.setPeer('ben', { secret: other(), devices: [ben.key] }, now);
      });
      world.run(30_000);
      ana.crash();
      ana.start(pair.knows(ben, 1111));
      world.run(30_000);
      expect(put().every((seq) => seq! < last)).toBe(true);
      world.run(HOUR_MS);
      expect(pair.lying(ana).seq).toBe(1n);
      expect(world.clashes).toEqual([]);
    }
  });
});

describe('a second copy of this device', () => {
  test('[DSC-16] both say so and publish nothing more', () => {
    const pair = new Pair(10);
    const { world, ana, ben } = pair;
    ana.start(pair.knows(ben, 1111));
    world.run(10_000);
    ana.crash();
    // Somebody copied the folder and starts it elsewhere.
    const copy = new Device(world, 'copy of ana');
    copy.key.set(ana.key);
    for (const [name, doc] of ana.docs) copy.docs.set(name, doc);
    copy.start(pair.knows(ben, 2222));
    world.run(20_000);
    expect(copy.copiesSeen).toEqual([]); // alone, it is simply this device
    const before = world.ops('put').length;
    ana.start(pair.knows(ben, 3333));
    world.run(20_000);
    expect(ana.copiesSeen).toEqual(['ben']);
    expect(ana.presence.secondCopy).toBe(true);
    expect(world.ops('put').length).toBe(before);
    world.run(3 * HOUR_MS);
    expect(world.ops('put', ana).filter(({ monoMs }) => monoMs > 20_000)).toEqual([]);
    expect(ana.copiesSeen).toEqual(['ben']);
    expect(world.clashes).toEqual([]);
  });

  test('[DSC-16] a vault put back from yesterday is a copy too, within the hour', () => {
    const pair = new Pair(11);
    const { world, ana, ben } = pair;
    ana.start(pair.knows(ben, 1111));
    world.run(10_000);
    const backup = new Map(ana.docs);
    ana.act((presence, now) => presence.setOurRecord(recordAt(1112), now));
    world.run(20_000);
    ana.crash();
    ana.docs.clear();
    for (const [name, doc] of backup) ana.docs.set(name, doc);
    ana.start(pair.knows(ben, 1113));
    world.run(20_000);
    expect(ana.copiesSeen).toEqual(['ben']);
    expect(world.clashes).toEqual([]);
  });

  test('[DSC-16] the same number with other bytes, marked by us, is a copy', () => {
    const { world, ana, secret } = new Pair(13);
    const keys = pairKeys(secret(), ana.key, ana.epoch);
    const mark = new Secret('record mark' as const, world.prng.bytes(32));
    const random = world.prng.bytes;
    const [mine, other] = [0, 1].map(() => {
      const nothing = { own: undefined, highestSeq: 0, visited: [] };
      const publication = new Publication(mark, nothing);
      const prepared = publication.prepare(ana.epoch, keys, undefined, saying(1, 1), random);
      if (prepared.verdict !== 'put') throw new Error(prepared.verdict);
      const { raw, seq, signature } = prepared.own.item;
      return { publication, seen: { raw, seq, signature, value: raw.subarray(4) } };
    });
    const judge = (seen: FoundItem): string =>
      mine!.publication.prepare(ana.epoch, keys, seen, saying(1, 1), random).verdict;
    expect(mine!.seen.seq).toBe(other!.seen.seq);
    expect(judge(mine!.seen)).toBe('put');
    expect(judge(other!.seen)).toBe('copy');
  });

  test('[DSC-16] a copy that writes between our get and our put is seen in the put', () => {
    const pair = new Pair(12);
    const { world, ana, ben } = pair;
    ana.start(pair.knows(ben, 1111));
    world.run(10_000);
    ana.crash();
    const copy = new Device(world, 'copy of ana');
    copy.key.set(ana.key);
    for (const [name, doc] of ana.docs) copy.docs.set(name, doc);
    // Both start at one instant and change the record: both read seq 1 and write seq 2.
    ana.start(pair.knows(ben, 2222));
    copy.start(pair.knows(ben, 3333));
    world.run(3 * HOUR_MS);
    expect(ana.copiesSeen.length + copy.copiesSeen.length).toBeGreaterThan(0);
  });
});

describe('what the vault is for', () => {
  test('[DSC-15] bytes are stored before their first put', () => {
    const pair = new Pair(20);
    const { world, ana, ben } = pair;
    ana.vaultMs = [500, 900];
    ana.start(pair.knows(ben, 1111));
    world.run(HOUR_MS, () => world.ops('put', ana).length > 0);
    const put = world.ops('put', ana)[0]!;
    const kept = [...ana.docs.values()].some(({ value }) =>
      hex(value).includes(hex(put.item!.raw)),
    );
    expect(kept).toBe(true);
  });

  test('[DSC-15] what could not be stored is not put; it is tried again', () => {
    const pair = new Pair(21);
    const { world, ana, ben } = pair;
    ana.vaultWorks = false;
    ana.start(pair.knows(ben, 1111));
    world.run(MINUTE_MS);
    expect(world.ops('put', ana)).toEqual([]);
    expect(world.ops('get', ana).length).toBeGreaterThan(3);
    ana.vaultWorks = true;
    world.run(2 * MINUTE_MS);
    expect(world.ops('put', ana).length).toBe(1);
    world.run(MINUTE_MS);
    expect(ana.presence.stats()['unsaved']).toBe(0);
  });

  test('[DSC-15] put again after a restart, the bytes are the same', () => {
    const pair = new Pair(22);
    const { world, ana, ben } = pair;
    for (let run = 0; run < 5; run++) {
      ana.start(pair.knows(ben, 1111));
      world.run(20_000);
      ana.crash();
    }
    const puts = world.ops('put', ana);
    expect(puts.length).toBe(5);
    expect(puts.every(({ item }) => equal(item!.raw, puts[0]!.item!.raw))).toBe(true);
    expect(puts.every(({ item }) => equal(item!.signature, puts[0]!.item!.signature))).toBe(true);
  });

  test('[DSC-15] killed at any write, never a second value under one number', () => {
    let crashes = 0;
    let values = 0;
    for (let seed = 0; seed < 40; seed++) {
      const pair = new Pair(1000 + seed);
      const { world, ana, ben } = pair;
      const { prng } = world;
      ana.crashAt = (output) => {
        if (output.type === 'get' || !prng.chance(0.3)) return undefined;
        crashes++;
        return prng.chance(0.5) ? 'before' : 'after';
      };
      let port = 1;
      for (let life = 0; life < 12; life++) {
        if (prng.chance(0.6)) port++;
        ana.start(pair.knows(ben, port));
        world.run(prng.int(1, 20_000));
        ana.act((presence, now) => presence.setOurRecord(recordAt(++port), now));
        world.run(prng.pick([5, 2000, 20_000, HOUR_MS]));
        ana.crash();
        if (prng.chance(0.1)) ana.skewMs = prng.int(-3, 3) * HOUR_MS;
      }
      values += world.ops('put', ana).length;
      expect([seed, world.clashes]).toEqual([seed, []]);
      expect([seed, ana.copiesSeen]).toEqual([seed, []]);
    }
    expect(crashes).toBeGreaterThan(200);
    expect(values).toBeGreaterThan(130);
  });
});

describe('whom we ask', () => {
  test('[DSC-27] a contact who must not see our address causes no operation at all', () => {
    const pair = new Pair(30);
    const { world, ana, ben } = pair;
    const silent = (is: boolean) => (presence: Presence, now: Now) =>
      presence.setPeer('ben', { secret: pair.secret(), devices: [ben.key], silent: is }, now);
    ana.start((presence, now) => {
      silent(true)(presence, now);
      presence.setOurRecord(recordAt(1), now);
    });
    world.run(HOUR_MS);
    ana.act((presence, now) => {
      presence.want({ peer: 'ben' }, now);
      presence.linkUp('ben', now);
      presence.linkDown('ben', now);
      presence.setOurRecord(recordAt(2), now);
    });
    world.run(30 * HOUR_MS);
    expect(world.log).toEqual([]);
    ana.act(silent(false));
    world.run(10_000);
    expect(world.log.length).toBeGreaterThan(2);
    ana.act(silent(true));
    const before = world.log.length;
    world.run(10 * HOUR_MS);
    expect(world.log.length).toBe(before);
    // In the middle of a lookup: what is under way ends, nothing follows.
    ana.act(silent(false));
    world.getMs = [1000, 1000];
    world.run(850);
    ana.act(silent(true));
    const under = world.log.length;
    expect(under).toBeGreaterThan(before);
    world.run(10 * HOUR_MS);
    expect(world.log.length).toBe(under);
  });

  test('[DSC-27] ⚑ who may not see our address is asked for by relays alone, from the first op on', () => {
    const pair = new Pair(34);
    const { world, ana, ben } = pair;
    const under = (policy: 'auto' | 'hidden') => (presence: Presence, now: Now) =>
      presence.setPeer('ben', { secret: pair.secret(), devices: [ben.key], policy }, now);
    const since = (from: number): string =>
      [...new Set(world.log.slice(from).map(({ by }) => by))].join();
    ana.start((presence, now) => {
      under('hidden')(presence, now);
      presence.setOurRecord(recordAt(1), now);
    });
    world.run(HOUR_MS);
    expect(world.log).toEqual([]); // we could ask, relays cannot yet
    ana.act((presence, now) => presence.setReady(true, now, 'relays'));
    world.run(30 * HOUR_MS);
    expect(since(0)).toBe('relays');
    expect(world.ops('put', ana).length).toBeGreaterThan(5);
    let from = world.log.length;
    ana.act(under('auto'));
    world.getMs = [1000, 1000];
    world.run(850);
    expect(since(from)).toBe('ourselves');
    // In the middle of a lookup: what we ask ourselves ends, relays go on.
    from = world.log.length;
    const { cancelled } = ana;
    ana.act(under('hidden'));
    world.run(10 * HOUR_MS);
    expect(ana.cancelled).toBeGreaterThan(cancelled);
    expect(since(from)).toBe('relays');
    expect(world.clashes).toEqual([]);
  });

  test('[DSC-27] under an invite of who hides it goes by relays, and nobody looks for who comes', () => {
    const { world, ana } = new Pair(35);
    const secret = inviteSecret(world.prng);
    const expiresMs = START_MS + 100 * HOUR_MS;
    const state = { invite: 'i', secret: secret(), role: 'inviter', expiresMs } as const;
    ana.start((presence, now) => {
      presence.setOurRecord(recordAt(1), now);
      presence.setReady(true, now, 'relays');
      presence.addInvite({ ...state, hidden: true }, now);
    });
    world.run(5 * HOUR_MS);
    expect(world.log.every(({ by }) => by === 'relays')).toBe(true);
    const checks = world.ops('put', ana).length;
    expect(checks).toBeGreaterThan(3);
    expect(world.ops('get', ana).length).toBe(checks);
    ana.act((presence, now) => presence.addInvite({ ...state, secret: secret() }, now));
    const from = world.log.length;
    world.run(HOUR_MS);
    expect(world.log.slice(from).map(({ by }) => by)).toContain('ourselves');
    expect(world.log.slice(from).map(({ by }) => by)).not.toContain('relays');
  });

  test('[DSC-32] a renewed pair secret has other keys; the former one coming back is no copy of us', () => {
    const pair = new Pair(31);
    const { world, ana, ben } = pair;
    ana.start(pair.knows(ben, 1111));
    world.run(20_000);
    const renewed = pairSecret(world.prng);
    ana.act((presence, now) => {
      presence.setPeer('ben', { secret: renewed(), devices: [ben.key] }, now);
    });
    world.run(20_000);
    const last = world.ops('put', ana).at(-1)!;
    const keys = pairKeys(renewed(), ana.key, ana.epoch);
    expect(last.publicKey).toBe(hex(keys.signing.publicKey));
    expect(last.item!.seq).toBe(2n);
    for (const secret of [pair.secret, renewed, pair.secret]) {
      ana.act((presence, now) =>
        presence.setPeer('ben', { secret: secret(), devices: [ben.key] }, now),
      );
      world.run(20_000);
    }
    expect(ana.copiesSeen).toEqual([]);
    expect(world.ops('put', ana).map(({ item }) => item!.seq)).toEqual([1n, 2n, 3n, 4n, 5n]);
    expect(world.clashes).toEqual([]);
  });

  test('[DSC-32] a removed contact is forgotten, in the vault too', () => {
    const pair = new Pair(32);
    const { world, ana, ben } = pair;
    ana.start(pair.knows(ben, 1111));
    world.run(700);
    ana.act((presence, now) => presence.removePeer('ben', now));
    const before = world.log.length;
    world.run(5 * HOUR_MS);
    expect(world.log.length).toBe(before);
    expect([...ana.docs.keys()].length).toBe(1);
  });

  test('[DSC-32] a contact removed and added again in one hour is no copy of us', () => {
    const pair = new Pair(33);
    const { world, ana, ben } = pair;
    ana.start(pair.knows(ben, 1111));
    world.run(20_000);
    ana.act((presence, now) => presence.removePeer('ben', now));
    world.run(1000);
    ana.act(pair.knows(ben, 1112));
    world.run(20_000);
    expect(ana.copiesSeen).toEqual([]);
    expect(world.ops('put', ana).map(({ item }) => item!.seq)).toEqual([1n, 2n]);
  });
});
