/**
 * A person on a `TestNetwork`, for tests and bars: the presence of a device over its DHT node, and
 * a vault that writes at once.
 * @module
 */
import { hex } from '../base/bytes.ts';
import { Prng } from '../base/prng.ts';
import type { Now } from '../base/time.ts';
import type { Doc } from '../base/vault.ts';
import { NetworkTime } from './network-time.ts';
import { Presence, type PresenceOutput } from './presence.ts';
import type { TestHost, TestNetwork } from './test-network.ts';
import { START_MS } from './test-presence-world.ts';

const STEP_MS = 20;

export class Person {
  readonly key: Uint8Array;
  readonly docs = new Map<string, Doc>();
  host!: TestHost;
  presence!: Presence;
  /** Ports of the addresses in the records found. */
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

  /** A new process on the same vault and this node. */
  start(host: TestHost, introduce: (presence: Presence) => void): void {
    this.host = host;
    this.foundPorts = [];
    this.#said = 0;
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

/** Lets time pass for these people. @returns the milliseconds that passed. */
export function runPeople(
  people: readonly Person[],
  forMs: number,
  until: () => boolean = () => false,
): number {
  const { net } = people[0]!;
  const fromMs = net.nowMs;
  while (net.nowMs - fromMs < forMs && !until()) {
    net.run(STEP_MS);
    for (const person of people) person.pump();
  }
  return net.nowMs - fromMs;
}
