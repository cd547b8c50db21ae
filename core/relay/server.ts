/**
 * Relay server: what this node does for others who cannot reach each other (RLY-2 to RLY-12).
 *
 *   client --reserve--> reserved: K, from which its owner makes slots
 *   client --open(slot)--> incoming to the owner --accept--> open --data, taken, close--> over
 *      '-- unknown, revoked, full, refused, late: one error, 3 s after the question
 *
 * It sees fresh keys, addresses and volume, and never who speaks or what. What a link has is gone
 * with the link: nothing is stored and nothing is logged. Sans-IO: call one `handle*`, sleep until
 * `wakeAtMs()`; what is to be said goes to `ports` at once.
 * @module
 */
import { BoundedQueue } from '../base/bounded.ts';
import { Bucket } from '../base/bucket.ts';
import { earliest, type Random, randomInt } from '../base/time.ts';
import type { GateSecret, RelaySecret, Secret } from '../crypto/keys.ts';
import { equalSecret } from '../crypto/mac.ts';
import { clientKey } from './address.ts';
import { Circuit, type CircuitEnd, type Side } from './circuit.ts';
import { Extensions, type ExtendPorts, type StreamNews } from './extensions.ts';
import { Flow } from './flow.ts';
import {
  CIRCUITS_MAX,
  CIRCUITS_PER_CLIENT_MAX,
  CIRCUITS_PER_RESERVATION_MAX,
  ERROR_AFTER_MS,
  IDLE_MS,
  OPENS_BURST,
  OPENS_PER_S,
  PATHLESS_MS,
  PENDING_PER_CLIENT_MAX,
  REVOKED_MAX,
  SLOT_BURST_BYTES,
  SLOT_BYTES_PER_S,
} from './limits.ts';
import { type QuestionPorts, Questions } from './questions.ts';
import { CLIENTS, RESERVATIONS, type Room, shareOf } from './room.ts';
import { checkSlot, NUMBERS, passOf, proofOf, reservationKey } from './slots.ts';
import {
  CIRCUIT_ID_MAX,
  type CircuitId,
  decodeRelay,
  encodeRelay,
  type RelayMessage,
  type Reserve,
} from './wire.ts';

/** Messages to one client that its link had no room for; then it is sent away. */
export const UNSENT_MAX = 1_024;

/** What one end of a circuit says to the other. */
type Passed =
  | { readonly type: 'data'; readonly circuit: CircuitId; readonly bytes: Uint8Array }
  | { readonly type: 'taken'; readonly circuit: CircuitId; readonly count: number }
  | { readonly type: 'close'; readonly circuit: CircuitId };

/** The number of a client's link. */
type LinkId = number;

export interface RelayServerDeps {
  readonly random: Random;
  readonly secret: RelaySecret;
  /** Whom we serve now. */
  readonly serves: () => 'off' | 'contacts' | 'public';
  /** Our direct gates: who knows one is a contact (RLY-4). */
  readonly passes: () => readonly GateSecret[];
  readonly ports: RelayServerPorts;
}

export interface RelayServerPorts extends ExtendPorts, Pick<QuestionPorts, 'ask'> {
  /** False where the link has no room now. */
  send(link: LinkId, body: Uint8Array): boolean;
  /** Ends the link. */
  close(link: LinkId): void;
}

interface Reservation {
  readonly number: number;
  readonly owner: Client;
  readonly revoked: Set<number>;
  circuits: number;
  /** Of slots with a circuit: its share, each way. */
  readonly slots: Map<number, { readonly share: readonly [Bucket, Bucket]; circuits: number }>;
}

/** What a link of a client has with us. */
class Client {
  readonly circuits = new Map<CircuitId, { readonly circuit: Circuit; readonly side: Side }>();
  /** Circuits asked for that wait for their answer or their error. */
  readonly pending = new Set<CircuitId>();
  readonly unsent = new BoundedQueue<Uint8Array>(UNSENT_MAX);
  readonly opens: Bucket;
  reservation: Reservation | undefined;
  /** Errors to come. */
  owed = 0;
  idleSinceMs: number;
  /** Since when its link has no path. */
  pathlessSinceMs: number | undefined;
  #next: CircuitId = 1;

  constructor(
    readonly link: LinkId,
    readonly address: string,
    readonly exporter: Secret<'link exporter'>,
    nowMs: number,
  ) {
    this.opens = new Bucket(OPENS_PER_S, OPENS_BURST, nowMs);
    this.idleSinceMs = nowMs;
  }

  get isIdle(): boolean {
    return !this.reservation && this.circuits.size === 0 && this.owed === 0;
  }

  /** When its circuits end for want of a path. */
  get abandonsAtMs(): number | undefined {
    if (this.pathlessSinceMs === undefined || this.circuits.size === 0) return undefined;
    return this.pathlessSinceMs + PATHLESS_MS;
  }

  /** A number that we give: odd. */
  nextCircuit(): CircuitId {
    const id = this.#next;
    this.#next = id + 2 > CIRCUIT_ID_MAX ? 1 : id + 2;
    return id;
  }
}

export class RelayServer {
  readonly #deps: RelayServerDeps;
  readonly #clients = new Map<LinkId, Client>();
  readonly #reservations = new Map<number, Reservation>();
  readonly #circuits = new Set<Circuit>();
  readonly #extensions: Extensions;
  readonly #questions: Questions;
  /** Soonest first: all wait equally long. */
  #errors: { client: Client; circuit: CircuitId | undefined; dueAtMs: number }[] = [];
  #nowMs = 0;
  readonly #counts = { opened: 0, refused: 0, relayedBytes: 0, sentAway: 0 };

  constructor(deps: RelayServerDeps) {
    this.#deps = deps;
    this.#extensions = new Extensions(deps.ports);
    this.#questions = new Questions({
      ask: (what, done) => deps.ports.ask(what, done),
      say: (link, message) => this.#answerTo(link, message),
    });
  }

  get clients(): number {
    return this.#clients.size;
  }

  /** Is this link one of a client? */
  owns(link: LinkId): boolean {
    return this.#clients.has(link);
  }

  /** @param host the address that the client comes from. */
  handleUp(link: LinkId, host: string, exporter: Secret<'link exporter'>, nowMs: number): void {
    this.#nowMs = nowMs;
    const address = clientKey(host);
    if (!this.#makeRoom(CLIENTS, [...this.#clients.values()], address)) {
      this.#counts.sentAway++;
      return this.#deps.ports.close(link);
    }
    this.#clients.set(link, new Client(link, address, exporter, nowMs));
  }

  handleDown(link: LinkId, nowMs: number): void {
    this.#nowMs = nowMs;
    const client = this.#clients.get(link);
    if (client === undefined) return;
    this.#clients.delete(link);
    this.#questions.handleDown(link);
    this.#errors = this.#errors.filter((error) => error.client !== client);
    this.#release(client);
    for (const { circuit, side } of [...client.circuits.values()]) {
      circuit.handleClosed(side, nowMs);
    }
  }

  /** The link has lost its path, or has one again. */
  handlePath(link: LinkId, hasPath: boolean, nowMs: number): void {
    const client = this.#clients.get(link);
    if (client === undefined) return;
    client.pathlessSinceMs = hasPath ? undefined : (client.pathlessSinceMs ?? nowMs);
  }

  handleMessage(link: LinkId, body: Uint8Array, nowMs: number): void {
    this.#nowMs = nowMs;
    const client = this.#clients.get(link);
    if (client === undefined) return;
    const message = decodeRelay(body);
    if (message === undefined || !this.#take(client, message)) this.#sendAway(client);
    else if (client.isIdle) client.idleSinceMs = nowMs;
  }

  /** The link has room again. */
  handleWritable(link: LinkId, nowMs: number): void {
    this.#nowMs = nowMs;
    const client = this.#clients.get(link);
    if (client === undefined) return;
    for (let body = client.unsent.peek(); body !== undefined; body = client.unsent.peek()) {
      if (!this.#deps.ports.send(link, body)) return;
      client.unsent.shift();
    }
    for (const { circuit } of [...client.circuits.values()]) circuit.pump(nowMs);
  }

  /** An answer to `verify`: is there a relay of that key? */
  handleVerified(token: number, ok: boolean, nowMs: number): void {
    this.#nowMs = nowMs;
    this.#extensions.handleVerified(token, ok, nowMs);
  }

  /** What happened to a stream that `openStream` opened; false where it is none of ours. */
  handleStream(stream: number, what: StreamNews, nowMs: number): boolean {
    this.#nowMs = nowMs;
    return this.#extensions.handleStream(stream, what, nowMs);
  }

  handleTimeout(nowMs: number): void {
    this.#nowMs = nowMs;
    while (this.#errors[0] !== undefined && this.#errors[0].dueAtMs <= nowMs) {
      const { client, circuit } = this.#errors.shift()!;
      this.#fail(client, circuit);
    }
    for (const circuit of [...this.#circuits]) circuit.handleTimeout(nowMs);
    this.#questions.handleTimeout(nowMs);
    for (const client of [...this.#clients.values()]) {
      if (nowMs >= (client.abandonsAtMs ?? Infinity)) this.#abandon(client);
      if (this.#isIdle(client) && nowMs >= client.idleSinceMs + IDLE_MS) this.#sendAway(client);
    }
  }

  wakeAtMs(): number | undefined {
    let soonest = earliest(this.#errors[0]?.dueAtMs, this.#questions.wakeAtMs());
    for (const circuit of this.#circuits) {
      soonest = earliest(soonest, circuit.wakeAtMs(this.#nowMs));
    }
    for (const client of this.#clients.values()) {
      soonest = earliest(soonest, client.abandonsAtMs);
      if (this.#isIdle(client)) soonest = earliest(soonest, client.idleSinceMs + IDLE_MS);
    }
    return soonest;
  }

  /** Serving has ended: everybody is sent away. */
  stop(): void {
    for (const client of [...this.#clients.values()]) this.#sendAway(client);
  }

  stats(): Record<string, number> {
    let waitingBytes = 0;
    for (const circuit of this.#circuits) waitingBytes += circuit.waitingBytes;
    return {
      clients: this.#clients.size,
      reservations: this.#reservations.size,
      circuits: this.#circuits.size,
      owedErrors: this.#errors.length,
      waitingBytes,
      ...this.#extensions.stats(),
      ...this.#questions.stats(),
      ...this.#counts,
    };
  }

  /** Acts on a message; false where it breaks the rules. */
  #take(client: Client, message: RelayMessage): boolean {
    switch (message.type) {
      case 'reserve':
        return this.#reserve(client, message);
      case 'revoke':
        return this.#revoke(client, message.index);
      case 'open':
        return this.#open(client, message);
      case 'extend':
        return this.#extend(client, message);
      case 'accept':
      case 'refuse':
        return this.#answer(client, message.circuit, message.type === 'accept');
      case 'data':
      case 'taken':
      case 'close':
        return this.#pass(client, message);
      case 'ask': {
        const isServed = this.#serves(client, message.pass);
        return this.#questions.begin(client.link, message, isServed, this.#nowMs);
      }
      case 'forget':
        this.#questions.forget(client.link, message.question);
        return true;
      default:
        return false;
    }
  }

  // Reservations

  #reserve(client: Client, { former, pass, revoked }: Reserve): boolean {
    if (client.owed >= PENDING_PER_CLIENT_MAX) return false;
    const { random, secret } = this.#deps;
    const known = client.reservation;
    const key = former && reservationKey(secret, former.number);
    const proven = key && equalSecret(proofOf(key, client.exporter), former.proof);
    const number = known?.number ?? (proven ? former.number : undefined);
    // Who proves the key is the owner of that number, on a link that lost the former one.
    const before = number === undefined ? undefined : this.#reservations.get(number);
    const hasPlace = (): boolean => before !== undefined || this.#makePlace(client);
    if (known === undefined && !(this.#serves(client, pass) && hasPlace())) {
      this.#owe(client, undefined);
      return true;
    }
    if (known === undefined) {
      if (before !== undefined) this.#sendAway(before.owner);
      const chosen = number ?? this.#freeNumber(random);
      const reservation = {
        number: chosen,
        owner: client,
        revoked: new Set<number>(),
        circuits: 0,
        slots: new Map(),
      };
      this.#reservations.set(chosen, reservation);
      client.reservation = reservation;
    }
    const reservation = client.reservation!;
    for (const index of revoked) if (!this.#revoke(client, index)) return false;
    const ours = reservationKey(secret, reservation.number).reveal();
    this.#say(client, { type: 'reserved', key: ours, number: reservation.number });
    return true;
  }

  #serves(client: Client, pass: Uint8Array | undefined): boolean {
    const { passes, serves } = this.#deps;
    if (serves() === 'public') return true;
    if (serves() === 'off' || pass === undefined) return false;
    return passes().some((gate) => equalSecret(passOf(gate, client.exporter), pass));
  }

  #makePlace({ address }: Client): boolean {
    const owners = [...this.#reservations.values()].map(({ owner }) => owner);
    return this.#makeRoom(RESERVATIONS, owners, address);
  }

  /** Is there room for one more of this address? Who has lost the path for long gives way. */
  #makeRoom(room: Room, holders: readonly Client[], address: string): boolean {
    const same = holders.filter((client) => client.address === address);
    const isTheirShare = same.length >= shareOf(room, holders.length);
    if (!isTheirShare && holders.length < room.max) return true;
    const isGone = ({ pathlessSinceMs = Infinity }: Client): boolean =>
      this.#nowMs >= pathlessSinceMs + PATHLESS_MS;
    const gone = (isTheirShare ? same : holders).find(isGone);
    if (gone) this.#sendAway(gone);
    return gone !== undefined;
  }

  #freeNumber(random: Random): number {
    for (;;) {
      const number = randomInt(random, NUMBERS);
      if (!this.#reservations.has(number)) return number;
    }
  }

  #revoke({ circuits, reservation }: Client, index: number): boolean {
    if (reservation === undefined) return false;
    reservation.revoked.add(index);
    for (const { circuit } of [...circuits.values()]) {
      if (this.#indexes.get(circuit) === index) circuit.abort();
    }
    return reservation.revoked.size <= REVOKED_MAX;
  }

  #release(client: Client): void {
    const { reservation } = client;
    client.reservation = undefined;
    if (reservation) this.#reservations.delete(reservation.number);
  }

  // Circuits

  /** The index of the slot that a circuit came by. */
  readonly #indexes = new WeakMap<Circuit, number>();

  #open(client: Client, { circuit: id, slot }: { circuit: CircuitId; slot: Uint8Array }): boolean {
    if (!this.#ask(client, id)) return false;
    const name = checkSlot(this.#deps.secret, slot);
    const reservation = name && this.#reservations.get(name.number);
    const isOpen = name && reservation && !reservation.revoked.has(name.index);
    if (!isOpen || !this.#hasRoomFor(client, reservation)) return true;
    const { index } = name;
    const { owner } = reservation;
    const ownerId = owner.nextCircuit();
    const share = this.#shareOf(reservation, index);
    reservation.circuits++;
    const ends = [this.#endOf(client, id), this.#endOf(owner, ownerId)] as const;
    const flows = [new Flow(share[0]), new Flow(share[1])] as const;
    const circuit = new Circuit(ends, flows, () => this.#over(circuit, reservation, index));
    this.#indexes.set(circuit, index);
    this.#circuits.add(circuit);
    client.circuits.set(id, { circuit, side: 0 });
    owner.circuits.set(ownerId, { circuit, side: 1 });
    this.#say(owner, { type: 'incoming', circuit: ownerId, index });
    return true;
  }

  /** A request for a new circuit: its error is owed from now on; false where it breaks rules. */
  #ask(client: Client, id: CircuitId): boolean {
    const isFresh = id % 2 === 0 && !client.circuits.has(id) && !client.pending.has(id);
    if (!isFresh || client.owed >= PENDING_PER_CLIENT_MAX) return false;
    client.pending.add(id);
    this.#owe(client, id);
    return true;
  }

  #hasRoomFor(client: Client, reservation: Reservation): boolean {
    if (client === reservation.owner || !client.opens.has(1, this.#nowMs)) return false;
    client.opens.take(1);
    return (
      this.#circuits.size < CIRCUITS_MAX &&
      client.circuits.size < CIRCUITS_PER_CLIENT_MAX &&
      reservation.circuits < CIRCUITS_PER_RESERVATION_MAX
    );
  }

  #shareOf({ slots }: Reservation, index: number): readonly [Bucket, Bucket] {
    const bucket = (): Bucket => new Bucket(SLOT_BYTES_PER_S, SLOT_BURST_BYTES, this.#nowMs);
    const slot = slots.get(index) ?? { share: [bucket(), bucket()] as const, circuits: 0 };
    slots.set(index, slot);
    slot.circuits++;
    return slot.share;
  }

  #over(circuit: Circuit, reservation: Reservation, index: number): void {
    this.#circuits.delete(circuit);
    reservation.circuits--;
    const slot = reservation.slots.get(index)!;
    slot.circuits--;
    if (slot.circuits === 0) reservation.slots.delete(index);
  }

  #answer(owner: Client, id: CircuitId, isWanted: boolean): boolean {
    const known = owner.circuits.get(id);
    // Its error may have crossed the answer.
    if (known === undefined) return id % 2 === 1;
    const { circuit, side } = known;
    if (side !== 1 || circuit.state !== 'waiting') return false;
    if (!isWanted) {
      owner.circuits.delete(id);
      return true;
    }
    this.#accepted(circuit, 'accept');
    return true;
  }

  /** Both ends are there: the asker's error is owed no more. */
  #accepted(circuit: Circuit, word: 'accept' | 'extended'): void {
    for (const { client, circuit: id } of this.#errors) {
      if (id === undefined || client.circuits.get(id)?.circuit !== circuit) continue;
      circuit.state = 'open';
      client.pending.delete(id);
      this.#counts.opened++;
      this.#say(client, { type: word, circuit: id });
    }
    if (circuit.state !== 'open') return;
    this.#errors = this.#errors.filter(({ client, circuit: id }) => {
      const stands = id === undefined || client.pending.has(id);
      if (!stands) client.owed--;
      return stands;
    });
  }

  #pass(client: Client, message: Passed): boolean {
    const known = client.circuits.get(message.circuit);
    // Our `close` may have crossed what it said.
    if (known === undefined) return true;
    const { circuit, side } = known;
    if (message.type === 'taken') return circuit.handleTaken(side, message.count);
    if (message.type === 'data') {
      this.#counts.relayedBytes += message.bytes.length;
      return circuit.handleData(side, message.bytes, this.#nowMs);
    }
    client.pending.delete(message.circuit);
    circuit.handleClosed(side, this.#nowMs);
    return true;
  }

  #extend(
    client: Client,
    { circuit: id, endpoint, key }: Extract<RelayMessage, { type: 'extend' }>,
  ): boolean {
    if (!this.#ask(client, id)) return false;
    const isFull =
      this.#circuits.size >= CIRCUITS_MAX || client.circuits.size >= CIRCUITS_PER_CLIENT_MAX;
    if (isFull) return true;
    this.#extensions.begin(
      client.address,
      { endpoint, key },
      (join) => {
        if (!client.pending.has(id) || !this.owns(client.link)) return undefined;
        const over = (): void => void this.#circuits.delete(circuit);
        const circuit: Circuit = join(this.#endOf(client, id), over);
        this.#circuits.add(circuit);
        client.circuits.set(id, { circuit, side: 0 });
        return { circuit, opened: () => this.#accepted(circuit, 'extended') };
      },
      this.#nowMs,
    );
    return true;
  }

  // What clients hear

  #owe(client: Client, circuit: CircuitId | undefined): void {
    client.owed++;
    this.#errors.push({ client, circuit, dueAtMs: this.#nowMs + ERROR_AFTER_MS });
  }

  /** The 3 s are over: whatever the cause, it is the same word. */
  #fail(client: Client, id: CircuitId | undefined): void {
    client.owed--;
    this.#counts.refused++;
    if (client.isIdle) client.idleSinceMs = this.#nowMs;
    if (id === undefined) return this.#say(client, { type: 'error', circuit: undefined });
    const wasAsked = client.pending.delete(id);
    const known = client.circuits.get(id);
    // The asker hears `error` in place of `close`.
    client.circuits.delete(id);
    known?.circuit.handleClosed(known.side, this.#nowMs);
    if (wasAsked) this.#say(client, { type: 'error', circuit: id });
  }

  #endOf(client: Client, id: CircuitId): CircuitEnd {
    return {
      deliver: (bytes) => {
        if (client.unsent.length > 0) return false;
        const body = encodeRelay({ type: 'data', circuit: id, bytes });
        return this.#deps.ports.send(client.link, body);
      },
      tellTaken: (count) => this.#say(client, { type: 'taken', circuit: id, count }),
      tellClosed: () => {
        // Who still waits for an answer hears one error when its time has come.
        const isKnown = client.circuits.has(id) && !client.pending.has(id);
        if (isKnown) this.#say(client, { type: 'close', circuit: id });
      },
      forget: () => {
        client.circuits.delete(id);
        if (client.isIdle) client.idleSinceMs = this.#nowMs;
      },
    };
  }

  /** Both ends look for another way: whoever comes back hears that these have ended. */
  #abandon(client: Client): void {
    for (const { circuit } of [...client.circuits.values()]) circuit.abort();
  }

  #isIdle(client: Client): boolean {
    return client.isIdle && !this.#questions.has(client.link);
  }

  #answerTo(link: LinkId, message: RelayMessage): void {
    const client = this.#clients.get(link);
    if (client === undefined) return;
    client.idleSinceMs = this.#nowMs;
    this.#say(client, message);
  }

  #say(client: Client, message: RelayMessage): void {
    if (!this.#clients.has(client.link)) return;
    const body = encodeRelay(message);
    if (client.unsent.length === 0 && this.#deps.ports.send(client.link, body)) return;
    if (!client.unsent.push(body)) this.#sendAway(client);
  }

  #sendAway(client: Client): void {
    if (!this.#clients.has(client.link)) return;
    this.#counts.sentAway++;
    this.handleDown(client.link, this.#nowMs);
    this.#deps.ports.close(client.link);
  }
}
