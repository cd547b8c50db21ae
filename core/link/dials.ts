/**
 * Dials: the links that this side asks for, each on all its routes at once (LNK-15, LNK-16).
 *
 *   start --> attempts --first reply--> won      --last attempt lost--> dial-failed
 *
 * @module
 */
import { assert } from '../base/assert.ts';
import { earliest, type Random } from '../base/time.ts';
import type { AttemptBoard } from './attempt-board.ts';
import { Attempt, type Timetable, type Won } from './attempt.ts';
import type {
  DialFailure,
  DialId,
  DialTimetable,
  Emit,
  GateKey,
  LinkTarget,
  Route,
  StreamId,
} from './contract.ts';
import { type FlightKey, OPENING_BYTES } from './gate.ts';
import { type Agreed, type HandshakeDeps, openLink } from './handshake.ts';
import { DIAL_FLIGHTS_MAX, DIALS_MAX, PAYLOAD_BYTES_MAX, ROUTES_MAX } from './limits.ts';
import { highestCommon, isVersionList } from './versions.ts';

export interface DialsDeps {
  readonly handshake: HandshakeDeps;
  readonly random: Random;
  readonly board: AttemptBoard;
  readonly emit: Emit;
  readonly allocateStream: () => StreamId;
  readonly keyOf: (gate: GateKey) => FlightKey;
  /** May a datagram leave to where this device is said to be? */
  readonly mayProbe: (noise: Uint8Array, nowMs: number) => boolean;
  /** May a connection begin to there? */
  readonly mayConnect: (noise: Uint8Array, nowMs: number) => boolean;
  readonly won: (dial: Dial, won: Won<Agreed>) => void;
}

export interface Dial {
  readonly id: DialId;
  readonly target: LinkTarget;
  readonly startedAtMs: number;
  readonly attempts: Set<Attempt<Agreed>>;
}

export class Dials {
  readonly #deps: DialsDeps;
  readonly #dials = new Map<DialId, Dial>();

  constructor(deps: DialsDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#dials.size;
  }

  start(
    id: DialId,
    target: LinkTarget,
    routes: readonly Route[],
    payload: Uint8Array,
    nowMs: number,
    timetable?: DialTimetable,
  ): void {
    assert(!this.#dials.has(id), 'a dial has a number of its own');
    assert(payload.length <= PAYLOAD_BYTES_MAX, 'a payload fits the first flight');
    const { versions } = this.#deps.handshake;
    const speak = isVersionList(target.versions) && highestCommon(versions, target.versions);
    if (!speak) return this.fail(id, 'no common version');
    if (this.#dials.size >= DIALS_MAX) return this.fail(id, 'busy');
    const dial: Dial = { id, target, startedAtMs: nowMs, attempts: new Set() };
    this.#dials.set(id, dial);
    const tried = routes.slice(0, ROUTES_MAX);
    const udp = tried.filter(({ transport }) => transport === 'udp');
    for (const route of tried) {
      const turns = timetable && turnsOf(timetable, udp.indexOf(route), udp.length);
      this.#attempt(dial, route, payload, nowMs, turns);
    }
    this.#settle(dial);
  }

  cancel(id: DialId): void {
    const dial = this.#dials.get(id);
    if (dial !== undefined) this.#end(dial);
  }

  fail(dial: DialId, reason: DialFailure): void {
    this.#deps.emit({ type: 'dial-failed', dial, reason });
  }

  handleTimeout(nowMs: number): void {
    for (const dial of this.#dials.values()) {
      for (const attempt of dial.attempts) attempt.handleTimeout(nowMs);
      this.#settle(dial);
    }
  }

  wakeAtMs(): number | undefined {
    let soonest: number | undefined;
    for (const dial of this.#dials.values()) {
      for (const attempt of dial.attempts) soonest = earliest(soonest, attempt.wakeAtMs());
    }
    return soonest;
  }

  #attempt(
    dial: Dial,
    route: Route,
    payload: Uint8Array,
    nowMs: number,
    timetable: Timetable | undefined,
  ): void {
    const { target } = dial;
    const { allocateStream, board, emit, handshake, keyOf, random, won } = this.#deps;
    const { mayConnect, mayProbe } = this.#deps;
    const begin: ConstructorParameters<typeof Attempt<Agreed>>[0]['begin'] = (streamId) => {
      const opening = openLink(handshake, target, streamId, payload);
      return opening && { ...opening, opening: random(OPENING_BYTES) };
    };
    const key = keyOf(target.gate);
    const { noise: peer } = target;
    const mayGo = {
      udp: (atMs: number): boolean => mayProbe(peer, atMs),
      tcp: (atMs: number): boolean => mayConnect(peer, atMs),
      circuit: undefined, // its relay's link asks where it begins
    }[route.transport];
    const sending = { route, peer, key, random, emit, allocateStream, begin };
    const deps = { ...sending, mayGo, timetable };
    const attempt = new Attempt<Agreed>(deps, nowMs);
    dial.attempts.add(attempt);
    board.add(attempt, {
      won: (result) => {
        this.#end(dial);
        won(dial, result);
      },
      lost: () => this.#settle(dial),
    });
  }

  /** Fails the dial once its last attempt is lost. */
  #settle(dial: Dial): void {
    if (!this.#dials.has(dial.id)) return;
    for (const attempt of dial.attempts) {
      if (!attempt.lost) continue;
      dial.attempts.delete(attempt);
      this.#deps.board.remove(attempt);
    }
    if (dial.attempts.size > 0) return;
    this.#dials.delete(dial.id);
    this.fail(dial.id, 'unreachable');
  }

  #end(dial: Dial): void {
    this.#dials.delete(dial.id);
    for (const attempt of dial.attempts) {
      attempt.cancel();
      this.#deps.board.remove(attempt);
    }
  }
}

/** The flights of one of several UDP routes that take turns; a TCP route has none but its own. */
function turnsOf(timetable: DialTimetable, index: number, routes: number): Timetable {
  const { everyMs, giveUpMs } = timetable;
  const flights = Math.min(timetable.flights, DIAL_FLIGHTS_MAX);
  const flightsMs: number[] = [];
  for (let i = Math.max(index, 0); i < flights; i += Math.max(routes, 1)) {
    flightsMs.push(i * everyMs);
  }
  return { flightsMs, giveUpMs };
}
