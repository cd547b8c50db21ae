/**
 * A network of `DhtNode`s in virtual time, for tests: latency, loss, dead hosts, one seed.
 * @module
 */
import { endpointKey, familyOf, type Endpoint } from '../base/endpoint.ts';
import { Prng } from '../base/prng.ts';
import { DhtNode, type DhtDeps, type DhtOutput } from './dht-node.ts';

export interface TestHost {
  readonly endpoint: Endpoint;
  second?: Endpoint;
  node: DhtNode;
  alive: boolean;
  /** Everything but datagrams that the node has said. */
  readonly said: Exclude<DhtOutput, { type: 'send' }>[];
  wakeAtMs: number;
  /** Datagrams and bytes that left this host. */
  sent: number;
  sentBytes: number;
}

interface Flight {
  readonly atMs: number;
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly bytes: Uint8Array;
}

type NodeOptions = Partial<Omit<DhtDeps, 'random' | 'nowMs'>>;

export class TestNetwork {
  readonly prng: Prng;
  readonly hosts = new Map<string, TestHost>();
  nowMs = 1000;
  /** One way, in milliseconds: base plus up to `jitterMs`. */
  latencyMs = 25;
  jitterMs = 20;
  loss = 0;
  #flights: Flight[] = [];
  /** Sees every datagram sent; false drops it. */
  tap: (from: Endpoint, to: Endpoint, bytes: Uint8Array) => boolean = () => true;
  /** Foreign sockets of a test: answer by calling `deliver`. */
  readonly strangers = new Map<string, (from: Endpoint, bytes: Uint8Array) => void>();

  constructor(seed: number) {
    this.prng = new Prng(seed);
  }

  /** A public-looking address in a /16 of its own. */
  static address(i: number): Endpoint {
    return {
      host: `${128 + (i % 40)}.${(i * 7) % 250}.${(i * 13) % 250}.${1 + (i % 250)}`,
      port: 6881,
    };
  }

  add(endpoint: Endpoint, options: NodeOptions = {}): TestHost {
    const random = new Prng(this.prng.uint32()).bytes;
    const node = new DhtNode({ random, nowMs: this.nowMs, bootstrap: [], ...options });
    const host: TestHost = {
      endpoint,
      node,
      alive: true,
      said: [],
      wakeAtMs: Infinity,
      sent: 0,
      sentBytes: 0,
    };
    this.hosts.set(endpointKey(endpoint), host);
    this.drain(host);
    return host;
  }

  /** A second address, of the other family, for a node that has a socket in both. */
  giveAddress(host: TestHost, endpoint: Endpoint): void {
    host.second = endpoint;
    this.hosts.set(endpointKey(endpoint), host);
    this.drain(host);
  }

  /** `count` nodes that all start from the first; run until they know each other. */
  grow(count: number, options: NodeOptions = {}, everyMs = 50): TestHost[] {
    const hosts: TestHost[] = [];
    for (let i = 0; i < count; i++) {
      const bootstrap = hosts.length > 0 ? [hosts[0]!.endpoint] : [];
      hosts.push(this.add(TestNetwork.address(this.hosts.size + 1), { bootstrap, ...options }));
      this.run(everyMs);
    }
    return hosts;
  }

  /** Fetches what a node wants; call after every call into it. */
  drain(host: TestHost): void {
    for (let out = host.node.poll(); out; out = host.node.poll()) {
      if (out.type === 'send') this.#send(host, out.to, out.bytes);
      else host.said.push(out);
    }
    host.wakeAtMs = host.node.wakeAtMs() ?? Infinity;
  }

  #send(host: TestHost, to: Endpoint, bytes: Uint8Array): void {
    host.sent++;
    host.sentBytes += bytes.length;
    const { endpoint, second } = host;
    const from = second && familyOf(second) === familyOf(to) ? second : endpoint;
    if (!host.alive || !this.tap(from, to, bytes)) return;
    if (this.prng.chance(this.loss)) return;
    this.deliver(from, to, bytes);
  }

  /** Puts a datagram on the wire, `afterMs` from now. */
  deliver(from: Endpoint, to: Endpoint, bytes: Uint8Array, afterMs = 0): void {
    const atMs = this.nowMs + afterMs + this.latencyMs + this.prng.unit() * this.jitterMs;
    let at = this.#flights.length;
    while (at > 0 && this.#flights[at - 1]!.atMs < atMs) at--;
    this.#flights.splice(at, 0, { atMs, from, to, bytes });
  }

  /** Lets virtual time pass, or until `until` holds. @returns the milliseconds that passed. */
  run(forMs: number, until: () => boolean = () => false): number {
    const startMs = this.nowMs;
    const endMs = startMs + forMs;
    while (!until()) {
      let next: TestHost | undefined;
      for (const host of this.hosts.values()) {
        if (host.alive && (!next || host.wakeAtMs < next.wakeAtMs)) next = host;
      }
      const wakeAtMs = next?.wakeAtMs ?? Infinity;
      const flight = this.#flights.at(-1);
      const atMs = Math.min(wakeAtMs, flight?.atMs ?? Infinity);
      if (atMs > endMs) {
        this.nowMs = endMs;
        break;
      }
      this.nowMs = Math.max(this.nowMs, atMs);
      if (flight && flight.atMs <= wakeAtMs) this.#land(this.#flights.pop()!);
      else if (next) {
        next.node.handleTimeout(this.nowMs);
        this.drain(next);
      }
    }
    return this.nowMs - startMs;
  }

  #land(flight: Flight): void {
    const key = endpointKey(flight.to);
    this.strangers.get(key)?.(flight.from, flight.bytes);
    const host = this.hosts.get(key);
    if (!host?.alive) return;
    host.node.handleDatagram(flight.from, flight.bytes, this.nowMs);
    this.drain(host);
  }
}

/** What a node said of one operation. */
export function resultOf<T extends 'got' | 'put-done'>(
  host: TestHost,
  type: T,
  op: number,
): Extract<DhtOutput, { type: T }> | undefined {
  return host.said.find(
    (said): said is Extract<DhtOutput, { type: T }> => said.type === type && said.op === op,
  );
}
