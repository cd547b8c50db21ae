/**
 * One part of B4 in a process of its own: `b4-part.ts <part> <seed> <count> [<share of liars>]`.
 * Says what it measured as one line of JSON. The parts are the functions of `PARTS`.
 * @module
 */
import { Prng } from '@sotto/core/base/prng.ts';
import type { Random } from '@sotto/core/base/time.ts';
import { Secret } from '@sotto/core/crypto/keys.ts';
import { SigningKey } from '@sotto/core/crypto/sign.ts';
import { pairKeys } from '@sotto/core/discovery/epoch.ts';
import { signItem, verifyFound, type ItemFields } from '@sotto/core/discovery/item.ts';
import { Reader } from '@sotto/core/discovery/presence-reader.ts';
import { sealRecord } from '@sotto/core/discovery/record.ts';
import { Crowd } from '@sotto/core/discovery/test-crowd.ts';
import { TestNetwork, type TestHost } from '@sotto/core/discovery/test-network.ts';
import { Person, runPeople } from '@sotto/core/discovery/test-person.ts';
import { Device, pairSecret, recordAt, World } from '@sotto/core/discovery/test-presence-world.ts';
import { isActive, LEVEL_MAX, timetableWord } from '@sotto/core/discovery/timetable.ts';

const NODES = 10_000;
const OUR_NODES = 40;
const SETTLE_MS = 10 * 60_000;
const TRY_MS = 5 * 60_000;
const HOUR_MS = 3_600_000;

/** A crowd, and nodes of ours that have found their place in it. */
class Town {
  readonly network: TestNetwork;
  readonly crowd: Crowd;
  readonly hosts: TestHost[] = [];

  constructor(seed: number, ours: number, liars: number) {
    this.network = new TestNetwork(seed);
    this.crowd = new Crowd(this.network, { nodes: NODES, liars });
    for (let i = 0; i < ours; i++) {
      const bootstrap = this.crowd.starts(3);
      this.hosts.push(this.network.add({ host: `5.${i}.3.9`, port: 6881 }, { bootstrap }));
      this.network.run(1000);
    }
    this.network.run(SETTLE_MS);
  }
}

/** Two contacts who are back at new addresses, `count` times: do they find each other? */
function meet(seed: number, count: number, liars: number): object {
  const { network, crowd, hosts } = new Town(seed, Math.min(OUR_NODES, 2 * count), liars);
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const tookMs = meetOnce(network, hosts);
    if (tookMs !== undefined) times.push(tookMs);
    crowd.forget();
  }
  return { tries: count, times };
}

function meetOnce(network: TestNetwork, hosts: readonly TestHost[]): number | undefined {
  const { prng } = network;
  for (const host of hosts) {
    host.alive = false;
    host.said.length = 0;
  }
  const first = prng.int(0, hosts.length - 1);
  const second = (first + prng.int(1, hosts.length - 1)) % hosts.length;
  const secret = pairSecret(prng);
  const people = [first, second].map((at, i) => {
    const person = new Person(network, `p${i}`);
    hosts[at]!.alive = true;
    return { person, host: hosts[at]!, port: prng.int(2000, 60_000) };
  });
  for (const [i, { person, host, port }] of people.entries()) {
    const other = people[1 - i]!.person;
    person.start(host, (presence) => {
      const peer = { secret: secret(), devices: [other.key] };
      presence.setPeer(other.name, peer, person.now);
      presence.setOurRecord(recordAt(port), person.now);
      presence.setReady(true, person.now);
    });
  }
  const met = (): boolean =>
    people.some(({ person }, i) => person.foundPorts.includes(people[1 - i]!.port));
  const persons = people.map(({ person }) => person);
  const tookMs = runPeople(persons, TRY_MS, met);
  for (const { person } of people) {
    const last = person.ops.get + person.ops.put;
    for (let op = 1; op <= last; op++) person.host.node.cancel(op);
    network.drain(person.host);
  }
  return met() ? tookMs : undefined;
}

/**
 * Items that are not the newest of their publisher, in eight ways. `accepted` must be 0; a reader
 * that remembers nothing must take the old ones, else they were no temptation.
 */
function forge(seed: number, count: number): object {
  const prng = new Prng(seed);
  const random = prng.bytes;
  const ana = random(32);
  const ben = random(32);
  const secret = pairSecret(prng);
  const epoch = 497_222;
  const keys = pairKeys(secret(), ana, epoch);
  const wrong = [pairKeys(secret(), ben, epoch), pairKeys(secret(), ana, epoch - 1)];
  const stranger = new SigningKey(new Secret('record', random(32)));
  const record = (generation: number, port: number) => ({ ...recordAt(port), generation });
  const old = Array.from({ length: 32 }, (_, i) =>
    signItem(keys.signing, {
      seq: i + 1,
      value: sealRecord(record(i + 1, 1), keys.sealing, random),
    }),
  );
  const newest = sealRecord(record(100, 2), keys.sealing, random);
  const good = signItem(keys.signing, { seq: 100, value: newest });
  const foreign = wrong.map((other) =>
    signItem(keys.signing, { seq: 200, value: sealRecord(record(200, 3), other.sealing, random) }),
  );
  const reader = new Reader(ana, 100);
  const query = { publicKey: keys.signing.publicKey };
  let [accepted, tempting] = [0, 0];
  for (let i = 0; i < count; i++) {
    const fields = forgery(i, { good, old, foreign, stranger, newest, random });
    const found = verifyFound(query, fields);
    if (!found) continue;
    if (reader.read(found, keys).outcome === 'found') accepted++;
    if (new Reader(ana, 0).read(found, keys).outcome === 'found') tempting++;
  }
  const honest = verifyFound(query, fieldsOf(good));
  const works = honest !== undefined && reader.read(honest, keys).outcome === 'found';
  return { count, accepted, tempting, works };
}

type Signed = ReturnType<typeof signItem>;

function fieldsOf({ raw, publicKey, signature, seq }: Signed): ItemFields {
  return { raw, k: publicKey, sig: signature, seq };
}

interface Forger {
  readonly good: Signed;
  readonly old: readonly Signed[];
  readonly foreign: readonly Signed[];
  readonly stranger: SigningKey;
  readonly newest: Uint8Array;
  readonly random: Random;
}

function forgery(i: number, from: Forger): ItemFields {
  const { good, old, foreign, stranger, newest, random } = from;
  const bent = (bytes: Uint8Array): Uint8Array => {
    const copy = bytes.slice();
    const [high, low, bit] = random(3) as unknown as [number, number, number];
    copy[((high << 8) | low) % copy.length]! ^= 1 << (bit & 7);
    return copy;
  };
  const fields = fieldsOf(good);
  switch (i % 8) {
    case 0:
      return { ...fields, sig: bent(good.signature) };
    case 1:
      return { ...fields, seq: 101n + BigInt(i) };
    case 2:
      return { ...fields, raw: bent(good.raw) };
    case 3:
      return { ...fields, k: stranger.publicKey };
    case 4:
      return {
        ...fieldsOf(signItem(stranger, { seq: 300 + i, value: newest })),
        k: good.publicKey,
      };
    case 5:
      return fieldsOf(foreign[(i >> 3) % foreign.length]!);
    default:
      return fieldsOf(old[(i >> 3) % old.length]!);
  }
}

/**
 * Someone with a thousand contacts, all of them away for 30 days; then each comes back, some time
 * within four days. In which of their common active epochs do they meet?
 */
function backOff(seed: number, count: number): object {
  const world = new World(seed);
  const ana = new Device(world, 'ana');
  const others = Array.from({ length: count }, (_, i) => {
    const device = new Device(world, `c${i}`);
    return { device, secret: pairSecret(world.prng), port: 2000 + i };
  });
  const introduceAll = (link: boolean) => (presence: Device['presence'], now: Device['now']) => {
    for (const { device, secret } of others) {
      presence.setPeer(device.name, { secret: secret(), devices: [device.key] }, now);
      if (link) presence.linkUp(device.name, now);
    }
    presence.setOurRecord(recordAt(1), now);
  };
  const introduceOne =
    ({ secret, port }: (typeof others)[number], link: boolean) =>
    (presence: Device['presence'], now: Device['now']) => {
      presence.setPeer('ana', { secret: secret(), devices: [ana.key] }, now);
      if (link) presence.linkUp('ana', now);
      presence.setOurRecord(recordAt(port), now);
    };
  ana.start(introduceAll(true));
  for (const other of others) other.device.start(introduceOne(other, true));
  world.run(60_000);
  for (const device of world.devices) device.crash();
  world.run(30 * 24 * HOUR_MS);
  ana.start(introduceAll(false));
  world.run(2 * HOUR_MS);
  const back = new Map<string, number>();
  const actives: number[] = [];
  const hours: number[] = [];
  const end = (other: (typeof others)[number]): void => {
    const from = back.get(other.device.name);
    if (from === undefined) return;
    back.delete(other.device.name);
    let active = 0;
    for (let epoch = from + 1; epoch <= ana.epoch; epoch++) {
      const secret = other.secret();
      if (isActive(timetableWord(secret, epoch), LEVEL_MAX)) active++;
      secret.wipe();
    }
    actives.push(active);
    hours.push(ana.epoch - from);
    ana.act((presence, now) => presence.linkUp(other.device.name, now));
    other.device.act((presence, now) => presence.linkUp('ana', now));
    world.after(1000, () => other.device.crash());
  };
  const byName = new Map(others.map((other) => [other.device.name, other]));
  ana.onFound = ({ who }) => world.after(1, () => end(byName.get(who)!));
  for (const other of others) {
    other.device.onFound = () => world.after(1, () => end(other));
    world.after(world.prng.int(0, 96 * HOUR_MS), () => {
      back.set(other.device.name, ana.epoch);
      other.device.start(introduceOne(other, false));
    });
  }
  world.run(20 * 24 * HOUR_MS, () => actives.length === count);
  const within = actives.filter((active) => active <= 2).length;
  return { count, met: actives.length, within, most: Math.max(...actives), hours };
}

/** An hour of somebody whose `count` contacts are all away: real queries, second by second. */
function spend(seed: number, count: number): object {
  const { network, hosts } = new Town(seed, 1, 0);
  const host = hosts[0]!;
  const ana = new Person(network, 'ana');
  ana.start(host, (presence) => {
    for (let i = 0; i < count; i++) {
      const peer = { secret: pairSecret(network.prng)(), devices: [network.prng.bytes(32)] };
      presence.setPeer(`c${i}`, peer, ana.now);
    }
    presence.setOurRecord(recordAt(1), ana.now);
    presence.setReady(true, ana.now);
  });
  const perSecond: number[] = [];
  let destinations = 0;
  let sent = host.node.stats()['sentQueries']!;
  for (let second = 0; second < 3600; second++) {
    runPeople([ana], 1000);
    const stats = host.node.stats();
    perSecond.push(stats['sentQueries']! - sent);
    sent = stats['sentQueries']!;
    destinations = Math.max(destinations, stats['destinations']!);
  }
  const { get, put } = ana.ops;
  return { count, perSecond, destinations, gets: get, puts: put };
}

const PARTS: Readonly<Record<string, (seed: number, count: number, liars: number) => object>> = {
  meet,
  forge,
  backOff,
  spend,
};

const [part, seed, count, liars = '0'] = process.argv.slice(2);
const result = PARTS[part!]!(Number(seed), Number(count), Number(liars));
process.stdout.write(`${JSON.stringify(result)}\n`);
