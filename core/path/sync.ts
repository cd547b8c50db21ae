/**
 * Sync: how two ends of a link that leads through a relay open their routers for a direct path at
 * one instant (PTH-21).
 *
 *   initiator                     responder
 *       |------- ask ----------------->|
 *       |<------ ready ----------------|     their round trip is measured
 *       |------- go ------------------>|     calls leave to the initiator's candidates (calls.ts)
 *   half a round trip later:           |
 *   attach flights leave ==============X==== both openings are there before either packet arrives
 *
 *   2 s later, where one router gives ports by chance and the other lets in answers alone:
 *       |------- many --------------->|     both begin a birthday punch (birthday.ts)
 *
 *   link message: m = "s", n = 0 ask, 1 ready, 2 go, 3 many
 *
 * The first try is made at once, another as soon as one side has learned where it is, or told it
 * anew. Tries are repeated after 30 s, 2 min, 10 min and then each hour, while the path is no
 * better.
 * Sans-IO and pure but for its own state: one object per link.
 * @module
 */
import { asInt, encode, type Dict } from '../base/bencode.ts';
import { earliest } from '../base/time.ts';
import { BIRTHDAY_MS } from './birthday.ts';

const STEPS = ['ask', 'ready', 'go', 'many'] as const;
export type SyncStep = (typeof STEPS)[number];

/** Waits after each try. */
export const SYNC_AGAIN_MS = [30_000, 120_000, 600_000, 3_600_000];
/** An answer later than this says nothing of the round trip. */
export const SYNC_ANSWER_MS = 5_000;
/** After news of where one side is; so many of them as long as the link goes by that relay. */
export const SYNC_NEWS_MS = 400;
export const SYNC_NEWS_MAX = 6;
/** The responder opens at most so often in such a time. */
export const SYNC_WINDOW_MS = 10_000;
export const SYNC_OPENINGS_MAX = 7;
/** After a go, the initiator listens for calls this long. */
export const SYNC_LISTEN_MS = 10_000;
/** What a direct path may take until chance is tried; and calls are listened for that long then. */
export const SYNC_MANY_MS = 2_000;

export function encodeSync(step: SyncStep): Uint8Array<ArrayBuffer> {
  return encode({ m: 's', n: STEPS.indexOf(step) });
}

/** Reads a link message named `s`; undefined where it is none of ours. */
export function decodeSync(dict: Dict): SyncStep | undefined {
  const step = asInt(dict['n'], 0, STEPS.length - 1);
  return step === undefined ? undefined : STEPS[step];
}

export type SyncOutput =
  { type: 'say'; step: SyncStep } | { type: 'attach' } | { type: 'open' } | { type: 'many' };

export class Sync {
  #out: SyncOutput[] = [];
  #tries = 0;
  #askAtMs: number | undefined;
  /** Of the ask that has no answer yet, and of the last one. */
  #askedAtMs: number | undefined;
  #lastAskMs: number | undefined;
  #attachAtMs: number | undefined;
  #newsLeft = SYNC_NEWS_MAX;
  #listensUntilMs = -Infinity;
  #manyAtMs: number | undefined;
  /** The responder's side: an ask was answered, and when openings were made of late. */
  #isReady = false;
  #openedAtMs: number[] = [];

  constructor(
    private readonly initiator: boolean,
    nowMs: number,
  ) {
    if (initiator) this.#askAtMs = nowMs;
  }

  /** Calls of the far side are due, or may still come. */
  listens(nowMs: number): boolean {
    return nowMs < this.#listensUntilMs;
  }

  /** A birthday punch begins: calls may come for as long as it lasts. */
  handleMany(nowMs: number): void {
    this.#listensUntilMs = nowMs + BIRTHDAY_MS;
  }

  poll(): SyncOutput | undefined {
    return this.#out.shift();
  }

  wakeAtMs(): number | undefined {
    return earliest(this.#askAtMs, this.#attachAtMs, this.#manyAtMs);
  }

  handleTimeout(nowMs: number): void {
    if (this.#attachAtMs !== undefined && nowMs >= this.#attachAtMs) {
      this.#attachAtMs = undefined;
      this.#out.push({ type: 'attach' });
    }
    if (this.#manyAtMs !== undefined && nowMs >= this.#manyAtMs) {
      this.#manyAtMs = undefined;
      this.#out.push({ type: 'many' });
    }
    if (this.#askAtMs === undefined || nowMs < this.#askAtMs) return;
    const againMs = SYNC_AGAIN_MS[Math.min(this.#tries++, SYNC_AGAIN_MS.length - 1)]!;
    this.#askAtMs = nowMs + againMs;
    this.#askedAtMs = nowMs;
    this.#lastAskMs = nowMs;
    this.#out.push({ type: 'say', step: 'ask' });
  }

  /** One side has said where it is, and that is new. */
  handleNews(nowMs: number): void {
    if (!this.initiator || this.#newsLeft <= 0) return;
    this.#newsLeft--;
    const soonestMs = Math.max(nowMs, (this.#lastAskMs ?? -Infinity) + SYNC_NEWS_MS);
    this.#askAtMs = earliest(this.#askAtMs, soonestMs);
  }

  /** What the far side says. A step out of turn means nothing. */
  handleStep(step: SyncStep, nowMs: number): void {
    if (this.initiator) this.#handleReady(step, nowMs);
    else if (step === 'ask') {
      this.#openedAtMs = this.#openedAtMs.filter((atMs) => atMs > nowMs - SYNC_WINDOW_MS);
      this.#isReady = this.#openedAtMs.length < SYNC_OPENINGS_MAX;
      if (this.#isReady) this.#out.push({ type: 'say', step: 'ready' });
    } else if (step === 'go' && this.#isReady) {
      this.#isReady = false;
      this.#openedAtMs.push(nowMs);
      this.#out.push({ type: 'open' });
    } else if (step === 'many' && this.#openedAtMs.length > 0) {
      this.#out.push({ type: 'many' });
    }
  }

  #handleReady(step: SyncStep, nowMs: number): void {
    if (step !== 'ready' || this.#askedAtMs === undefined) return;
    const rttMs = nowMs - this.#askedAtMs;
    this.#askedAtMs = undefined;
    if (rttMs > SYNC_ANSWER_MS) return;
    this.#attachAtMs = nowMs + rttMs / 2;
    this.#manyAtMs = this.#attachAtMs + SYNC_MANY_MS;
    this.#listensUntilMs = Math.max(this.#listensUntilMs, nowMs + SYNC_LISTEN_MS);
    this.#out.push({ type: 'say', step: 'go' });
  }
}
