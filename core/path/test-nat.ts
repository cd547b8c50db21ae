/**
 * A router for tests: it translates the UDP of one network behind it, and forgets what nobody uses.
 *
 *   mapping    independent: one port for all destinations; random: another for each
 *   filtering  open: anybody gets in; address: hosts that were sent to; port: endpoints
 *
 * Both a mapping and an opening end after 30 s, and only what leaves renews them: the strictest
 * router that RFC 4787 lets pass. Nothing gets in by TCP.
 * @module
 */
import { endpointKey, type Endpoint } from '../base/endpoint.ts';
import { randomInt, type Random } from '../base/time.ts';

export interface NatKind {
  readonly mapping: 'independent' | 'random';
  readonly filtering: 'open' | 'address' | 'port';
}

interface Mapping {
  readonly inside: Endpoint;
  readonly port: number;
  sentAtMs: number;
  /** When something last left to a host, and to an endpoint. */
  readonly sentTo: Map<string, number>;
}

const FORGETS_MS = 30_000;

export class TestNat {
  readonly #mappings = new Map<string, Mapping>();

  constructor(
    readonly host: string,
    readonly kind: NatKind,
    private readonly random: Random,
  ) {}

  /** A datagram leaves: from where it seems to come. */
  outward(inside: Endpoint, to: Endpoint, nowMs: number): Endpoint {
    this.#forget(nowMs);
    const isRandom = this.kind.mapping === 'random';
    const key = endpointKey(inside) + (isRandom ? ` ${endpointKey(to)}` : '');
    let mapping = this.#mappings.get(key);
    if (!mapping) {
      const port = isRandom ? this.#freePort() : inside.port;
      this.#mappings.set(key, (mapping = { inside, port, sentAtMs: nowMs, sentTo: new Map() }));
    }
    mapping.sentAtMs = nowMs;
    mapping.sentTo.set(to.host, nowMs).set(endpointKey(to), nowMs);
    return { host: this.host, port: mapping.port };
  }

  /** A datagram comes to a port of ours: who gets it, if anybody. */
  inward(port: number, from: Endpoint, nowMs: number): Endpoint | undefined {
    this.#forget(nowMs);
    for (const mapping of this.#mappings.values()) {
      if (mapping.port !== port) continue;
      const { filtering } = this.kind;
      if (filtering === 'open') return mapping.inside;
      const name = filtering === 'address' ? from.host : endpointKey(from);
      const sentAtMs = mapping.sentTo.get(name);
      return sentAtMs !== undefined && nowMs - sentAtMs < FORGETS_MS ? mapping.inside : undefined;
    }
    return undefined;
  }

  #forget(nowMs: number): void {
    for (const [key, { sentAtMs }] of this.#mappings) {
      if (nowMs - sentAtMs >= FORGETS_MS) this.#mappings.delete(key);
    }
  }

  #freePort(): number {
    const taken = new Set([...this.#mappings.values()].map(({ port }) => port));
    for (;;) {
      const port = 1_024 + randomInt(this.random, 64_000);
      if (!taken.has(port)) return port;
    }
  }
}
