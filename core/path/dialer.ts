/**
 * Dialer of one peer device: decides when to try which routes, so that a reachable peer is
 * linked soon and an absent one costs little (PTH-5 to PTH-7, PTH-15 to PTH-17).
 *
 *   resting --routes or want--> due --dial--> dialing --linked--> linked
 *      ^                         ^               | failed            | lost
 *      |   nothing to try        +---- backs off +<------------------+
 *
 * A dial is a race, with its back-off; or it goes by punch.ts: in a slot or beat, and steadily
 * after a race that failed while somebody waits. Those leave the back-off as it was.
 *
 * Sans-IO: call one `handle*`, drain `poll()`, sleep until `wakeAtMs()`.
 * @module
 */
import { unit, type Random } from '../base/time.ts';
import { sameRoutes, type Route } from './candidates.ts';
import { timetableOf, type Pace } from './punch.ts';

/** Waits between failed dials; the last one repeats. Each is stretched by up to a quarter. */
export const BACK_OFF_MS = [
  500, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 60_000, 120_000, 300_000,
];
/** A link that was lost sooner than this counts as a failed dial, so that flapping backs off. */
export const STABLE_LINK_MS = 10_000;
/** What a link without a path gets to resume before it is dialled afresh. */
export const RESUME_PATIENCE_MS = 1_500;
/** The same on the side that cannot resume it, and may alone still find the other. */
export const RESUME_PATIENCE_MS_RESPONDER = 500;
/** A race that found no answer ends after this time. */
export const DIAL_GIVE_UP_MS = 10_000;
/** Somebody waits for this long at least: the next beat of the other side comes meanwhile. */
export const EAGER_MS = 30_000;

export type DialerOutput =
  | { type: 'dial'; dial: number; routes: readonly Route[]; pace: Pace }
  | { type: 'cancel'; dial: number };

export class Dialer {
  #routes: readonly Route[] = [];
  #failures = 0;
  #turns = 0;
  #dueAtMs: number | undefined;
  #dialing: { dial: number; pace: Pace; giveUpAtMs: number } | undefined;
  #linkedAtMs: number | undefined;
  #eagerUntilMs = -Infinity;
  #out: DialerOutput[] = [];

  constructor(private readonly deps: { random: Random; nextDial: () => number }) {}

  poll(): DialerOutput | undefined {
    return this.#out.shift();
  }

  wakeAtMs(): number | undefined {
    return this.#dialing?.giveUpAtMs ?? this.#dueAtMs;
  }

  get state(): 'resting' | 'due' | 'dialing' | 'linked' {
    if (this.#linkedAtMs !== undefined) return 'linked';
    if (this.#dialing) return 'dialing';
    return this.#dueAtMs === undefined ? 'resting' : 'due';
  }

  /** Races in a row that led nowhere. */
  get failures(): number {
    return this.#failures;
  }

  /** Dials of any pace that led nowhere since there was anything new. */
  get turns(): number {
    return this.#turns;
  }

  /** New knowledge of where the device is. The same routes again change nothing. */
  handleRoutes(routes: readonly Route[], nowMs: number): void {
    if (sameRoutes(routes, this.#routes)) return;
    this.#routes = routes;
    this.#beginAnew();
    this.#schedule(nowMs);
  }

  /** Another key to the same place: what is tried with the former one is not worth waiting for. */
  handleGate(nowMs: number): void {
    if (this.#linkedAtMs !== undefined) return;
    this.#beginAnew();
    this.#schedule(nowMs);
  }

  /** Fresh word of the device, wherever it is: it is there, and may see us just now. */
  handleNews(nowMs: number): void {
    if (this.#linkedAtMs !== undefined) return;
    this.#eagerUntilMs = nowMs + EAGER_MS;
    this.#endBeat();
    if (!this.#dialing) this.#schedule(nowMs);
  }

  /** A person wants this device now, or a message waits for it. */
  handleWanted(nowMs: number): void {
    if (this.#linkedAtMs !== undefined) return;
    this.#eagerUntilMs = nowMs + EAGER_MS;
    this.#endBeat();
    if (this.#dialing) return;
    this.#failures = Math.min(this.#failures, 2);
    this.#schedule(Math.min(this.#dueAtMs ?? Infinity, nowMs + this.#backOffMs()));
  }

  /** A slot or beat of the pair has come. A race under way opens our router as well. */
  handlePunch(pace: Exclude<Pace, 'race'>, nowMs: number): void {
    if (this.#linkedAtMs !== undefined || this.#dialing) return;
    if (this.#udpRoutes > 0) this.#dial(pace, nowMs);
  }

  /** A link is up, whoever dialled it. */
  handleLinked(nowMs: number): void {
    this.#linkedAtMs = nowMs;
    this.#dueAtMs = undefined;
    this.#eagerUntilMs = -Infinity;
    if (this.#dialing) this.#cancel();
  }

  handleLinkLost(nowMs: number): void {
    const stable = this.#linkedAtMs !== undefined && nowMs - this.#linkedAtMs >= STABLE_LINK_MS;
    this.#failures = stable ? 0 : this.#failures + 1;
    this.#turns = stable ? 0 : this.#turns + 1;
    this.#linkedAtMs = undefined;
    this.#schedule(nowMs + this.#backOffMs());
  }

  /**
   * The link has no path. It resumes by itself where its far side still lives; where that one
   * has restarted, only a fresh dial helps, and its link replaces the old one.
   */
  handlePathLost(patienceMs: number, nowMs: number): void {
    if (this.#linkedAtMs === undefined) return;
    this.#linkedAtMs = undefined;
    this.#failures = 0;
    this.#turns = 0;
    this.#schedule(nowMs + patienceMs);
  }

  /** This computer woke or has other addresses: who was out of reach may not be any more. */
  handleNetworkChange(nowMs: number): void {
    if (this.#linkedAtMs !== undefined) return;
    if (this.#dialing) this.#cancel();
    this.#failures = 0;
    this.#schedule(nowMs);
  }

  handleDialFailed(dial: number, nowMs: number): void {
    if (this.#dialing?.dial !== dial) return;
    const { pace } = this.#dialing;
    this.#dialing = undefined;
    this.#turns++;
    if (pace !== 'race') return;
    this.#failures++;
    this.#schedule(nowMs + this.#backOffMs());
    if (nowMs < this.#eagerUntilMs && this.#udpRoutes > 0) this.#dial('steady', nowMs);
  }

  handleTimeout(nowMs: number): void {
    if (this.#dialing) {
      const { dial, giveUpAtMs, pace } = this.#dialing;
      if (nowMs < giveUpAtMs) return;
      this.#cancel();
      this.#dialing = { dial, giveUpAtMs, pace };
      this.handleDialFailed(dial, nowMs);
    } else if (this.#dueAtMs !== undefined && nowMs >= this.#dueAtMs) {
      this.#dueAtMs = undefined;
      this.#dial('race', nowMs);
    }
  }

  /** The contact is gone or blocked. */
  stop(): void {
    this.#routes = [];
    this.#dueAtMs = undefined;
    if (this.#dialing) this.#cancel();
  }

  get #udpRoutes(): number {
    return this.#routes.filter(({ transport }) => transport === 'udp').length;
  }

  #dial(pace: Pace, nowMs: number): void {
    const dial = this.deps.nextDial();
    const giveUpMs = timetableOf(pace, this.#udpRoutes)?.giveUpMs ?? DIAL_GIVE_UP_MS;
    this.#dialing = { dial, pace, giveUpAtMs: nowMs + giveUpMs };
    this.#out.push({ type: 'dial', dial, routes: this.#routes, pace });
  }

  #beginAnew(): void {
    this.#failures = 0;
    this.#turns = 0;
    if (this.#dialing) this.#cancel();
  }

  /** A beat under way sends nothing more: something livelier may begin. */
  #endBeat(): void {
    if (this.#dialing?.pace === 'single') this.#cancel();
  }

  #schedule(atMs: number): void {
    const idle = this.#linkedAtMs !== undefined || this.#routes.length === 0;
    this.#dueAtMs = idle ? undefined : atMs;
  }

  #cancel(): void {
    this.#out.push({ type: 'cancel', dial: this.#dialing!.dial });
    this.#dialing = undefined;
  }

  #backOffMs(): number {
    if (this.#failures === 0) return 0;
    const base = BACK_OFF_MS[Math.min(this.#failures, BACK_OFF_MS.length) - 1]!;
    return base * (1 + unit(this.deps.random) / 4);
  }
}

/**
 * How long a link without a path may look for the next one itself before it is dialled around.
 * @param resumes it is ours to look: where we answered, the peer has to.
 */
export function patienceMs(resumes: boolean, why: 'lost' | 'woke' | 'moved'): number {
  if (why === 'woke') return RESUME_PATIENCE_MS;
  // It cannot find us where we are no more.
  if (why === 'moved') return resumes ? RESUME_PATIENCE_MS_RESPONDER : 0;
  return resumes ? RESUME_PATIENCE_MS : RESUME_PATIENCE_MS_RESPONDER;
}
