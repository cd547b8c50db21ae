/**
 * An in-memory network for tests: several `Links` on one virtual clock, with latency, loss,
 * resets, bytes bent on the way, and disks that remember replay entries.
 * @module
 */
import { assert } from '../../base/assert.ts';
import { type Endpoint, endpointKey } from '../../base/endpoint.ts';
import { Prng } from '../../base/prng.ts';
import { Secret } from '../../crypto/keys.ts';
import { dhPublicKey } from '../../crypto/dh.ts';
import type { GateKey, GateKind, LinksOutput, LinkTarget, Route } from '../contract.ts';
import type { LinkLimits } from '../limits.ts';
import { Links } from '../links.ts';

type Output<T extends LinksOutput['type']> = Extract<LinksOutput, { type: T }>;

/** One end of a stream at a node; the far end exists once the other side has it. */
interface End {
  readonly node: TestNode;
  readonly stream: number;
  far: End | undefined;
  open: boolean;
}

export interface NodeOptions {
  gates?: GateKey[];
  versions?: number[];
  features?: number;
  limits?: Partial<LinkLimits>;
  admit?: (noise: Uint8Array, gate: GateKey) => boolean;
  mayProbe?: (noise: Uint8Array, nowMs: number, isCalled?: boolean) => boolean;
  mayConnect?: (noise: Uint8Array, nowMs: number, isSearch?: boolean) => boolean;
  /** False: `replay` outputs wait for `storeReplays`. */
  storesAtOnce?: boolean;
  /** False: messages are credited by `creditAll`. */
  creditsAtOnce?: boolean;
}

export class TestNode {
  endpoint: Endpoint;
  readonly identity: Uint8Array;
  readonly device: Uint8Array;
  readonly noiseSecret: Uint8Array;
  readonly noise: Uint8Array;
  readonly options: NodeOptions;
  readonly net: TestNet;
  links!: Links;
  /** Everything but bytes and replay entries, in order. */
  events: LinksOutput[] = [];
  inbox: Output<'message'>[] = [];
  waitingReplays: Output<'replay'>[] = [];
  /** What the disk holds. */
  replays = new Map<string, Uint8Array[]>();
  ends = new Map<number, End>();
  /** Local UDX id -> stream. */
  udx = new Map<number, number>();
  nextAccepted = 1;
  datagramsRefused = 0;

  constructor(net: TestNet, index: number, options: NodeOptions) {
    this.net = net;
    this.options = options;
    this.endpoint = { host: `10.0.0.${index}`, port: 4000 + index };
    this.identity = net.prng.bytes(32);
    this.device = net.prng.bytes(32);
    this.noiseSecret = net.prng.bytes(32);
    this.noise = dhPublicKey(this.noiseSecret);
    this.start();
  }

  get versions(): number[] {
    return this.options.versions ?? [1];
  }

  /** A fresh process on the same disk: streams are gone, replay entries are not. */
  start(): void {
    this.ends.clear();
    this.udx.clear();
    this.waitingReplays = [];
    this.links = new Links({
      random: this.net.prng.bytes,
      self: {
        identity: this.identity,
        device: this.device,
        noise: new Secret('device noise', this.noiseSecret.slice()),
      },
      versions: this.versions,
      features: this.options.features ?? 0,
      gates: () => this.options.gates ?? [],
      admit: this.options.admit ?? (() => true),
      mayProbe: this.options.mayProbe ?? (() => true),
      mayConnect: this.options.mayConnect ?? (() => true),
      replaySeen: this.replays,
      limits: this.options.limits ?? {},
    });
  }

  target(gate: GateKey, changes: Partial<LinkTarget> = {}): LinkTarget {
    const { identity, device, noise, versions } = this;
    return { identity, device, noise, versions, gate, ...changes };
  }

  route(transport: 'udp' | 'tcp'): Route {
    return { transport, endpoint: this.endpoint };
  }

  of<T extends LinksOutput['type']>(type: T): Output<T>[] {
    return this.events.filter((event): event is Output<T> => event.type === type);
  }

  /** The newest link that came up. */
  link(): number {
    const up = this.of('up').at(-1);
    assert(up !== undefined, 'a link came up');
    return up.link;
  }

  texts(): string[] {
    return this.inbox.map(({ body }) => new TextDecoder().decode(body));
  }

  say(text: string, link = this.link()): boolean {
    const sent = this.links.send(link, new TextEncoder().encode(text), this.net.nowMs);
    this.net.drain(this);
    return sent;
  }

  storeReplays(ok: boolean): void {
    for (const { token, gate, entries } of this.waitingReplays.splice(0)) {
      if (ok) this.replays.set(gate, [...(this.replays.get(gate) ?? []), ...entries]);
      this.links.handleReplayStored(token, ok, this.net.nowMs);
    }
    this.net.drain(this);
  }

  creditAll(): void {
    for (const { link, bytes } of this.inbox) this.links.credit(link, bytes, this.net.nowMs);
    this.net.drain(this);
  }
}

interface Event {
  atMs: number;
  run: () => void;
}

export class TestNet {
  readonly prng: Prng;
  readonly nodes: TestNode[] = [];
  nowMs = 1000;
  latencyMs = 10;
  /** Sees every datagram; may bend it, or drop it by returning undefined. */
  onDatagram: (from: TestNode, to: Endpoint, bytes: Uint8Array) => Uint8Array | undefined = (
    _from,
    _to,
    bytes,
  ) => bytes;
  /** Sees every piece of a stream; may bend it, or hold it back by returning undefined. */
  onStream: (from: TestNode, to: TestNode, bytes: Uint8Array) => Uint8Array | undefined = (
    _from,
    _to,
    bytes,
  ) => bytes;
  /** UDX bytes that came before the far end had the stream: the design must not cause any. */
  early = 0;
  #events: Event[] = [];

  constructor(seed = 1) {
    this.prng = new Prng(seed);
  }

  node(options: NodeOptions = {}): TestNode {
    const node = new TestNode(this, this.nodes.length + 1, options);
    this.nodes.push(node);
    return node;
  }

  gate(kind: GateKind = 'direct', id = `${kind}-${this.prng.uint32()}`): GateKey {
    return { id, kind, secret: new Secret('gate', this.prng.bytes(32)) };
  }

  /** Lets `forMs` of virtual time pass. */
  run(forMs: number): void {
    const untilMs = this.nowMs + forMs;
    for (let steps = 0; ; steps++) {
      assert(steps < 2_000_000, 'the network comes to rest');
      let atMs = Math.min(untilMs, this.#events[0]?.atMs ?? Infinity);
      for (const node of this.nodes) atMs = Math.min(atMs, node.links.wakeAtMs() ?? Infinity);
      this.nowMs = Math.max(this.nowMs, atMs);
      const event = this.#events[0];
      if (event !== undefined && event.atMs <= this.nowMs) {
        this.#events.shift();
        event.run();
        continue;
      }
      let woken = false;
      for (const node of this.nodes) {
        if ((node.links.wakeAtMs() ?? Infinity) > this.nowMs) continue;
        node.links.handleTimeout(this.nowMs);
        this.drain(node);
        woken = true;
      }
      if (!woken && this.nowMs >= untilMs) return;
    }
  }

  /** Both ends of every open stream learn that it is gone. */
  resetStreams(): void {
    for (const node of this.nodes) {
      for (const end of [...node.ends.values()]) {
        if (!end.open) continue;
        end.open = false;
        node.links.handleStreamClosed(end.stream, this.nowMs);
        this.drain(node);
      }
    }
  }

  /** Bytes that an attacker sends to a node. */
  inject(from: Endpoint, to: TestNode, bytes: Uint8Array): boolean {
    const taken = to.links.handleDatagram(from, bytes, this.nowMs);
    this.drain(to);
    return taken;
  }

  /** A TCP stream of an attacker; returns how to write to it and what came back. */
  injectStream(to: TestNode): { write: (bytes: Uint8Array) => void; read: Uint8Array[] } {
    const stream = to.nextAccepted;
    to.nextAccepted += 2;
    const read: Uint8Array[] = [];
    const end: End = { node: to, stream, far: undefined, open: true };
    to.ends.set(stream, end);
    this.#taps.set(end, read);
    to.links.handleStreamAccepted(stream, { host: '10.9.9.9', port: 9 }, this.nowMs);
    this.drain(to);
    return {
      read,
      write: (bytes) => {
        if (!end.open) return;
        to.links.handleStreamBytes(stream, bytes, this.nowMs);
        this.drain(to);
      },
    };
  }

  readonly #taps = new Map<End, Uint8Array[]>();

  /** Acts on a node's outputs until there are none. */
  drain(node: TestNode): void {
    for (let out = node.links.poll(); out !== undefined; out = node.links.poll()) {
      this.#output(node, out);
    }
  }

  #output(node: TestNode, out: LinksOutput): void {
    switch (out.type) {
      case 'datagram':
        return this.#datagram(node, out);
      case 'stream-open':
        return out.transport === 'tcp' ? this.#openTcp(node, out) : this.#openUdx(node, out);
      case 'stream-write':
        return this.#write(node, out.stream, out.bytes);
      case 'stream-close':
        return this.#close(node, out.stream);
      case 'replay':
        node.waitingReplays.push(out);
        if (node.options.storesAtOnce !== false) node.storeReplays(true);
        return;
      case 'message':
        node.inbox.push(out);
        if (node.options.creditsAtOnce !== false) {
          node.links.credit(out.link, out.bytes, this.nowMs);
        }
        return;
      default:
        node.events.push(out);
    }
  }

  #datagram(node: TestNode, { to, bytes }: Output<'datagram'>): void {
    assert(bytes.length <= 1200, 'a datagram fits every path');
    const sent = this.onDatagram(node, to, bytes.slice());
    if (sent === undefined) return;
    this.#later(() => {
      const far = this.#at(to);
      if (far === undefined) return;
      if (!far.links.handleDatagram(node.endpoint, sent, this.nowMs)) far.datagramsRefused++;
      this.drain(far);
    });
  }

  #openTcp(node: TestNode, out: Output<'stream-open'>): void {
    const end: End = { node, stream: out.stream, far: undefined, open: true };
    node.ends.set(out.stream, end);
    this.#later(() => {
      const far = this.#at(out.to);
      if (far === undefined) return this.#closed(end);
      const stream = far.nextAccepted;
      far.nextAccepted += 2;
      end.far = { node: far, stream, far: end, open: true };
      far.ends.set(stream, end.far);
      far.links.handleStreamAccepted(stream, node.endpoint, this.nowMs);
      this.drain(far);
      this.#later(() => {
        if (!end.open) return;
        node.links.handleStreamOpened(out.stream, this.nowMs);
        this.drain(node);
      });
    });
  }

  #openUdx(node: TestNode, out: Output<'stream-open'>): void {
    const end: End = { node, stream: out.stream, far: undefined, open: true };
    node.ends.set(out.stream, end);
    node.udx.set(out.localId!, out.stream);
    // Found when bytes arrive: UDX has no listening side.
    Object.defineProperty(end, 'far', {
      get: () => {
        const far = this.#at(out.to);
        const stream = far?.udx.get(out.remoteId!);
        return stream === undefined ? undefined : far!.ends.get(stream);
      },
    });
  }

  #write(node: TestNode, stream: number, bytes: Uint8Array): void {
    const end = node.ends.get(stream);
    if (end === undefined || !end.open) return;
    this.#taps.get(end)?.push(bytes);
    this.#later(() => {
      const { far } = end;
      if (far === undefined) {
        if (!this.#taps.has(end)) this.early++;
        return;
      }
      const sent = this.onStream(node, far.node, bytes);
      if (sent !== undefined && far.open) {
        far.node.links.handleStreamBytes(far.stream, sent, this.nowMs);
        this.drain(far.node);
      }
      if (!end.open) return;
      node.links.handleStreamWritable(stream, this.nowMs);
      this.drain(node);
    });
  }

  #close(node: TestNode, stream: number): void {
    const end = node.ends.get(stream);
    if (end === undefined || !end.open) return;
    end.open = false;
    this.#later(() => this.#closed(end.far));
  }

  #closed(end: End | undefined): void {
    if (end === undefined || !end.open) return;
    end.open = false;
    end.node.links.handleStreamClosed(end.stream, this.nowMs);
    this.drain(end.node);
  }

  #at(endpoint: Endpoint): TestNode | undefined {
    const key = endpointKey(endpoint);
    return this.nodes.find((node) => endpointKey(node.endpoint) === key);
  }

  #later(run: () => void): void {
    const event = { atMs: this.nowMs + this.latencyMs, run };
    let at = this.#events.length;
    while (at > 0 && this.#events[at - 1]!.atMs > event.atMs) at--;
    this.#events.splice(at, 0, event);
  }
}

/** Two nodes with a shared gate at the second. */
export function pair(options: { a?: NodeOptions; b?: NodeOptions; seed?: number } = {}): {
  net: TestNet;
  a: TestNode;
  b: TestNode;
  gate: GateKey;
} {
  const net = new TestNet(options.seed);
  const gate = net.gate();
  const a = net.node(options.a);
  const b = net.node({ gates: [gate], ...options.b });
  return { net, a, b, gate };
}

/** A pair with a link up. */
export function linked(
  transport: 'udp' | 'tcp',
  options: Parameters<typeof pair>[0] = {},
): ReturnType<typeof pair> {
  const made = pair(options);
  const { net, a, b, gate } = made;
  a.links.dial(1, b.target(gate), [b.route(transport)], Uint8Array.of(42), net.nowMs);
  net.drain(a);
  net.run(200);
  assert(a.of('up').length === 1 && b.of('up').length === 1, 'the link came up');
  return made;
}
