/**
 * Attempt: one outgoing handshake on one route, for a new link or a further path (LNK-15, LNK-16).
 *
 *   udp   a fresh flight at 0, 0.5, 1, 2 and 4 s; any reply to any of them wins; then a UDX
 *         stream is opened between the two ids that the handshake carried
 *   tcp   stream opened, once it may be -> one flight -> reply; records follow on the same stream;
 *         so on a circuit
 *
 *   running --valid reply--> won        running --10 s, or the stream closed--> lost
 *
 * Bytes that are not the reply change nothing on UDP, where anybody can send them; on TCP they
 * end the attempt.
 * @module
 */
import { concat, readUintBE } from '../base/bytes.ts';
import { earliest, type Random, randomInt } from '../base/time.ts';
import type { Emit, Route, StreamId } from './contract.ts';
import {
  contextOf,
  FAREWELL_BYTES,
  FLIGHT_BYTES_MAX,
  type FlightKey,
  flightLength,
  HEAD_BYTES,
  openFlight,
  PADDING_BYTES_MAX,
  sealFlight,
} from './gate.ts';
import type { Opening } from './handshake.ts';
import { DIAL_GIVE_UP_MS, FLIGHT_TIMES_MS } from './limits.ts';

export interface AttemptDeps<Result> {
  readonly route: Route;
  /** Noise key of the device it leads to. */
  readonly peer: Uint8Array;
  readonly key: FlightKey;
  readonly random: Random;
  readonly emit: Emit;
  /** The number of a stream that nobody else uses. */
  readonly allocateStream: () => StreamId;
  /** A fresh handshake and the opening of its flight; undefined where none is left. */
  readonly begin: (streamId: number) => (Opening<Result> & { opening: Uint8Array }) | undefined;
  readonly timetable?: Timetable | undefined;
  /** May a flight leave now, or a connection begin? Such a flight is left out, this one waits. */
  readonly mayGo?: ((nowMs: number) => boolean) | undefined;
  /** No flight is longer: the datagram that it answers was so long. */
  readonly bytesMax?: number | undefined;
}

/** When flights leave on UDP, and when the attempt ends. */
export interface Timetable {
  readonly flightsMs: readonly number[];
  readonly giveUpMs: number;
}

/** Of a dial (LNK-15). */
const DIAL: Timetable = { flightsMs: FLIGHT_TIMES_MS, giveUpMs: DIAL_GIVE_UP_MS };

/** The path that a won attempt leaves, before any record. */
export interface Won<Result> {
  readonly result: Result;
  readonly stream: StreamId;
  readonly route: Route;
  /** Bytes of the stream after the reply. */
  readonly rest: Uint8Array;
  readonly rttMs: number;
}

interface Sent<Result> {
  readonly localId: number;
  readonly context: Uint8Array;
  readonly atMs: number;
  finish(reply: Uint8Array): Result | undefined;
}

const EMPTY = new Uint8Array(0);
/** Until a connection that may not begin yet asks again. */
const CONNECT_AGAIN_MS = 500;
/** Flights of before that still count where an attempt is made anew. */
const SENT_MAX = 8;

export class Attempt<Result extends { remoteId: number }> {
  readonly route: Route;
  /** TCP's, or the circuit; a UDX stream exists only once the reply came. */
  readonly stream: StreamId | undefined;
  readonly #deps: AttemptDeps<Result>;
  #startedAtMs: number;
  readonly #timetable: Timetable;
  /** TCP: when the stream is to be opened; undefined once it was. */
  #opensAtMs: number | undefined;
  /** Flights without a reply: at most one per entry of the timetable, and some of before. */
  #sent: Sent<Result>[] = [];
  #flights = 0;
  #received: Uint8Array = EMPTY;
  #lost = false;

  constructor(deps: AttemptDeps<Result>, nowMs: number) {
    this.#deps = deps;
    this.route = deps.route;
    this.#timetable = deps.timetable ?? DIAL;
    this.#startedAtMs = nowMs;
    if (deps.route.transport !== 'udp') {
      this.stream = deps.allocateStream();
      this.#opensAtMs = nowMs;
    }
    this.handleTimeout(nowMs);
  }

  get lost(): boolean {
    return this.#lost;
  }

  wakeAtMs(): number | undefined {
    if (this.#lost) return undefined;
    const next = this.route.transport === 'udp' ? this.#dueMs : undefined;
    const flightMs = next === undefined ? undefined : this.#startedAtMs + next;
    return earliest(flightMs, this.#opensAtMs, this.#startedAtMs + this.#timetable.giveUpMs);
  }

  handleTimeout(nowMs: number): void {
    if (this.#lost) return;
    if (nowMs >= this.#startedAtMs + this.#timetable.giveUpMs) return this.cancel();
    if (this.route.transport !== 'udp') return this.#connect(this.route.transport, nowMs);
    const due = this.#dueMs;
    if (due === undefined || nowMs < this.#startedAtMs + due) return;
    this.#flights++;
    if (this.#deps.mayGo?.(nowMs) === false) return;
    const flight = this.#flight(this.#streamId(), nowMs);
    if (flight === undefined) return this.cancel();
    this.#deps.emit({ type: 'datagram', to: this.route.endpoint, bytes: flight });
  }

  /** UDP: all its flights leave anew from now on; a reply to one of before still counts. */
  again(nowMs: number): void {
    if (this.#lost || this.route.transport !== 'udp') return;
    this.#startedAtMs = nowMs;
    this.#flights = 0;
    this.#sent = this.#sent.slice(-SENT_MAX);
    this.handleTimeout(nowMs);
  }

  /** TCP: connected. */
  handleOpened(nowMs: number): void {
    if (this.#lost || this.#flights > 0) return;
    this.#flights++;
    const flight = this.#flight(0, nowMs);
    if (flight === undefined) return this.cancel();
    this.#deps.emit({ type: 'stream-write', stream: this.stream!, bytes: flight });
  }

  /** TCP: the reply comes in any pieces; what follows it is the path's. */
  handleBytes(bytes: Uint8Array, nowMs: number): Won<Result> | undefined {
    const [sent] = this.#sent;
    if (this.#lost) return undefined;
    if (sent === undefined) return void this.cancel();
    this.#received = concat(this.#received, bytes);
    if (this.#received.length < HEAD_BYTES) return undefined;
    const length = flightLength(this.#deps.key, sent.context, this.#received);
    if (length === undefined) return void this.cancel();
    if (this.#received.length < length) return undefined;
    const result = this.#open(sent, this.#received.subarray(0, length));
    if (result === undefined) return void this.cancel();
    const rest = this.#received.slice(length);
    return this.#won({ result, rest, stream: this.stream!, rttMs: nowMs - sent.atMs });
  }

  /** UDP: perhaps the reply to one of our flights. */
  handleDatagram(bytes: Uint8Array, nowMs: number): Won<Result> | undefined {
    if (this.#lost) return undefined;
    for (const sent of this.#sent) {
      const result = this.#open(sent, bytes);
      if (result === undefined) continue;
      const stream = this.#deps.allocateStream();
      const ids = { localId: sent.localId, remoteId: result.remoteId };
      const to = this.route.endpoint;
      this.#deps.emit({ type: 'stream-open', stream, transport: 'udx', to, ...ids });
      return this.#won({ result, rest: EMPTY, stream, rttMs: nowMs - sent.atMs });
    }
    return undefined;
  }

  /** TCP: closed or refused; the stream is gone already. */
  handleClosed(): void {
    this.#lost = true;
    this.#sent = [];
  }

  /** Gives up; a stream that was opened is closed. */
  cancel(): void {
    if (this.#lost) return;
    this.handleClosed();
    if (this.stream !== undefined && this.#opensAtMs === undefined) {
      this.#deps.emit({ type: 'stream-close', stream: this.stream });
    }
  }

  #connect(transport: 'tcp' | 'circuit', nowMs: number): void {
    if (this.#opensAtMs === undefined || nowMs < this.#opensAtMs) return;
    const { emit, mayGo, peer, route } = this.#deps;
    if (mayGo?.(nowMs) === false) {
      this.#opensAtMs = nowMs + CONNECT_AGAIN_MS;
      return;
    }
    this.#opensAtMs = undefined;
    const { endpoint: to, via } = route;
    const open = { type: 'stream-open', stream: this.stream!, transport, to, peer } as const;
    emit(via ? { ...open, via } : open);
  }

  /** When the next flight leaves, counted from the start. */
  get #dueMs(): number | undefined {
    return this.#timetable.flightsMs[this.#flights];
  }

  #won(won: Omit<Won<Result>, 'route'>): Won<Result> {
    this.handleClosed();
    return { ...won, route: this.route };
  }

  #flight(localId: number, nowMs: number): Uint8Array | undefined {
    const { key, random, begin, bytesMax = FLIGHT_BYTES_MAX } = this.#deps;
    const begun = begin(localId);
    if (begun === undefined) return undefined;
    const { opening, message } = begun;
    const room = bytesMax - HEAD_BYTES - message.length;
    const least = this.route.transport === 'udp' ? FAREWELL_BYTES : 0;
    const most = Math.max(least, Math.min(PADDING_BYTES_MAX, room));
    const padding = least + randomInt(random, most - least + 1);
    this.#sent.push({
      localId,
      context: contextOf(opening),
      atMs: nowMs,
      finish: (reply) => begun.finish(reply),
    });
    return sealFlight(key, contextOf(), opening, message, padding);
  }

  #open(sent: Sent<Result>, bytes: Uint8Array): Result | undefined {
    const noise = openFlight(this.#deps.key, sent.context, bytes);
    const result = noise && sent.finish(noise);
    // A UDX stream needs an id at both ends, TCP has none.
    const fits = result && (result.remoteId !== 0) === (this.route.transport === 'udp');
    return fits ? result : undefined;
  }

  /** A fresh UDX id for each flight: the far end may reset those of flights that lost. */
  #streamId(): number {
    return readUintBE(this.#deps.random(4), 0, 4) || 1;
  }
}
