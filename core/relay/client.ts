/**
 * Relay client: one relay seen from its client, over the link that leads there (RLY-3 to RLY-8).
 *
 *   link up --reserve--> reserved: slots can be made      lost --link up--> reserve with the proof
 *                     '--error, 10 s--> refused, and asked for again later
 *   open(slot) ----------------------> asked --accept--> open --close--> gone
 *   extend --> waiting --its turn-------^ '--error, 10 s--> gone
 *   incoming --wanted--> open
 *
 * A circuit is a byte stream: what is written waits until the far end has taken what went before,
 * what arrives is handed up at once. Sans-IO: call one `handle*`, sleep until `wakeAtMs()`; what
 * happens is told to `ports` at once.
 * @module
 */
import { assert } from '../base/assert.ts';
import { BoundedQueue } from '../base/bounded.ts';
import { earliest } from '../base/time.ts';
import { type GateSecret, type ReservationKey, Secret } from '../crypto/keys.ts';
import { Asked, type OnAnswer } from './asked.ts';
import { Extends } from './extends.ts';
import type { Hop } from './extensions.ts';
import { CLOSING_MS, DATA_BYTES_MAX, REVOKED_MAX, WINDOW_BYTES } from './limits.ts';
import type { Question } from './question.ts';
import { makeSlot, passOf, proofOf } from './slots.ts';
import {
  CIRCUIT_ID_MAX,
  type CircuitId,
  decodeRelay,
  encodeRelay,
  type RelayMessage,
} from './wire.ts';

/** A relay answers within 3 s; the rest is the way there and back. */
export const ASK_GIVE_UP_MS = 10_000;
/** Waits before a reservation that was refused is asked for again; the last repeats. */
export const RESERVE_AGAIN_MS: readonly number[] = [10_000, 60_000, 300_000];
/** Bytes that wait to be sent on one circuit; a link gives a stream a quarter of that. */
export const QUEUE_BYTES_MAX = 2 ** 20;
/** Circuits of one relay link, both ways together. */
export const CIRCUITS_PER_LINK_MAX = 64;
/** Words to the relay that its link had no room for. */
const UNSENT_MAX = 512;
/** The relay hears what was taken once it is so much. */
const TAKEN_BYTES = WINDOW_BYTES / 4;

export interface RelayClientPorts {
  /** False where the link has no room now. */
  send(body: Uint8Array): boolean;
  /** What shows the relay that we are a contact of its person, if we are. */
  pass(): GateSecret | undefined;
  /** Slots can be made. `isFresh`: those of before open nothing any more. */
  reserved(isFresh: boolean): void;
  /** Not granted, or not answered: it is asked for again later. */
  refused(): void;
  /** Somebody comes by the slot of this index; false where nobody may. */
  incoming(circuit: CircuitId, index: number): boolean;
  opened(circuit: CircuitId): void;
  bytes(circuit: CircuitId, bytes: Uint8Array): void;
  /** All that was written is on its way. */
  drained(circuit: CircuitId): void;
  /** It is over, or came to nothing; not told for those that we closed. */
  closed(circuit: CircuitId): void;
  /** The relay says what no relay says. */
  broken(): void;
}

/** What slots are made with. */
export interface Reservation {
  readonly number: number;
  readonly key: ReservationKey;
}

interface Circuit {
  /** The relay knows nothing of one that waits for its turn. */
  state: 'waiting' | 'asked' | 'open' | 'closing';
  /** When it is given up, while asked for or closing. */
  dueAtMs: number;
  queue: Uint8Array[];
  queuedBytes: number;
  /** Sent, and not taken by the far end. */
  outstanding: number;
  /** Handed up, and the relay has not been told. */
  untold: number;
}

export class RelayClient {
  readonly #ports: RelayClientPorts;
  readonly #circuits = new Map<CircuitId, Circuit>();
  readonly #revoked = new Set<number>();
  readonly #unsent = new BoundedQueue<Uint8Array>(UNSENT_MAX);
  readonly #asked = new Asked((message) => this.#say(message));
  readonly #extends = new Extends();
  #exporter: Secret<'link exporter'> | undefined;
  #wanted = false;
  #reservation: Reservation | undefined;
  /** Does the relay hold it for us now? */
  #isReserved = false;
  #refusals = 0;
  #reserveAtMs: number | undefined;
  /** When a reservation that was asked for counts as refused. */
  #answerByMs: number | undefined;
  #nextCircuit: CircuitId = 2;
  #nowMs = 0;

  /** @param former a reservation of an earlier run. */
  constructor(ports: RelayClientPorts, former?: Reservation) {
    this.#ports = ports;
    this.#reservation = former;
  }

  /** Held now, or before the link was lost. */
  get reservation(): Reservation | undefined {
    return this.#reservation;
  }

  get isReserved(): boolean {
    return this.#isReserved;
  }

  /** How often it was refused since it last was granted. */
  get refusals(): number {
    return this.#refusals;
  }

  get circuits(): number {
    return this.#circuits.size;
  }

  /** Has it circuits, or questions to the DHT that wait for their answer? */
  get isUsed(): boolean {
    return this.#circuits.size > 0 || this.#asked.size > 0;
  }

  /** The slot for one index; undefined before there ever was a reservation. */
  slot(index: number): Uint8Array | undefined {
    if (!this.#reservation) return undefined;
    const { key, number } = this.#reservation;
    return makeSlot(key, { number, index });
  }

  /** Do we want others to reach us here? */
  setWanted(wanted: boolean, nowMs: number): void {
    this.#nowMs = nowMs;
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    if (!wanted) this.#reserveAtMs = undefined;
    else if (this.#exporter) this.#reserve();
  }

  /** This slot opens nothing any more; of at most 256, after which all are to be renewed. */
  revoke(index: number, nowMs: number): void {
    this.#nowMs = nowMs;
    if (!this.#reservation) return;
    assert(this.#revoked.size < REVOKED_MAX, 'too many are revoked by renewing all');
    this.#revoked.add(index);
    if (this.#isReserved) this.#say({ type: 'revoke', index });
  }

  /** No slot of before opens anything any more: the next reservation is another one. */
  renew(): void {
    this.#reservation = undefined;
    this.#revoked.clear();
    if (this.#exporter) this.#ports.broken();
  }

  handleUp(exporter: Secret<'link exporter'>, nowMs: number): void {
    this.#nowMs = nowMs;
    this.#exporter = exporter;
    if (this.#wanted) this.#reserve();
  }

  handleDown(nowMs: number): void {
    this.#nowMs = nowMs;
    this.#exporter = undefined;
    this.#isReserved = false;
    this.#reserveAtMs = undefined;
    this.#answerByMs = undefined;
    while (this.#unsent.shift() !== undefined);
    this.#asked.handleDown();
    for (const id of [...this.#circuits.keys()]) this.#drop(id);
  }

  handleMessage(body: Uint8Array, nowMs: number): void {
    this.#nowMs = nowMs;
    const message = decodeRelay(body);
    if (message === undefined || !this.#take(message)) this.#ports.broken();
  }

  handleWritable(nowMs: number): void {
    this.#nowMs = nowMs;
    for (let body = this.#unsent.peek(); body !== undefined; body = this.#unsent.peek()) {
      if (!this.#ports.send(body)) return;
      this.#unsent.shift();
    }
    for (const id of [...this.#circuits.keys()]) this.#pump(id);
  }

  handleTimeout(nowMs: number): void {
    this.#nowMs = nowMs;
    if (this.#reserveAtMs !== undefined && nowMs >= this.#reserveAtMs) this.#reserve();
    if (this.#answerByMs !== undefined && nowMs >= this.#answerByMs) this.#refused();
    this.#asked.handleTimeout(nowMs);
    this.#extendNext();
    for (const [id, { dueAtMs, state }] of [...this.#circuits]) {
      if (state === 'open' || nowMs < dueAtMs) continue;
      this.#say({ type: 'close', circuit: id });
      if (state === 'asked') this.#drop(id);
      else this.#circuits.delete(id);
    }
  }

  wakeAtMs(): number | undefined {
    const reserveMs = earliest(this.#reserveAtMs, this.#answerByMs);
    let soonest = earliest(reserveMs, this.#asked.wakeAtMs(), this.#extends.wakeAtMs());
    for (const { dueAtMs, state } of this.#circuits.values()) {
      if (state === 'asked' || state === 'closing') soonest = earliest(soonest, dueAtMs);
    }
    return soonest;
  }

  /** Asks for a circuit to the owner of a slot; undefined where the link is down or full. */
  open(slot: Uint8Array, nowMs: number): CircuitId | undefined {
    this.#nowMs = nowMs;
    const id = this.#add('asked', nowMs + ASK_GIVE_UP_MS);
    if (id !== undefined) this.#say({ type: 'open', circuit: id, slot });
    return id;
  }

  /** Asks for a stream to another relay, once the pace lets it; undefined as for `open`. */
  extend(hop: Hop, nowMs: number): CircuitId | undefined {
    this.#nowMs = nowMs;
    const id = this.#add('waiting', Infinity);
    if (id === undefined) return undefined;
    this.#extends.wait(id, hop);
    this.#extendNext();
    return id;
  }

  /**
   * Lets the relay ask the DHT. `done` runs once, unless it is taken back.
   * @returns takes it back; undefined where the link is down or full.
   */
  ask(what: Question, done: OnAnswer, nowMs: number): (() => void) | undefined {
    this.#nowMs = nowMs;
    if (!this.#exporter || this.#asked.isFull) return undefined;
    const gate = this.#ports.pass();
    return this.#asked.ask(what, gate && passOf(gate, this.#exporter), done, nowMs);
  }

  write(id: CircuitId, bytes: Uint8Array, nowMs: number): void {
    this.#nowMs = nowMs;
    const circuit = this.#circuits.get(id);
    if (circuit?.state !== 'open') return;
    if (circuit.queuedBytes + bytes.length > QUEUE_BYTES_MAX) {
      this.#say({ type: 'close', circuit: id });
      return this.#drop(id);
    }
    for (let at = 0; at < bytes.length; at += DATA_BYTES_MAX) {
      circuit.queue.push(bytes.subarray(at, at + DATA_BYTES_MAX));
    }
    circuit.queuedBytes += bytes.length;
    this.#pump(id);
  }

  /** After what was written, unless `now`. Nothing more is told of it. */
  close(id: CircuitId, nowMs: number, now = false): void {
    this.#nowMs = nowMs;
    const circuit = this.#circuits.get(id);
    if (circuit === undefined) return;
    if (!now && circuit.state === 'open' && circuit.queue.length > 0) {
      circuit.state = 'closing';
      circuit.dueAtMs = nowMs + CLOSING_MS;
      return;
    }
    this.#circuits.delete(id);
    this.#sayClosed(id);
  }

  /** The link has no path: who uses it had better look for another way. */
  abandon(nowMs: number): void {
    this.#nowMs = nowMs;
    for (const id of [...this.#circuits.keys()]) {
      this.#sayClosed(id);
      this.#drop(id);
    }
    this.#asked.handleDown();
  }

  /** Acts on what the relay says; false where no relay says so. */
  #take(message: RelayMessage): boolean {
    switch (message.type) {
      case 'reserved':
        return this.#reserved(message.number, message.key);
      case 'incoming':
        return this.#incoming(message.circuit, message.index);
      case 'accept':
      case 'extended':
        return this.#opened(message.circuit);
      case 'data':
        return this.#data(message.circuit, message.bytes);
      case 'taken':
        return this.#taken(message.circuit, message.count);
      case 'close':
        return this.#over(message.circuit);
      case 'error':
        return message.circuit === undefined ? this.#refused() : this.#over(message.circuit);
      case 'answer':
      case 'unanswered':
        this.#asked.handle(message.question, 'answer' in message ? message.answer : undefined);
        return true;
      default:
        return false;
    }
  }

  #reserve(): void {
    const exporter = this.#exporter!;
    const gate = this.#ports.pass();
    const { key, number } = this.#reservation ?? {};
    const former = key && number !== undefined && { number, proof: proofOf(key, exporter) };
    this.#reserveAtMs = undefined;
    this.#answerByMs = this.#nowMs + ASK_GIVE_UP_MS;
    this.#say({
      type: 'reserve',
      former: former || undefined,
      pass: gate && passOf(gate, exporter),
      revoked: [...this.#revoked],
    });
  }

  #reserved(number: number, key: Uint8Array): boolean {
    const known = this.#reservation;
    const secret: ReservationKey = new Secret('relay reservation', key.slice());
    const isFresh = known === undefined || known.number !== number || !known.key.equals(secret);
    if (isFresh) {
      this.#reservation = { number, key: secret };
      this.#revoked.clear();
    }
    this.#isReserved = true;
    this.#answerByMs = undefined;
    this.#refusals = 0;
    this.#ports.reserved(isFresh);
    return true;
  }

  #refused(): boolean {
    const waits = RESERVE_AGAIN_MS;
    const waitMs = waits[Math.min(this.#refusals, waits.length - 1)]!;
    this.#refusals++;
    this.#answerByMs = undefined;
    if (this.#wanted) this.#reserveAtMs = this.#nowMs + waitMs;
    this.#ports.refused();
    return true;
  }

  #add(state: Circuit['state'], dueAtMs: number): CircuitId | undefined {
    if (!this.#exporter || this.#circuits.size >= CIRCUITS_PER_LINK_MAX) return undefined;
    const id = this.#nextCircuit;
    this.#nextCircuit = id + 2 > CIRCUIT_ID_MAX ? 2 : id + 2;
    this.#circuits.set(id, newCircuit(state, dueAtMs));
    return id;
  }

  #extendNext(): void {
    const next = this.#extends.next(this.#nowMs);
    if (next === undefined) return;
    const [circuit, { endpoint, key }] = next;
    this.#circuits.set(circuit, newCircuit('asked', this.#nowMs + ASK_GIVE_UP_MS));
    this.#say({ type: 'extend', circuit, endpoint, key });
  }

  #incoming(id: CircuitId, index: number): boolean {
    if (id % 2 === 0 || this.#circuits.has(id)) return false;
    const isWanted =
      this.#circuits.size < CIRCUITS_PER_LINK_MAX && !this.#revoked.has(index) && this.#isReserved;
    if (!isWanted || !this.#ports.incoming(id, index)) {
      this.#say({ type: 'refuse', circuit: id });
      return true;
    }
    this.#circuits.set(id, newCircuit('open', Infinity));
    this.#say({ type: 'accept', circuit: id });
    this.#ports.opened(id);
    return true;
  }

  #opened(id: CircuitId): boolean {
    const circuit = this.#circuits.get(id);
    if (circuit === undefined) return true; // our close crossed it
    if (circuit.state !== 'asked') return false;
    circuit.state = 'open';
    this.#ports.opened(id);
    return true;
  }

  #data(id: CircuitId, bytes: Uint8Array): boolean {
    const circuit = this.#circuits.get(id);
    if (circuit === undefined) return true;
    if (circuit.state === 'waiting' || circuit.state === 'asked') return false;
    circuit.untold += bytes.length;
    if (circuit.untold >= TAKEN_BYTES) {
      this.#say({ type: 'taken', circuit: id, count: circuit.untold });
      circuit.untold = 0;
    }
    if (circuit.state === 'open') this.#ports.bytes(id, bytes);
    return true;
  }

  #taken(id: CircuitId, count: number): boolean {
    const circuit = this.#circuits.get(id);
    if (circuit === undefined) return true;
    if (count > circuit.outstanding) return false;
    circuit.outstanding -= count;
    this.#pump(id);
    return true;
  }

  #over(id: CircuitId): boolean {
    const wasClosing = this.#circuits.get(id)?.state === 'closing';
    if (wasClosing) this.#circuits.delete(id);
    else if (this.#circuits.has(id)) this.#drop(id);
    return true;
  }

  /** Sends what the window lets go. */
  #pump(id: CircuitId): void {
    const circuit = this.#circuits.get(id);
    if (circuit === undefined || circuit.queue.length === 0) return;
    while (circuit.queue.length > 0) {
      const bytes = circuit.queue[0]!;
      const isFull = circuit.outstanding + bytes.length > WINDOW_BYTES;
      if (isFull || this.#unsent.length > 0) return;
      if (!this.#ports.send(encodeRelay({ type: 'data', circuit: id, bytes }))) return;
      circuit.queue.shift();
      circuit.queuedBytes -= bytes.length;
      circuit.outstanding += bytes.length;
    }
    if (circuit.state === 'closing') {
      this.#circuits.delete(id);
      this.#say({ type: 'close', circuit: id });
    } else this.#ports.drained(id);
  }

  /** Gone, and who uses it is told. */
  #drop(id: CircuitId): void {
    const { state } = this.#circuits.get(id)!;
    this.#circuits.delete(id);
    this.#extends.forget(id);
    if (state !== 'closing') this.#ports.closed(id);
  }

  /** Of one that waited for its turn the relay knows nothing. */
  #sayClosed(id: CircuitId): void {
    if (!this.#extends.forget(id)) this.#say({ type: 'close', circuit: id });
  }

  #say(message: RelayMessage): void {
    if (!this.#exporter) return;
    const body = encodeRelay(message);
    if (this.#unsent.length === 0 && this.#ports.send(body)) return;
    if (!this.#unsent.push(body)) this.#ports.broken();
  }
}

function newCircuit(state: Circuit['state'], dueAtMs: number): Circuit {
  return { state, dueAtMs, queue: [], queuedBytes: 0, outstanding: 0, untold: 0 };
}
