/**
 * Extensions: streams from this relay to another one, for who wants two hops (RLY-11, RLY-12).
 *
 *   extend --within the rates, a place where a relay may be--> verify: a handshake with that key
 *     --it answered--> stream opened --> a circuit whose far end is the stream
 *
 * ⚑ A relay that connects wherever it is told is a weapon: so nothing is opened but to what has
 * shown, with its key, that it is a relay; and nothing at all to private places.
 * @module
 */
import { BoundedMap } from '../base/bounded.ts';
import { Bucket } from '../base/bucket.ts';
import { hex } from '../base/bytes.ts';
import { type Endpoint, endpointKey } from '../base/endpoint.ts';
import { Circuit, type CircuitEnd } from './circuit.ts';
import { Flow } from './flow.ts';
import {
  DATA_BYTES_MAX,
  EXTEND_EVERY_MS,
  EXTENDS_PER_MINUTE,
  SLOT_BURST_BYTES,
  SLOT_BYTES_PER_S,
  VERIFIED_MAX,
  VERIFIED_MS,
} from './limits.ts';
import { EXTENDED, shareOf } from './room.ts';

const MINUTE_MS = 60_000;
/** Clients whose rate is remembered. */
export const EXTENDERS_MAX = 1_024;
/** Verifications at one time. */
export const VERIFYING_MAX = 16;
/** A link inside may send its own window, which no stream of ours can hold back. */
export const STREAM_WINDOW_BYTES = 2 ** 20 + 2 ** 17;
/** What a stream is given at most and has not written. */
const UNWRITTEN_BYTES_MAX = 256 * 1024;

/** What a driver tells of a stream; bytes that came as they are. */
export type StreamNews = 'opened' | 'writable' | 'closed' | Uint8Array;

/** Another relay: its handshake proves the key. */
export interface Hop {
  readonly endpoint: Endpoint;
  readonly key: Uint8Array;
}

export interface ExtendPorts {
  /** Is this a place where another relay may be (RLY-11)? */
  mayExtend(to: Endpoint): boolean;
  /** Shakes hands with a relay; `handleVerified` says whether it has the key. */
  verify(token: number, hop: Hop): void;
  /** Opens a stream; its number. */
  openStream(to: Endpoint): number;
  writeStream(stream: number, bytes: Uint8Array): void;
  closeStream(stream: number): void;
}

/** A circuit between who asked and the stream that is open now. */
export type WithStream = (asker: CircuitEnd, onOver: () => void) => Circuit;
/** Takes an open stream; undefined where nobody waits for it any more. */
type Make = (join: WithStream) => { readonly circuit: Circuit; opened(): void } | undefined;

interface Waiting {
  readonly client: string;
  readonly hop: Hop;
  readonly make: Make;
}

interface Stream {
  readonly client: string;
  readonly make: Make;
  circuit: Circuit | undefined;
  unwritten: number;
}

export class Extensions {
  readonly #ports: ExtendPorts;
  /** By client: what it may begin. */
  readonly #rates = new BoundedMap<string, { readonly minute: Bucket; lastMs: number }>(
    EXTENDERS_MAX,
  );
  /** By key and endpoint: until when a handshake counts. */
  readonly #verified = new BoundedMap<string, number>(VERIFIED_MAX);
  readonly #verifying = new Map<number, Waiting[]>();
  readonly #streams = new Map<number, Stream>();
  #nextToken = 1;

  constructor(ports: ExtendPorts) {
    this.#ports = ports;
  }

  /**
   * Tries to reach another relay; where that fails nothing is said, and the error is due.
   * @param client the address whose rate and share it counts for.
   */
  begin(client: string, hop: Hop, make: Make, nowMs: number): void {
    if (!this.#isWithinRate(client, nowMs) || !this.#ports.mayExtend(hop.endpoint)) return;
    if ((this.#verified.get(nameOf(hop)) ?? 0) > nowMs) return this.#connect({ client, hop, make });
    for (const waiting of this.#verifying.values()) {
      if (nameOf(waiting[0]!.hop) === nameOf(hop)) return void waiting.push({ client, hop, make });
    }
    if (this.#verifying.size >= VERIFYING_MAX) return;
    const token = this.#nextToken++;
    this.#verifying.set(token, [{ client, hop, make }]);
    this.#ports.verify(token, hop);
  }

  handleVerified(token: number, ok: boolean, nowMs: number): void {
    const waiting = this.#verifying.get(token) ?? [];
    this.#verifying.delete(token);
    if (!ok) return;
    for (const one of waiting) {
      this.#verified.set(nameOf(one.hop), nowMs + VERIFIED_MS);
      this.#connect(one);
    }
  }

  /** What happened to a stream; false where it is none of ours. */
  handleStream(id: number, what: StreamNews, nowMs: number): boolean {
    const stream = this.#streams.get(id);
    if (stream === undefined) return false;
    if (what === 'opened') this.#opened(id, stream, nowMs);
    else if (what === 'writable') writable(stream, nowMs);
    else if (what === 'closed') {
      this.#streams.delete(id);
      stream.circuit?.handleClosed(1, nowMs);
    } else bytesCame(stream, what, nowMs);
    return true;
  }

  stats(): Record<string, number> {
    return {
      extended: this.#streams.size,
      verifying: this.#verifying.size,
      verified: this.#verified.size,
    };
  }

  #isWithinRate(client: string, nowMs: number): boolean {
    const perSecond = (EXTENDS_PER_MINUTE * 1000) / MINUTE_MS;
    const rate = this.#rates.get(client) ?? {
      minute: new Bucket(perSecond, EXTENDS_PER_MINUTE, nowMs),
      lastMs: -Infinity,
    };
    this.#rates.set(client, rate);
    if (nowMs - rate.lastMs < EXTEND_EVERY_MS || !rate.minute.has(1, nowMs)) return false;
    rate.minute.take(1);
    rate.lastMs = nowMs;
    return true;
  }

  #connect({ client, hop, make }: Waiting): void {
    const same = [...this.#streams.values()].filter((stream) => stream.client === client);
    const isFull = this.#streams.size >= EXTENDED.max;
    if (isFull || same.length >= shareOf(EXTENDED, this.#streams.size)) return;
    const id = this.#ports.openStream(hop.endpoint);
    this.#streams.set(id, { client, make, circuit: undefined, unwritten: 0 });
  }

  #opened(id: number, stream: Stream, nowMs: number): void {
    const made = stream.make((asker, onOver) => {
      const bucket = (): Bucket => new Bucket(SLOT_BYTES_PER_S, SLOT_BURST_BYTES, nowMs);
      const flows = [new Flow(bucket()), new Flow(bucket(), STREAM_WINDOW_BYTES)] as const;
      return new Circuit([asker, this.#endOf(id, stream)], flows, onOver);
    });
    if (made === undefined) {
      this.#streams.delete(id);
      return this.#ports.closeStream(id);
    }
    stream.circuit = made.circuit;
    made.opened();
  }

  #endOf(id: number, stream: Stream): CircuitEnd {
    return {
      deliver: (bytes) => {
        if (stream.unwritten >= UNWRITTEN_BYTES_MAX) return false;
        stream.unwritten += bytes.length;
        this.#ports.writeStream(id, bytes);
        return true;
      },
      // A stream has no way to be told; its other end has windows of its own.
      tellTaken: () => undefined,
      tellClosed: () => this.#ports.closeStream(id),
      forget: () => void this.#streams.delete(id),
    };
  }
}

/** Everything that was given to the stream has been written: the asker may send as much again. */
function writable(stream: Stream, nowMs: number): void {
  const { circuit, unwritten } = stream;
  stream.unwritten = 0;
  if (unwritten > 0) circuit?.handleTaken(1, unwritten);
  circuit?.pump(nowMs);
}

function bytesCame({ circuit }: Stream, bytes: Uint8Array, nowMs: number): void {
  for (let at = 0; at < bytes.length; at += DATA_BYTES_MAX) {
    const piece = bytes.slice(at, at + DATA_BYTES_MAX);
    if (circuit?.handleData(1, piece, nowMs) === false) return circuit.abort();
  }
}

function nameOf({ endpoint, key }: Hop): string {
  return `${hex(key)} ${endpointKey(endpoint)}`;
}
