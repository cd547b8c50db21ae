/**
 * Visitor: a client of a relay in this process, over one TCP connection: core's link with core's
 * own words or any others. Many of them in one process are a crowd; each comes from an address of
 * its room.
 * @module
 */
import { randomFillSync } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import type { Endpoint } from '@sotto/core/base/endpoint.ts';
import type { Random } from '@sotto/core/base/time.ts';
import { linksOfNobody, relayTarget } from '@sotto/core/compose/nobody.ts';
import type { Secret } from '@sotto/core/crypto/keys.ts';
import type { LinksOutput } from '@sotto/core/link/contract.ts';
import { RelayClient } from '@sotto/core/relay/client.ts';

export const systemRandom: Random = (bytes) => randomFillSync(new Uint8Array(bytes));

const PATIENCE_MS = 60_000;

export function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits until it is so; throws with `what` where it does not come. */
export async function until(what: string, isSo: () => boolean): Promise<void> {
  const endMs = performance.now() + PATIENCE_MS;
  while (!isSo()) {
    if (performance.now() > endMs) throw new Error(`waited in vain: ${what}`);
    await wait(20);
  }
}

/** Where a relay is, and its Noise key. */
export interface RelayPlace {
  readonly endpoint: Endpoint;
  readonly key: Uint8Array;
}

export interface VisitorEvents {
  up?(exporter: Secret<'link exporter'>): void;
  message?(body: Uint8Array): void;
  writable?(): void;
  down?(): void;
  /** A datagram that the link wants to send: a further path is tried. */
  datagram?(to: Endpoint, bytes: Uint8Array): void;
}

type Out<T extends LinksOutput['type']> = Extract<LinksOutput, { type: T }>;

export class Visitor {
  readonly #links = linksOfNobody(systemRandom, {});
  readonly #place: RelayPlace;
  readonly #from: string | undefined;
  readonly #events: VisitorEvents;
  /** A path that is lost is looked for again, as people's devices do. */
  readonly #sockets = new Map<number, Socket>();
  #link: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;
  /** Bodies that the link had no room for. */
  readonly #unsent: Uint8Array[] = [];

  /** @param from the local address that it comes from. */
  constructor(place: RelayPlace, events: VisitorEvents, from?: string) {
    this.#place = place;
    this.#from = from;
    this.#events = events;
    const routes = [{ transport: 'tcp', endpoint: place.endpoint }] as const;
    this.#links.dial(1, relayTarget(place.key), routes, new Uint8Array(0), performance.now());
    this.#drain();
  }

  get isUp(): boolean {
    return this.#link !== undefined;
  }

  /** False where the link has no room now: what is kept leaves with the next `writable`. */
  send(body: Uint8Array): boolean {
    if (this.#link === undefined) return false;
    const sent = this.#links.send(this.#link, body, performance.now());
    // Later: who sends is not to be called meanwhile.
    setImmediate(() => this.#drain());
    return sent;
  }

  /** Sends it now or as soon as there is room. */
  say(body: Uint8Array): void {
    if (this.#unsent.length > 0 || !this.send(body)) this.#unsent.push(body);
  }

  /** Tries a further path by UDP; the flight goes to `events.datagram`. */
  attach(to: Endpoint): void {
    this.#links.attach(this.#link!, [{ transport: 'udp', endpoint: to }], performance.now());
    this.#drain();
  }

  /** Ends it without a word. */
  cut(): void {
    this.#over();
    for (const socket of this.#sockets.values()) socket.destroy();
  }

  #drain(): void {
    for (let out = this.#links.poll(); out; out = this.#links.poll()) this.#carryOut(out);
    clearTimeout(this.#timer);
    const atMs = this.#links.wakeAtMs();
    if (atMs === undefined || this.#isOver) return;
    this.#timer = setTimeout(
      () => {
        this.#links.handleTimeout(performance.now());
        this.#drain();
      },
      Math.max(1, atMs - performance.now()),
    );
  }

  #carryOut(out: LinksOutput): void {
    switch (out.type) {
      case 'stream-open':
        return this.#connect(out);
      case 'stream-write':
        return this.#write(out);
      case 'stream-close':
        return void this.#sockets.get(out.stream)?.end();
      case 'up':
        this.#link = out.link;
        return this.#events.up?.(out.exporter);
      case 'message':
        this.#links.credit(out.link, out.bytes, performance.now());
        return this.#events.message?.(out.body);
      case 'writable':
        return this.#writable();
      case 'datagram':
        return this.#events.datagram?.(out.to, out.bytes);
      case 'down':
      case 'dial-failed':
        return this.#over();
      case 'path':
      case 'replay':
        return; // the link goes on elsewhere; nobody comes in here
    }
  }

  #connect({ stream, transport }: Out<'stream-open'>): void {
    if (transport !== 'tcp') return;
    const { host, port } = this.#place.endpoint;
    const from = this.#from === undefined ? {} : { localAddress: this.#from };
    const socket = connect({ host, port, noDelay: true, ...from });
    this.#sockets.set(stream, socket);
    const tell = (handle: (nowMs: number) => void) => {
      if (this.#isOver) return;
      handle(performance.now());
      this.#drain();
    };
    socket.on('connect', () => tell((nowMs) => this.#links.handleStreamOpened(stream, nowMs)));
    socket.on('data', (chunk: Buffer) => {
      const bytes = new Uint8Array(chunk);
      tell((nowMs) => this.#links.handleStreamBytes(stream, bytes, nowMs));
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#sockets.delete(stream);
      tell((nowMs) => this.#links.handleStreamClosed(stream, nowMs));
    });
  }

  #write({ bytes, stream }: Out<'stream-write'>): void {
    const socket = this.#sockets.get(stream);
    if (!socket || socket.destroyed) return;
    socket.write(bytes, (error) => {
      if (error || socket.writableLength > 0) return;
      this.#links.handleStreamWritable(stream, performance.now());
      this.#drain();
    });
  }

  #writable(): void {
    while (this.#unsent.length > 0) {
      if (!this.#links.send(this.#link!, this.#unsent[0]!, performance.now())) return;
      this.#unsent.shift();
    }
    this.#events.writable?.();
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#link = undefined;
    this.#events.down?.();
  }
}

export interface PartyEvents {
  reserved?(): void;
  /** False where nobody may. */
  incoming?(circuit: number, index: number): boolean;
  opened?(circuit: number): void;
  bytes?(circuit: number, bytes: Uint8Array): void;
  drained?(circuit: number): void;
  closed?(circuit: number): void;
  up?(): void;
  down?(): void;
}

/** A visitor that speaks as people's devices do, with core's own client. */
export class Party {
  readonly core: RelayClient;
  readonly #visitor: Visitor;
  readonly #ticking: NodeJS.Timeout;

  constructor(place: RelayPlace, events: PartyEvents, from?: string) {
    this.core = new RelayClient({
      send: (body) => this.#visitor.send(body),
      pass: () => undefined,
      reserved: () => events.reserved?.(),
      refused: () => undefined,
      incoming: (circuit, index) => events.incoming?.(circuit, index) ?? true,
      opened: (circuit) => events.opened?.(circuit),
      bytes: (circuit, bytes) => events.bytes?.(circuit, bytes),
      drained: (circuit) => events.drained?.(circuit),
      closed: (circuit) => events.closed?.(circuit),
      broken: () => this.#visitor.cut(),
    });
    this.#visitor = new Visitor(
      place,
      {
        up: (exporter) => {
          this.core.handleUp(exporter, performance.now());
          events.up?.();
        },
        message: (body) => this.core.handleMessage(body, performance.now()),
        writable: () => this.core.handleWritable(performance.now()),
        down: () => {
          this.core.handleDown(performance.now());
          events.down?.();
        },
      },
      from,
    );
    this.#ticking = setInterval(() => {
      const nowMs = performance.now();
      if ((this.core.wakeAtMs() ?? Infinity) <= nowMs) this.core.handleTimeout(nowMs);
    }, 500);
    this.#ticking.unref();
  }

  get isUp(): boolean {
    return this.#visitor.isUp;
  }

  /** Asks for a reservation, so that slots can be made. */
  reserve(): void {
    this.core.setWanted(true, performance.now());
  }

  open(slot: Uint8Array): number | undefined {
    return this.core.open(slot, performance.now());
  }

  write(circuit: number, bytes: Uint8Array): void {
    this.core.write(circuit, bytes, performance.now());
  }

  cut(): void {
    clearInterval(this.#ticking);
    this.#visitor.cut();
  }
}
