/**
 * Resume: how the initiator gives its link the next path (LNK-31, LNK-34, LNK-35, LNK-39, LNK-40).
 *
 *   idle --path lost--> attach attempts now --all lost--> wait 0.5 s --> again
 *   idle --path doubted, better route, keys older than 1 h--> the same beside the living path
 *   attempts under way --path lost, doubted--> what is not among them is tried too
 *
 * Attempts go to where the last path led and to where else the peer is said to be; the first
 * answer wins. What is wanted while others are under way begins beside them, and one to the same
 * place begins anew. The responder never dials: it calls (call.ts), and is answered by an attach.
 * @module
 */
import { hex } from '../base/bytes.ts';
import { endpointKey } from '../base/endpoint.ts';
import { earliest, type Random } from '../base/time.ts';
import { AttachCounter } from './attach.ts';
import type { AttemptBoard } from './attempt-board.ts';
import { Attempt, type Timetable } from './attempt.ts';
import type { Emit, Route, StreamId } from './contract.ts';
import { FlightKey } from './gate.ts';
import { attachFlightSecret, type Attached, openAttach, type Opening } from './handshake.ts';
import { ATTACH_CIRCUITS_MAX, ATTACH_ROUTES_MAX, FLIGHT_TIMES_MS } from './limits.ts';
import type { Link } from './link.ts';

/** A link lives 30 s without a path: no wait may miss the network's return by much. */
const RETRY_MS = 500;
const REFRESH_RETRY_MS = 60_000;
/**
 * Shorter than a dial's, and fewer flights where the peer may not be: the responder knows 64 ids
 * ahead, which is enough for 30 s of tries.
 */
const LAST_ROUTE: Timetable = { flightsMs: FLIGHT_TIMES_MS, giveUpMs: 5_000 };
const OTHER_ROUTE: Timetable = { flightsMs: [0, 1_000], giveUpMs: 5_000 };
/** Beside a path that works: both ends open their routers meanwhile. */
const FURTHER_ROUTE: Timetable = { flightsMs: [0, 500, 1_500], giveUpMs: 5_000 };
/** Ids that only the last path's route may use: without one the link would end with its keys. */
const SPARE_IDS = 16;
const ATTEMPTS_MAX = 2 * ATTACH_ROUTES_MAX + ATTACH_CIRCUITS_MAX;
/** One flight for each call: nothing that is sent to where a call came from exceeds it (LNK-63). */
const CALLED: Timetable = { flightsMs: [0], giveUpMs: 2_000 };
const CALLED_MAX = 4;

export interface ResumeDeps {
  /** May a datagram leave to where this device is said to be, or has called from? */
  readonly mayProbe: (noise: Uint8Array, nowMs: number, isCalled?: boolean) => boolean;
  /** May a connection begin to where this device is said to be, in search of its path? */
  readonly mayConnect: (noise: Uint8Array, nowMs: number, isSearch?: boolean) => boolean;
  readonly random: Random;
  readonly emit: Emit;
  readonly allocateStream: () => StreamId;
}

/** What an attach gave, and the opening of its flight. */
export type AttachWon = Attached & { readonly opening: Uint8Array };
export type AttachAttempt = Attempt<AttachWon>;

export class Resume {
  readonly link: Link;
  /** Where the last path led. */
  #route: Route;
  /** Where else the peer may be. */
  #others: readonly Route[] = [];
  readonly #deps: ResumeDeps;
  readonly #key: FlightKey;
  readonly #ids: AttachCounter;
  #attempts: readonly AttachAttempt[] = [];
  /** An attempt won and its path waits for the peer's START. */
  #proving = false;
  /** One that was not proven is under way again. */
  #isSecond = false;
  #retryAtMs = 0;
  /** Where a fresh path is wanted, whatever the present one says. */
  #wanted: readonly Route[] | undefined;
  /** Where the peer called from since the last path began. */
  readonly #calledFrom = new Set<string>();
  /** The path was lost or is doubted, and not all that could replace it is tried by now. */
  #isLost = false;

  constructor(link: Link, route: Route, deps: ResumeDeps) {
    const root = link.established.attach;
    this.link = link;
    this.#route = route;
    this.#deps = deps;
    this.#key = new FlightKey(attachFlightSecret(root));
    this.#ids = new AttachCounter(root);
  }

  get attempts(): readonly AttachAttempt[] {
    return this.#attempts;
  }

  wakeAtMs(): number | undefined {
    if (this.#proving) return undefined;
    if (this.#wanted !== undefined || this.#isLost) return 0;
    if (this.#attempts.length > 0) {
      return earliest(...this.#attempts.map((attempt) => attempt.wakeAtMs()));
    }
    const { link } = this;
    const now = link.path === undefined || link.doubted;
    return Math.max(now ? 0 : link.refreshDueMs, this.#retryAtMs);
  }

  /** Drives the attempts; starts and returns fresh ones where it is time. */
  handleTimeout(nowMs: number): readonly AttachAttempt[] {
    for (const attempt of this.#attempts) attempt.handleTimeout(nowMs);
    const wakeAtMs = this.wakeAtMs();
    if (wakeAtMs === undefined || wakeAtMs > nowMs) return [];
    const wanted = this.#wanted ?? [];
    const isSearch = this.#isLost || (wanted.length === 0 && this.#attempts.length === 0);
    if (!isSearch && wanted.length === 0) return [];
    this.#wanted = undefined;
    this.#isLost = false;
    const known = new Map(this.#attempts.map((attempt) => [keyOf(attempt.route), attempt]));
    for (const route of atOnce(wanted)) known.get(keyOf(route))?.again(nowMs);
    const fresh = atOnce(isSearch ? [...this.#routes(), ...wanted] : wanted)
      .filter((route) => !known.has(keyOf(route)))
      .slice(0, ATTEMPTS_MAX - this.#attempts.length)
      .map((route) => this.#attempt(route, this.#timetable(route), nowMs));
    this.#attempts = [...this.#attempts, ...fresh];
    return fresh;
  }

  /** Where the peer is said to be now. */
  setRoutes(routes: readonly Route[]): void {
    this.#others = routes;
  }

  /** Gives up what leads elsewhere than allowed. */
  restrict(allowed: (route: Route) => boolean, board: Pick<AttemptBoard, 'remove'>): void {
    this.#others = this.#others.filter(allowed);
    const wanted = this.#wanted?.filter(allowed);
    this.#wanted = wanted?.length === 0 ? undefined : wanted;
    const ended = this.#attempts.filter(({ route }) => !allowed(route));
    this.#attempts = this.#attempts.filter(({ route }) => allowed(route));
    for (const attempt of ended) {
      attempt.cancel();
      board.remove(attempt);
    }
  }

  /** A fresh path, at once, on these routes or on all that are known. */
  hurry(routes = this.#routes(), isCalled = false): void {
    this.#isSecond = false;
    if (isCalled) for (const route of routes) this.#calledFrom.add(keyOf(route));
    this.#wanted = [...(this.#wanted ?? []), ...routes];
    this.#retryAtMs = 0;
  }

  /** The same, where nothing that is under way can be answered any more. */
  begin(board: Pick<AttemptBoard, 'remove'>): void {
    for (const attempt of this.#attempts) board.remove(attempt);
    this.cancel();
    this.hurry();
  }

  /** The peer called from there: one more attempt, beside those under way. */
  called(from: Route, bytesMax: number, nowMs: number): AttachAttempt | undefined {
    const isBusy = this.#attempts.length >= ATTEMPTS_MAX + CALLED_MAX;
    if (this.#proving || isBusy) return undefined;
    this.#calledFrom.add(keyOf(from));
    const attempt = this.#attempt(from, CALLED, nowMs, bytesMax);
    this.#attempts = [...this.#attempts, attempt];
    return attempt;
  }

  /** An attempt has its reply; the others are over. */
  won(winner: AttachAttempt): readonly AttachAttempt[] {
    const others = this.#attempts.filter((attempt) => attempt !== winner);
    for (const attempt of others) attempt.cancel();
    this.#attempts = [];
    this.#proving = true;
    return others;
  }

  /**
   * The path of an attempt that won did not prove itself: one lost packet is enough for that, and
   * the other attempts have ended. Beside a path that works it is tried once more.
   */
  unproven(route: Route, nowMs: number): void {
    const isBeside = this.link.path !== undefined && !this.link.doubted;
    if (!isBeside || this.#isSecond) return this.failed(nowMs);
    this.#proving = false;
    // An answer says no less than a call that the peer is there.
    this.hurry([route], true);
    this.#isSecond = true;
  }

  /** The peer's START came: the link goes on there. */
  proven(route: Route): void {
    this.#proving = false;
    this.#isSecond = false;
    this.#retryAtMs = 0;
    this.#wanted = undefined;
    this.#isLost = false;
    this.#calledFrom.clear();
    this.#route = route;
  }

  /** One attempt came to nothing; the last one to do so decides when to try again. */
  lost(lost: AttachAttempt, nowMs: number): void {
    if (!this.#attempts.includes(lost)) return;
    this.#attempts = this.#attempts.filter((attempt) => attempt !== lost);
    if (this.#attempts.length === 0) this.failed(nowMs);
  }

  /** All attempts, or an unproven path, came to nothing. */
  failed(nowMs: number): void {
    this.#proving = false;
    const { doubted, path } = this.link;
    this.#retryAtMs = nowMs + (path === undefined || doubted ? RETRY_MS : REFRESH_RETRY_MS);
  }

  /** The path was lost or is doubted: no other search is waited for. */
  pathLost(): void {
    this.#isLost = true;
    this.#retryAtMs = 0;
  }

  cancel(): void {
    for (const attempt of this.#attempts) attempt.cancel();
    this.#attempts = [];
  }

  /** The last path's route first. */
  #routes(): readonly Route[] {
    return [this.#route, ...this.#others];
  }

  #timetable(route: Route): Timetable {
    if (this.#isLast(route)) return LAST_ROUTE;
    const isBeside = this.link.path !== undefined && !this.link.doubted;
    return isBeside ? FURTHER_ROUTE : OTHER_ROUTE;
  }

  /** Where the last path led somebody has answered; elsewhere only the peer says that it is. */
  #isLast(route: Route): boolean {
    return keyOf(route) === keyOf(this.#route);
  }

  #attempt(route: Route, timetable: Timetable, nowMs: number, bytesMax?: number): AttachAttempt {
    const { random, emit, allocateStream, mayConnect, mayProbe } = this.#deps;
    const isProven = this.#isLast(route);
    const begin = (
      streamId: number,
    ): (Opening<AttachWon> & { opening: Uint8Array }) | undefined => {
      const id = this.#ids.take(isProven ? 0 : SPARE_IDS);
      if (id === undefined) return undefined;
      const root = this.link.established.attach;
      const { message, finish } = openAttach(random, root, this.link.expects, streamId);
      const { opening } = id;
      return {
        opening,
        message,
        finish: (reply) => {
          const attached = finish(reply);
          if (attached === undefined) return undefined;
          this.#ids.confirmed(id.block);
          return { ...attached, opening };
        },
      };
    };
    const key = this.#key;
    const peer = this.link.established.peerNoise;
    // The peer may call from there while this is under way.
    const isCalled = (): boolean => this.#calledFrom.has(keyOf(route));
    const mayGo = {
      udp: (atMs: number): boolean => mayProbe(peer, atMs, isCalled()),
      tcp: (atMs: number): boolean => mayConnect(peer, atMs, true),
      circuit: undefined, // its relay's link asks where it begins
    }[route.transport];
    const sending = { route, peer, key, random, emit, allocateStream, begin };
    const deps = { ...sending, mayGo: isProven ? undefined : mayGo, timetable, bytesMax };
    return new Attempt(deps, nowMs);
  }
}

/** As many of them as may be tried at once, none twice: endpoints, and circuits beside these. */
function atOnce(routes: readonly Route[]): Route[] {
  const all = [...new Map(routes.map((route) => [keyOf(route), route])).values()];
  const circuits = all.filter(({ transport }) => transport === 'circuit');
  const others = all.filter(({ transport }) => transport !== 'circuit');
  return [...others.slice(0, ATTACH_ROUTES_MAX), ...circuits.slice(0, ATTACH_CIRCUITS_MAX)];
}

function keyOf({ endpoint, transport, via }: Route): string {
  const guarded = via?.isHidden ? ' guarded' : '';
  const circuit = via ? ` ${hex(via.relay)} ${hex(via.slot)}${guarded}` : '';
  return `${transport} ${endpointKey(endpoint)}${circuit}`;
}
