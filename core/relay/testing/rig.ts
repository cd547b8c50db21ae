/**
 * A relay and its clients for tests: messages pass at once and in order, links can be full or cut,
 * time is virtual.
 * @module
 */
import { assert } from '../../base/assert.ts';
import { concat } from '../../base/bytes.ts';
import type { Endpoint } from '../../base/endpoint.ts';
import { Prng } from '../../base/prng.ts';
import { type GateSecret, Secret } from '../../crypto/keys.ts';
import { isRelayEndpoint } from '../address.ts';
import { RelayClient } from '../client.ts';
import type { Hop } from '../extensions.ts';
import { RelayServer } from '../server.ts';
import type { Answer, Question } from '../question.ts';
import { relaySecretOf } from '../slots.ts';
import { decodeRelay, encodeRelay, type RelayMessage } from '../wire.ts';

export class Rig {
  nowMs = 1_000;
  readonly prng: Prng;
  readonly server: RelayServer;
  readonly clients: RigClient[] = [];
  serves: 'off' | 'contacts' | 'public' = 'public';
  passes: GateSecret[] = [];
  /** Everything the server tried to open a stream to, and what it asked to be verified. */
  readonly opened: { readonly stream: number; readonly to: Endpoint }[] = [];
  readonly verifying: { readonly token: number; readonly hop: Hop }[] = [];
  readonly written = new Map<number, Uint8Array[]>();
  readonly closedStreams: number[] = [];
  /** What the server asked the DHT, and how to answer it; those taken back are marked. */
  readonly asked: {
    readonly what: Question;
    readonly done: (answer: Answer | undefined) => void;
    takenBack: boolean;
  }[] = [];
  #nextLink = 1;
  #nextStream = 2;
  readonly #queue: (() => void)[] = [];

  constructor(seed = 1) {
    this.prng = new Prng(seed);
    const noise = new Secret<'device noise'>('device noise', this.prng.bytes(32));
    this.server = new RelayServer({
      random: this.prng.bytes,
      secret: relaySecretOf(noise),
      serves: () => this.serves,
      passes: () => this.passes,
      ports: {
        send: (link, body) => this.#at(link)?.take(body) ?? false,
        close: (link) => this.#at(link)?.cut(),
        mayExtend: (to) => isRelayEndpoint(to, true),
        verify: (token, hop) => void this.verifying.push({ token, hop }),
        openStream: (to) => {
          const stream = (this.#nextStream += 2);
          this.opened.push({ stream, to });
          return stream;
        },
        writeStream: (stream, bytes) => {
          this.written.set(stream, [...(this.written.get(stream) ?? []), bytes]);
        },
        closeStream: (stream) => void this.closedStreams.push(stream),
        ask: (what, done) => {
          const one = { what, done, takenBack: false };
          this.asked.push(one);
          return () => void (one.takenBack = true);
        },
      },
    });
  }

  client(host = '93.184.216.34', pass?: GateSecret): RigClient {
    const client = new RigClient(this, host, pass);
    this.clients.push(client);
    client.connect(this.#nextLink++);
    this.settle();
    return client;
  }

  /** A link of its own to say anything over; what came back is in `heard`. */
  stranger(host = '93.184.216.99'): RigClient {
    const client = new RigClient(this, host, undefined, true);
    this.clients.push(client);
    client.connect(this.#nextLink++);
    return client;
  }

  nextLink(): number {
    return this.#nextLink++;
  }

  later(act: () => void): void {
    this.#queue.push(act);
  }

  /** Delivers what is under way. */
  settle(): void {
    for (let steps = 0; this.#queue.length > 0; steps++) {
      assert(steps < 1e6, 'the rig comes to rest');
      this.#queue.shift()!();
    }
  }

  run(forMs: number): void {
    const untilMs = this.nowMs + forMs;
    this.settle();
    for (let steps = 0; ; steps++) {
      assert(steps < 1e6, 'the rig comes to rest');
      const wakes = [this.server.wakeAtMs(), ...this.clients.map((one) => one.core.wakeAtMs())];
      const nextMs = Math.min(untilMs, ...wakes.filter((at) => at !== undefined));
      this.nowMs = Math.max(this.nowMs, nextMs);
      this.server.handleTimeout(this.nowMs);
      for (const { core } of this.clients) core.handleTimeout(this.nowMs);
      this.settle();
      if (nextMs >= untilMs) return;
    }
  }

  #at(link: number): RigClient | undefined {
    return this.clients.find((client) => client.link === link);
  }
}

export class RigClient {
  readonly core: RelayClient;
  link: number | undefined;
  /** False: what the relay sends has no room. */
  hasRoom = true;
  reserved = 0;
  refused = 0;
  wantsIncoming = true;
  broken = 0;
  readonly heard: RelayMessage[] = [];
  readonly incoming: { circuit: number; index: number }[] = [];
  readonly opened: number[] = [];
  readonly closed: number[] = [];
  readonly drained: number[] = [];
  readonly #received = new Map<number, Uint8Array[]>();

  constructor(
    readonly rig: Rig,
    readonly host: string,
    pass: GateSecret | undefined,
    private readonly isRaw = false,
  ) {
    this.core = new RelayClient({
      send: (body) => this.say(body),
      pass: () => pass,
      reserved: () => void this.reserved++,
      refused: () => void this.refused++,
      incoming: (circuit, index) => {
        this.incoming.push({ circuit, index });
        return this.wantsIncoming;
      },
      opened: (circuit) => void this.opened.push(circuit),
      bytes: (circuit, bytes) => {
        this.#received.set(circuit, [...(this.#received.get(circuit) ?? []), bytes.slice()]);
      },
      drained: (circuit) => void this.drained.push(circuit),
      closed: (circuit) => void this.closed.push(circuit),
      broken: () => {
        this.broken++;
        this.cut();
      },
    });
  }

  connect(link = this.rig.nextLink()): void {
    const exporter = new Secret<'link exporter'>('link exporter', this.rig.prng.bytes(32));
    this.link = link;
    this.rig.server.handleUp(link, this.host, exporter, this.rig.nowMs);
    if (this.link === link && !this.isRaw) this.core.handleUp(exporter, this.rig.nowMs);
    this.exporter = exporter;
  }
  exporter: Secret<'link exporter'> | undefined;

  /** The link ends, at both ends. */
  cut(): void {
    const { link } = this;
    if (link === undefined) return;
    this.link = undefined;
    this.rig.later(() => {
      this.rig.server.handleDown(link, this.rig.nowMs);
      this.core.handleDown(this.rig.nowMs);
    });
  }

  say(body: Uint8Array): boolean {
    const { link } = this;
    if (link === undefined) return false;
    const copy = body.slice();
    this.rig.later(() => {
      if (this.link === link) this.rig.server.handleMessage(link, copy, this.rig.nowMs);
    });
    return true;
  }

  tell(message: RelayMessage): void {
    this.say(encodeRelay(message));
    this.rig.settle();
  }

  /** What the relay sends. */
  take(body: Uint8Array): boolean {
    if (!this.hasRoom) return false;
    const message = decodeRelay(body.slice());
    assert(message !== undefined, 'a relay says what can be read');
    this.heard.push(message);
    const { link } = this;
    this.rig.later(() => {
      if (this.isRaw || this.link !== link) return;
      this.core.handleMessage(encodeRelay(message), this.rig.nowMs);
    });
    return true;
  }

  /** Its link has room again. */
  makeRoom(): void {
    this.hasRoom = true;
    this.rig.server.handleWritable(this.link!, this.rig.nowMs);
    this.rig.settle();
  }

  reserve(): void {
    this.core.setWanted(true, this.rig.nowMs);
    this.rig.settle();
  }

  open(slot: Uint8Array): number {
    const circuit = this.core.open(slot, this.rig.nowMs);
    assert(circuit !== undefined, 'a client asks');
    this.rig.settle();
    return circuit;
  }

  write(circuit: number, bytes: Uint8Array): void {
    this.core.write(circuit, bytes, this.rig.nowMs);
    this.rig.settle();
  }

  received(circuit: number): Uint8Array {
    return concat(...(this.#received.get(circuit) ?? []));
  }

  of<T extends RelayMessage['type']>(type: T): Extract<RelayMessage, { type: T }>[] {
    return this.heard.filter((one): one is Extract<RelayMessage, { type: T }> => one.type === type);
  }
}

/** An owner with a reservation, an asker, and a circuit between them. */
export function joined(rig = new Rig()): {
  rig: Rig;
  owner: RigClient;
  asker: RigClient;
  near: number;
  far: number;
} {
  const owner = rig.client('93.184.216.1');
  owner.reserve();
  const asker = rig.client('93.184.216.2');
  const near = asker.open(owner.core.slot(5)!);
  return { rig, owner, asker, near, far: owner.incoming.at(-1)!.circuit };
}
