/**
 * Arrivals: handshakes that others start (LNK-3 to LNK-9, LNK-34).
 *
 *   bytes -> attach id known? -> attach: one Noise message, reply
 *         -> MAC of a gate?   -> new to its replay set? -> within the rate? -> room? -> Noise
 *                                -> admitted? -> entries stored -> reply
 *         -> neither: nothing is kept and nothing is said
 *
 * A stream that shows nothing valid stays open and silent until its time is up, so that its end
 * tells nothing about how far the bytes came. What got a reply is half open until the initiator's
 * first frame; only then does anything in its message count.
 * @module
 */
import { concat, readUintBE } from '../base/bytes.ts';
import type { Endpoint } from '../base/endpoint.ts';
import { earliest, type Random, randomInt } from '../base/time.ts';
import type { Secret } from '../crypto/keys.ts';
import type { AttachIndex } from './attach.ts';
import type { Emit, GateKey, Route, StreamId } from './contract.ts';
import {
  contextOf,
  FAREWELL_BYTES,
  FLIGHT_BYTES_MAX,
  FLIGHT_BYTES_MIN,
  FlightKey,
  flightLength,
  HEAD_BYTES,
  openFlight,
  OPENING_BYTES,
  PADDING_BYTES_MAX,
  sealFlight,
} from './gate.ts';
import {
  type Agreed,
  attachFlightSecret,
  type Attached,
  type HandshakeDeps,
  type LinkRequest,
  type Peer,
  readAttachRequest,
  readLinkRequest,
} from './handshake.ts';
import type { CallIndex } from './call.ts';
import { ACCEPTED_MAX, HALF_OPEN_MAX, HALF_OPEN_MS } from './limits.ts';
import type { Link } from './link.ts';
import { HandshakeRate, InviteTrials } from './rate.ts';
import { REPLAY_ENTRIES_MAX, ReplaySet } from './replay-set.ts';

/** A handshake that got its reply: keys that the initiator's first frame must prove. */
export interface Arrival {
  readonly stream: StreamId;
  readonly route: Route;
  readonly deadlineMs: number;
  readonly made:
    | { type: 'link'; gate: GateKey; payload: Uint8Array; agreed: Agreed }
    | { type: 'attach'; link: Link; opening: Uint8Array; attached: Attached };
}

export interface ArrivalsDeps {
  readonly handshake: HandshakeDeps;
  readonly random: Random;
  readonly gates: () => readonly GateKey[];
  readonly admit: (noiseStatic: Uint8Array, gate: GateKey, from: Route) => boolean;
  readonly replaySeen: ReadonlyMap<string, readonly Uint8Array[]>;
  readonly attaches: AttachIndex<Link>;
  readonly calls: CallIndex;
  /** Half-open handshakes that left here and have no first frame yet. */
  readonly unproven: () => number;
  readonly allocateStream: () => StreamId;
  readonly emit: Emit;
  readonly arrived: (arrival: Arrival, nowMs: number) => void;
  /** The responder of a link says, in so many bytes, that it is there. */
  readonly called: (link: Link, from: Route, flightBytes: number, nowMs: number) => void;
}

/** Where a flight came from, and so where its reply goes. */
interface Origin {
  readonly from: Endpoint;
  /** An accepted stream; undefined for a datagram. */
  readonly stream: StreamId | undefined;
  readonly transport: Route['transport'];
}

function routeFrom({ from, transport }: Origin): Route {
  return { transport, endpoint: from };
}

/** A stream that showed no valid flight yet. */
interface Accepted {
  readonly origin: Origin;
  readonly deadlineMs: number;
  bytes: Uint8Array;
  /** Keys whose lengths make sense, once the head is there. */
  candidates: { match: Match; length: number }[] | undefined;
}

type Match =
  | { key: FlightKey; gate: GateKey }
  | { key: FlightKey; attach: Link }
  | { key: FlightKey; call: Link };

/** An admitted flight whose replay entry is being stored. */
interface Storing {
  readonly origin: Origin;
  readonly match: { key: FlightKey; gate: GateKey };
  readonly opening: Uint8Array;
  readonly flightBytes: number;
  readonly request: LinkRequest;
  readonly deadlineMs: number;
}

export type ArrivalDrop = 'no gate' | 'replay' | 'rate' | 'full' | 'noise' | 'not admitted';

export class Arrivals {
  readonly #deps: ArrivalsDeps;
  readonly #rate = new HandshakeRate();
  readonly #inviteTrials = new InviteTrials();
  readonly #replays = new Map<string, ReplaySet>();
  /** Derived once per secret object; goes with it. */
  readonly #keys = new WeakMap<Secret<string>, FlightKey>();
  readonly #attachKeys = new WeakMap<Link, FlightKey>();
  /** By stream, oldest first. */
  readonly #accepted = new Map<StreamId, Accepted>();
  readonly #storing = new Map<number, Storing>();
  #token = 0;
  readonly #dropped: Record<ArrivalDrop, number> = {
    'no gate': 0,
    replay: 0,
    rate: 0,
    full: 0,
    noise: 0,
    'not admitted': 0,
  };

  constructor(deps: ArrivalsDeps) {
    this.#deps = deps;
    for (const [gate, entries] of deps.replaySeen) {
      this.#replays.set(gate, new ReplaySet(entries));
    }
  }

  stats(): Record<string, number> {
    let replayEntries = 0;
    for (const set of this.#replays.values()) replayEntries += set.size;
    const counts: Record<string, number> = {
      accepted: this.#accepted.size,
      storing: this.#storing.size,
      replaySets: this.#replays.size,
      replayEntries,
      addresses: this.#rate.size,
    };
    for (const [reason, count] of Object.entries(this.#dropped)) {
      counts[`dropped: ${reason}`] = count;
    }
    return counts;
  }

  /** The key of a gate's flights, in both directions. */
  keyOf(gate: GateKey): FlightKey {
    let key = this.#keys.get(gate.secret);
    if (key === undefined) this.#keys.set(gate.secret, (key = new FlightKey(gate.secret)));
    return key;
  }

  /** May this device come in by this gate now, from there, and is there that gate? */
  admits({ peerNoise }: Pick<Peer, 'peerNoise'>, gate: GateKey, from: Route): boolean {
    const isOpen = this.#deps.gates().some(({ id, secret }) => {
      return id === gate.id && secret.equals(gate.secret);
    });
    return isOpen && this.#deps.admit(peerNoise, gate, from);
  }

  /** True where the datagram was a flight of ours to take, even if it led to nothing. */
  handleDatagram(from: Endpoint, bytes: Uint8Array, nowMs: number): boolean {
    if (bytes.length < FLIGHT_BYTES_MIN || bytes.length > FLIGHT_BYTES_MAX) return false;
    for (const match of this.#matches(bytes, 'udp', nowMs)) {
      const noise = openFlight(match.key, contextOf(), bytes);
      if (noise === undefined) continue;
      this.#flight({ from, stream: undefined, transport: 'udp' }, match, bytes, noise, nowMs);
      return true;
    }
    this.#dropped['no gate']++;
    return false;
  }

  handleAccepted(
    stream: StreamId,
    from: Endpoint,
    transport: 'tcp' | 'circuit',
    nowMs: number,
  ): void {
    if (this.#accepted.size >= ACCEPTED_MAX) {
      const [oldest] = this.#accepted.keys();
      this.#end(oldest!);
    }
    this.#accepted.set(stream, {
      origin: { from, stream, transport },
      deadlineMs: nowMs + HALF_OPEN_MS,
      bytes: new Uint8Array(0),
      candidates: undefined,
    });
  }

  /** Bytes of an accepted stream; false where the stream is not one of these. */
  handleBytes(stream: StreamId, bytes: Uint8Array, nowMs: number): boolean {
    const accepted = this.#accepted.get(stream);
    if (accepted === undefined) return this.#isStoring(stream);
    if (accepted.candidates?.length === 0) return true;
    const room = FLIGHT_BYTES_MAX + 1 - accepted.bytes.length;
    accepted.bytes = concat(accepted.bytes, bytes.subarray(0, room));
    if (accepted.bytes.length < HEAD_BYTES) return true;
    accepted.candidates ??= this.#candidates(accepted.bytes, accepted.origin);
    for (const { match, length } of accepted.candidates) {
      // Longer than its flight: nobody may write more before our reply.
      if (length !== accepted.bytes.length) continue;
      const noise = openFlight(match.key, contextOf(), accepted.bytes);
      if (noise === undefined) continue;
      accepted.candidates = [];
      this.#flight(accepted.origin, match, accepted.bytes, noise, nowMs);
      return true;
    }
    const still = accepted.candidates.filter(({ length }) => length > accepted.bytes.length);
    accepted.candidates = still;
    if (still.length === 0) this.#dropped['no gate']++;
    return true;
  }

  /** The driver says that an accepted stream is gone. */
  handleClosed(stream: StreamId): void {
    this.#accepted.delete(stream);
    for (const [token, storing] of this.#storing) {
      if (storing.origin.stream === stream) this.#storing.delete(token);
    }
  }

  /** The entries of a `replay` output are safe on disk, or could not be stored. */
  handleReplayStored(token: number, ok: boolean, nowMs: number): void {
    const storing = this.#storing.get(token);
    if (storing === undefined) return;
    this.#storing.delete(token);
    const { origin, match, request } = storing;
    // Somebody may have been shut out while the disk was busy.
    const still = this.admits(request, match.gate, routeFrom(origin));
    if (!still) this.#dropped['not admitted']++;
    if (!ok || !still) return this.#hush(origin);
    const localId = this.#openStreamId(origin);
    const answer = request.answer(localId);
    const stream = this.#reply(origin, storing, match.key, answer.message, {
      localId,
      remoteId: request.remoteId,
    });
    if (stream === undefined) return this.#hush(origin);
    const { payload } = request;
    const made = { type: 'link', gate: match.gate, payload, ...answer } as const;
    this.#arrived(origin, stream, made, nowMs, storing.deadlineMs);
  }

  handleTimeout(nowMs: number): void {
    for (const [stream, { deadlineMs }] of this.#accepted) {
      if (deadlineMs > nowMs) break;
      this.#end(stream);
    }
    for (const [token, storing] of this.#storing) {
      if (storing.deadlineMs > nowMs) break;
      this.#storing.delete(token);
      this.#hush(storing.origin);
    }
  }

  wakeAtMs(): number | undefined {
    const [accepted] = this.#accepted.values();
    const [storing] = this.#storing.values();
    return earliest(accepted?.deadlineMs, storing?.deadlineMs);
  }

  /**
   * Who could have made these bytes: the link that the opening names, else any gate.
   * @param nowMs given for a datagram, which anybody may send by the ten thousand.
   */
  *#matches(flight: Uint8Array, transport: Route['transport'], nowMs?: number): Generator<Match> {
    const opening = flight.subarray(0, OPENING_BYTES);
    const link = this.#deps.attaches.find(opening);
    if (link !== undefined) {
      yield { key: this.#attachKey(link), attach: link };
      return;
    }
    const called = this.#deps.calls.find(opening);
    if (called !== undefined) {
      if (transport === 'udp') yield { key: this.#attachKey(called), call: called };
      return;
    }
    const gates = this.#deps.gates();
    const invites = gates.filter(({ kind }) => kind === 'invite');
    // What comes by an address is not tried at the gate that opens through relays alone (POL-5).
    const others = gates.filter(({ kind }) => {
      return kind !== 'invite' && (kind !== 'circuit' || transport === 'circuit');
    });
    for (const gate of others) yield { key: this.keyOf(gate), gate };
    if (
      invites.length === 0 ||
      (nowMs !== undefined && !this.#inviteTrials.admit(invites.length, nowMs))
    )
      return;
    for (const gate of invites) yield { key: this.keyOf(gate), gate };
  }

  #attachKey(link: Link): FlightKey {
    let key = this.#attachKeys.get(link);
    if (key === undefined) {
      key = new FlightKey(attachFlightSecret(link.established.attach));
      this.#attachKeys.set(link, key);
    }
    return key;
  }

  #candidates(bytes: Uint8Array, { transport }: Origin): { match: Match; length: number }[] {
    const candidates: { match: Match; length: number }[] = [];
    for (const match of this.#matches(bytes, transport)) {
      const length = flightLength(match.key, contextOf(), bytes);
      if (length !== undefined) candidates.push({ match, length });
    }
    return candidates;
  }

  /** A flight whose MAC is valid. */
  #flight(origin: Origin, match: Match, bytes: Uint8Array, noise: Uint8Array, nowMs: number): void {
    const drop =
      'call' in match
        ? this.#call(origin, match.call, bytes, nowMs)
        : 'attach' in match
          ? this.#attach(origin, match, bytes, noise, nowMs)
          : this.#knock(origin, match, bytes, noise, nowMs);
    if (drop !== undefined) this.#dropped[drop]++;
  }

  #call(origin: Origin, link: Link, bytes: Uint8Array, nowMs: number): ArrivalDrop | undefined {
    const from = routeFrom(origin);
    this.#deps.calls.use(bytes.subarray(0, OPENING_BYTES));
    if (!this.#deps.admit(link.established.peerNoise, link.gate, from)) return 'not admitted';
    this.#deps.called(link, from, bytes.length, nowMs);
    return undefined;
  }

  #attach(
    origin: Origin,
    match: { key: FlightKey; attach: Link },
    bytes: Uint8Array,
    noise: Uint8Array,
    nowMs: number,
  ): ArrivalDrop | undefined {
    const { admit, random, attaches } = this.#deps;
    const opening = bytes.slice(0, OPENING_BYTES);
    const link = match.attach;
    attaches.use(opening);
    const { peerNoise } = link.established;
    if (!admit(peerNoise, link.gate, routeFrom(origin))) return 'not admitted';
    if (this.#full()) return 'full';
    const request = readAttachRequest(random, link.established.attach, noise);
    if (request === undefined || !this.#fits(origin, request.remoteId)) return 'noise';
    const localId = this.#openStreamId(origin);
    const answer = request.answer(link.expects, localId);
    if (answer === undefined) return 'noise';
    const sent = { opening, flightBytes: bytes.length };
    const ids = { localId, remoteId: request.remoteId };
    const stream = this.#reply(origin, sent, match.key, answer.message, ids);
    if (stream === undefined) return 'noise';
    const made = { type: 'attach', link, opening, attached: answer.attached } as const;
    this.#arrived(origin, stream, made, nowMs, nowMs + HALF_OPEN_MS);
    return undefined;
  }

  #knock(
    origin: Origin,
    match: { key: FlightKey; gate: GateKey },
    bytes: Uint8Array,
    noise: Uint8Array,
    nowMs: number,
  ): ArrivalDrop | undefined {
    const { handshake, admit, emit } = this.#deps;
    const entry = this.#replaySet(match.gate).admit(noise);
    if (entry === undefined) return 'replay';
    if (!this.#rate.admit(origin.from, nowMs)) return 'rate';
    if (this.#full()) return 'full';
    const request = readLinkRequest(handshake, match.gate.kind, noise);
    if (request === undefined || !this.#fits(origin, request.remoteId)) return 'noise';
    if (!admit(request.peerNoise, match.gate, routeFrom(origin))) return 'not admitted';
    const token = ++this.#token;
    this.#storing.set(token, {
      origin,
      match,
      request,
      opening: bytes.slice(0, OPENING_BYTES),
      flightBytes: bytes.length,
      deadlineMs: nowMs + HALF_OPEN_MS,
    });
    // From here the stream's own deadline is the one of what is stored.
    if (origin.stream !== undefined) this.#accepted.delete(origin.stream);
    emit({ type: 'replay', token, gate: match.gate.id, entries: [entry] });
    return undefined;
  }

  /**
   * Sends the masked reply; returns the stream of the path. With all that may follow it is never
   * larger than its request: undefined where that is too short, and nothing is sent.
   */
  #reply(
    origin: Origin,
    flight: { opening: Uint8Array; flightBytes: number },
    key: FlightKey,
    message: Uint8Array,
    ids: { localId: number; remoteId: number },
  ): StreamId | undefined {
    const { random, emit, allocateStream } = this.#deps;
    const farewell = origin.stream === undefined ? FAREWELL_BYTES : 0;
    const room = flight.flightBytes - HEAD_BYTES - message.length - farewell;
    if (room < 0) return undefined;
    const padding = randomInt(random, Math.min(PADDING_BYTES_MAX, room) + 1);
    const context = contextOf(flight.opening);
    const bytes = sealFlight(key, context, random(OPENING_BYTES), message, padding);
    if (origin.stream !== undefined) {
      emit({ type: 'stream-write', stream: origin.stream, bytes });
      return origin.stream;
    }
    const stream = allocateStream();
    // The stream must exist before the peer writes to it, hence before it can know its id.
    emit({ type: 'stream-open', stream, transport: 'udx', to: origin.from, ...ids });
    emit({ type: 'datagram', to: origin.from, bytes });
    return stream;
  }

  #arrived(
    origin: Origin,
    stream: StreamId,
    made: Arrival['made'],
    nowMs: number,
    deadlineMs: number,
  ): void {
    if (origin.stream !== undefined) this.#accepted.delete(origin.stream);
    this.#deps.arrived({ stream, route: routeFrom(origin), made, deadlineMs }, nowMs);
  }

  #replaySet(gate: GateKey): ReplaySet {
    let set = this.#replays.get(gate.id);
    if (set === undefined) {
      this.#forgetOldGates();
      this.#replays.set(gate.id, (set = new ReplaySet([], REPLAY_ENTRIES_MAX)));
    }
    return set;
  }

  /** Sets of gates that are no more: their secrets open nothing, so nothing can be replayed. */
  #forgetOldGates(): void {
    const ids = new Set(this.#deps.gates().map((gate) => gate.id));
    for (const id of this.#replays.keys()) if (!ids.has(id)) this.#replays.delete(id);
  }

  #full(): boolean {
    return this.#storing.size + this.#deps.unproven() >= HALF_OPEN_MAX;
  }

  /** A UDX stream needs the initiator's id; TCP must not name one. */
  #fits(origin: Origin, remoteId: number): boolean {
    return (origin.stream === undefined) === (remoteId !== 0);
  }

  #openStreamId(origin: Origin): number {
    return origin.stream === undefined ? readUintBE(this.#deps.random(4), 0, 4) || 1 : 0;
  }

  #isStoring(stream: StreamId): boolean {
    for (const { origin } of this.#storing.values()) if (origin.stream === stream) return true;
    return false;
  }

  #hush(origin: Origin): void {
    if (origin.stream !== undefined) this.#end(origin.stream);
  }

  #end(stream: StreamId): void {
    this.#accepted.delete(stream);
    this.#deps.emit({ type: 'stream-close', stream });
  }
}
