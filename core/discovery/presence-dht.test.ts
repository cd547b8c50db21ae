/** Presence over real DHT nodes: the two have no other test together below the whole node. */
import { expect, test } from 'vitest';
import { hex } from '../base/bytes.ts';
import { Prng } from '../base/prng.ts';
import type { Endpoint } from '../base/endpoint.ts';
import type { Now } from '../base/time.ts';
import type { Doc } from '../base/vault.ts';
import { NetworkTime } from './network-time.ts';
import { Presence, type PresenceOutput } from './presence.ts';
import { TestNetwork, type TestHost } from './test-network.ts';
import { pairSecret, recordAt, START_MS } from './test-presence-world.ts';
import { LOOK_QUERIES, PUBLISH_QUERIES } from './timetable.ts';

const MINUTE_MS = 60_000;
const STEP_MS = 20;

/** A DHT node and the presence on it, with a vault that writes at once. */
class Person {
  readonly key: Uint8Array;
  readonly docs = new Map<string, Doc>();
  host!: TestHost;
  presence!: Presence;
  foundPorts: number[] = [];
  ops = { get: 0, put: 0 };
  #said = 0;

  constructor(
    readonly net: TestNetwork,
    readonly name: string,
  ) {
    this.key = net.prng.bytes(32);
  }

  get now(): Now {
    return { monoMs: this.net.nowMs, wallMs: START_MS + this.net.nowMs };
  }

  start(endpoint: Endpoint, bootstrap: Endpoint, introduce: (presence: Presence) => void): void {
    const saved = this.host?.node.save();
    if (this.host) this.host.alive = false;
    this.foundPorts = [];
    this.#said = 0;
    this.host = this.net.add(endpoint, { bootstrap: [bootstrap], ...(saved && { saved }) });
    const random = new Prng(this.net.prng.uint32()).bytes;
    const docs = [...this.docs.values()];
    const time = new NetworkTime();
    this.presence = new Presence({ random, self: this.key, docs, time, now: this.now });
    introduce(this.presence);
    this.pump();
  }

  pump(): void {
    const { presence, host } = this;
    if ((presence.wakeAtMs() ?? Infinity) <= this.net.nowMs) presence.handleTimeout(this.now);
    for (let said = host.said[this.#said]; said; said = host.said[++this.#said]) {
      if (said.type === 'ready') presence.setReady(true, this.now);
      else if (said.type === 'got') presence.handleGot(said.op, said, this.now);
      else if (said.type === 'progress') presence.handleProgress(said.op, said.item, this.now);
      else if (said.type === 'put-done') presence.handlePutDone(said.op, said, this.now);
    }
    for (let out = presence.poll(); out; out = presence.poll()) this.#carryOut(out);
    this.net.drain(host);
  }

  #carryOut(out: PresenceOutput): void {
    const { node } = this.host;
    if (out.type === 'get') {
      this.ops.get++;
      node.get(out.op, { publicKey: out.publicKey }, this.net.nowMs);
    } else if (out.type === 'put') {
      this.ops.put++;
      node.put(out.op, out.item, this.net.nowMs);
    } else if (out.type === 'cancel') node.cancel(out.op);
    else if (out.type === 'found') {
      this.foundPorts.push(out.record.candidates[0]!.endpoint.port);
    } else if (out.type === 'save') {
      for (const { space, key, value } of out.docs) {
        if (value) this.docs.set(hex(key), { space, key, value });
      }
      this.presence.handleStored(out.token, true, this.now);
    } else throw new Error(`unexpected ${out.type}`);
  }
}

function run(people: readonly Person[], forMs: number, until: () => boolean = () => false): number {
  const { net } = people[0]!;
  const fromMs = net.nowMs;
  while (net.nowMs - fromMs < forMs && !until()) {
    net.run(STEP_MS);
    for (const person of people) person.pump();
  }
  return net.nowMs - fromMs;
}

test('[DSC-23] thirty nodes: both restarted elsewhere find each other within 30 s, 12 times', () => {
  const net = new TestNetwork(1);
  const nodes = net.grow(30);
  net.run(MINUTE_MS);
  const secret = pairSecret(net.prng);
  const [ana, ben] = [new Person(net, 'ana'), new Person(net, 'ben')];
  const people = [ana, ben];
  const tookMs: number[] = [];
  const restart = (person: Person, other: Person, round: number, port: number): void =>
    person.start(
      { ...TestNetwork.address(130 + 2 * round + people.indexOf(person)), port },
      nodes[round % 10]!.endpoint,
      (presence) => {
        presence.setPeer(other.name, { secret: secret(), devices: [other.key] }, person.now);
        presence.setOurRecord(recordAt(port), person.now);
      },
    );
  for (let round = 0; round < 12; round++) {
    const [mine, theirs] = [2000 + round, 3000 + round];
    restart(ana, ben, round, mine);
    restart(ben, ana, round, theirs);
    const met = (): boolean => ana.foundPorts.includes(theirs) || ben.foundPorts.includes(mine);
    tookMs.push(run(people, 5 * MINUTE_MS, met));
    ana.presence.linkUp('ben', ana.now);
    ben.presence.linkUp('ana', ben.now);
    run(people, 2000);
  }
  tookMs.sort((a, b) => a - b);
  expect(tookMs[6]).toBeLessThan(6000);
  expect(tookMs[11]).toBeLessThan(15_000);
});

test('[DSC-25] a lookup and a publishing cost about what they are counted as', () => {
  const net = new TestNetwork(2);
  const nodes = net.grow(60);
  net.run(2 * MINUTE_MS);
  const ana = new Person(net, 'ana');
  ana.start(TestNetwork.address(70), nodes[3]!.endpoint, () => undefined);
  run([ana], MINUTE_MS);
  const sentDuring = (act: () => void, forMs: number): number => {
    const before = ana.host.node.stats()['sentQueries']!;
    act();
    run([ana], forMs);
    return ana.host.node.stats()['sentQueries']! - before;
  };
  const idle = sentDuring(() => undefined, 20_000);
  const looking = sentDuring(() => {
    const peer = { secret: pairSecret(net.prng)(), devices: [net.prng.bytes(32)] };
    ana.presence.setPeer('x', peer, ana.now);
  }, 20_000);
  const perLook = (looking - idle) / ana.ops.get;
  ana.presence.removePeer('x', ana.now);
  run([ana], 5000);
  const publishing = sentDuring(() => {
    ana.presence.setOurRecord(recordAt(1), ana.now);
    const peer = { secret: pairSecret(net.prng)(), devices: [] };
    ana.presence.setPeer('y', peer, ana.now);
  }, 20_000);
  expect(perLook).toBeLessThan(1.5 * LOOK_QUERIES);
  expect(perLook).toBeGreaterThan(LOOK_QUERIES / 4);
  expect(publishing).toBeLessThan(1.5 * PUBLISH_QUERIES);
});
