/**
 * Tracker lane: one tracker over one family, asked one thing at a time (TRK-5 to TRK-8).
 *
 *            .----------------- http: fetching -----------------.
 *   idle --due--> resolving --> connecting --> announcing --answer--> idle until the interval ends
 *      ^             '--------------'--------------'--silence--> back-off, 1 min to 1 h
 *      '----------------------------------------------------------------------'
 *
 * UDP gets lost, and somebody may be waiting: a question leaves at most three times in half a
 * minute, sooner than BEP 15 says it again, and then the tracker rests.
 * @module
 */
import {
  endpointKey,
  familyOf,
  parseAddress,
  type Endpoint,
  type Family,
} from '../base/endpoint.ts';
import { earliest, unit, type Random } from '../base/time.ts';
import {
  PEERS_WANTED,
  type Announce,
  type AnnounceEvent,
  type PeerName,
  type TrackerAnswer,
} from './tracker-announce.ts';
import { announcePath, decodeHttpAnswer } from './tracker-http.ts';
import { decodeUdpReply, encodeAnnounce, encodeConnect } from './tracker-udp.ts';
import type { Tracker } from './tracker-url.ts';

/** A tracker's interval counts between these; where it says none, half an hour does. */
export const INTERVAL_MS_MIN = 60_000;
export const INTERVAL_MS_MAX = 3_600_000;
const INTERVAL_MS = 1_800_000;
/** While a person waits: sooner, but no sooner than the tracker says, or than this. */
export const WISH_EVERY_MS = 300_000;
/** A tracker that does not answer, or with nonsense, rests for so long; the last repeats. */
export const TRACKER_BACK_OFF_MS = [60_000, 120_000, 300_000, 900_000, 3_600_000];
/** After a refusal the hash is asked for again after this, and each time twice that. */
const REFUSED_AGAIN_MS = 60_000;
/** Waits after each time that a question leaves by UDP. */
export const UDP_WAITS_MS = [5_000, 10_000, 15_000];
/** Names and HTTP have limits of their own; this one only keeps the lane going. */
const LATE_MS = 60_000;
/** BEP 15: so long a connection may be used. */
const CONNECTION_MS = 60_000;
/** Places of a name are asked for anew. */
const RESOLVED_MS = 3_600_000;
const TRANSACTION_BYTES = 4;
/** Goodbyes that wait; the oldest gives way, and the tracker forgets us by itself. */
const GOODBYES_MAX = 64;

export interface LaneTarget {
  /** Hex of the hash. */
  readonly name: string;
  readonly hash: Uint8Array;
  readonly peer: PeerName;
  /** Under which others reach us over this family. */
  port(family: Family): number | undefined;
  /** A person or a message waits for whoever is there. */
  readonly isWanted: boolean;
  /** Only asked, once: nobody is to find us there. */
  readonly isQuestion: boolean;
}

export type LaneOutput =
  | { readonly type: 'send'; readonly to: Endpoint; readonly bytes: Uint8Array }
  | { readonly type: 'resolve'; readonly ask: number; readonly host: string; readonly port: number }
  | {
      readonly type: 'fetch';
      readonly ask: number;
      readonly tracker: Tracker;
      readonly family: Family;
      readonly path: string;
    }
  /** `peers` as the tracker named them. */
  | { readonly type: 'answer'; readonly target: string; readonly peers: readonly Endpoint[] };

interface Visit {
  dueAtMs: number;
  /** The same where a person waits. */
  wishAtMs: number;
  /** Does the tracker know us there? */
  isKnown: boolean;
  refusals: number;
}

interface UnderWay {
  readonly ask: number;
  readonly target: string;
  readonly announce: Announce;
  readonly isQuestion: boolean;
  /** Nobody is to find us there any more: a goodbye follows the answer. */
  isLeft: boolean;
  step: 'resolving' | 'connecting' | 'announcing' | 'fetching';
  transaction: Uint8Array;
  /** How often it has left. */
  tries: number;
  /** When it leaves again, or is given up. */
  nextAtMs: number;
}

export interface LaneDeps {
  readonly random: Random;
  nextAsk(): number;
  say(output: LaneOutput): void;
}

export class TrackerLane {
  readonly #visits = new Map<string, Visit>();
  #goodbyes: { readonly target: string; readonly announce: Announce }[] = [];
  #underWay: UnderWay | undefined;
  #endpoint: Endpoint | undefined;
  #resolvedAtMs = -Infinity;
  #connection: { readonly bytes: Uint8Array; readonly untilMs: number } | undefined;
  #failures = 0;
  #restUntilMs = -Infinity;
  #hasAnswered = false;

  constructor(
    readonly tracker: Tracker,
    readonly family: Family,
    private readonly deps: LaneDeps,
  ) {}

  /** Did it answer when it was asked last, or has it not been asked? Undefined for the latter. */
  get answers(): boolean | undefined {
    if (this.#failures > 0) return false;
    return this.#hasAnswered ? true : undefined;
  }

  get size(): number {
    return this.#visits.size + this.#goodbyes.length;
  }

  /** We are elsewhere, or have slept: what the tracker knows of us is old. */
  handleMove(): void {
    this.#visits.clear();
    this.#goodbyes = [];
    this.#underWay = undefined;
    this.#forgetPlace();
    this.#failures = 0;
    this.#restUntilMs = -Infinity;
  }

  /** Not a word more of this one, whatever was to be said. */
  hush(name: string): void {
    this.#visits.delete(name);
    this.#goodbyes = this.#goodbyes.filter(({ target }) => target !== name);
    if (this.#underWay?.target === name) this.#underWay = undefined;
  }

  /** Under this hash nobody is to find us any more. */
  leave({ hash, name, peer, port }: LaneTarget): void {
    const visit = this.#visits.get(name);
    this.#visits.delete(name);
    if (this.#underWay?.target === name) this.#underWay.isLeft = true;
    const at = port(this.family);
    if (!visit?.isKnown || at === undefined) return;
    const announce = { hash, ...peer, event: 'stopped' as const, port: at, wanted: 0 };
    this.#goodbyes.push({ target: name, announce });
    this.#goodbyes.splice(0, this.#goodbyes.length - GOODBYES_MAX);
  }

  /** Whatever is to be said goes out now, for there is no later; no answer is waited for. */
  hurryGoodbyes(nowMs: number): void {
    this.#underWay = undefined;
    const connection = this.#connection;
    for (const { announce } of this.#goodbyes.splice(0)) {
      if (this.tracker.kind !== 'udp') this.#fetch(this.deps.nextAsk(), announce);
      else if (this.#endpoint && connection && nowMs < connection.untilMs) {
        const transaction = this.deps.random(TRANSACTION_BYTES);
        const bytes = encodeAnnounce(connection.bytes, transaction, announce);
        this.deps.say({ type: 'send', to: this.#endpoint, bytes });
      }
    }
  }

  /** @param targets the most wanted first. */
  handleTimeout(targets: Iterable<LaneTarget>, nowMs: number): void {
    const { tracker } = this;
    if (this.#underWay && nowMs >= this.#underWay.nextAtMs) {
      const isOver = tracker.kind !== 'udp' || this.#underWay.tries >= UDP_WAITS_MS.length;
      if (isOver || this.#underWay.step === 'resolving') this.#fail(nowMs);
      else this.#send(this.#underWay, nowMs);
    }
    if (this.#underWay || nowMs < this.#restUntilMs) return;
    const next = this.#next(targets, nowMs);
    if (next) this.#begin(next, nowMs);
  }

  wakeAtMs(targets: Iterable<LaneTarget>): number | undefined {
    if (this.#underWay) return this.#underWay.nextAtMs;
    let soonest = this.#goodbyes.length > 0 ? this.#restUntilMs : undefined;
    for (const target of targets) soonest = earliest(soonest, this.#dueAtMs(target));
    return soonest === undefined ? undefined : Math.max(soonest, this.#restUntilMs);
  }

  handleResolved(ask: number, endpoints: readonly Endpoint[], nowMs: number): void {
    const underWay = this.#underWay;
    if (underWay?.ask !== ask || underWay.step !== 'resolving') return;
    const endpoint = endpoints.find((one) => familyOf(one) === this.family);
    if (!endpoint) return this.#fail(nowMs);
    this.#endpoint = endpoint;
    this.#resolvedAtMs = nowMs;
    this.#speak(underWay, nowMs);
  }

  /** @param body undefined where nothing came. */
  handleFetched(ask: number, body: Uint8Array | undefined, nowMs: number): void {
    if (this.#underWay?.ask !== ask) return;
    const answer = body && decodeHttpAnswer(body);
    if (answer) this.#take(answer, nowMs);
    else this.#fail(nowMs);
  }

  /** True where it answers what was asked there, and nothing else is under way. */
  handleDatagram(from: Endpoint, bytes: Uint8Array, nowMs: number): boolean {
    const underWay = this.#underWay;
    if (!underWay || !this.#endpoint || underWay.tries === 0) return false;
    if (endpointKey(from) !== endpointKey(this.#endpoint)) return false;
    const reply = decodeUdpReply(bytes, underWay.transaction, this.family);
    if (!reply) return false;
    if (reply.type === 'connected' && underWay.step === 'connecting') {
      this.#connection = { bytes: reply.connection, untilMs: nowMs + CONNECTION_MS };
      this.#speak(underWay, nowMs);
    } else if (reply.type === 'answer' && underWay.step === 'announcing') {
      this.#take(reply.answer, nowMs);
    } else if (reply.type === 'error' && underWay.step === 'announcing') {
      this.#connection = undefined; // perhaps it is that which it does not know any more
      this.#take({ isRefused: true, intervalMs: undefined, minMs: undefined, peers: [] }, nowMs);
    } else if (reply.type === 'error') this.#fail(nowMs);
    return true;
  }

  #dueAtMs(target: LaneTarget): number | undefined {
    if (target.port(this.family) === undefined) return undefined;
    const visit = this.#visits.get(target.name);
    if (!visit) return -Infinity;
    return target.isWanted ? visit.wishAtMs : visit.dueAtMs;
  }

  #next(
    targets: Iterable<LaneTarget>,
    nowMs: number,
  ): Pick<UnderWay, 'target' | 'announce' | 'isQuestion'> | undefined {
    for (const target of targets) {
      const dueAtMs = this.#dueAtMs(target);
      if (dueAtMs === undefined || dueAtMs > nowMs) continue;
      const { hash, isQuestion, name, peer } = target;
      const event: AnnounceEvent | undefined = this.#visits.get(name)?.isKnown
        ? undefined
        : 'started';
      const port = target.port(this.family)!;
      this.#goodbyes = this.#goodbyes.filter((one) => one.target !== name);
      const announce = { hash, ...peer, event, port, wanted: PEERS_WANTED };
      return { target: name, announce, isQuestion };
    }
    const goodbye = this.#goodbyes.shift();
    return goodbye && { ...goodbye, isQuestion: false };
  }

  #begin(next: Pick<UnderWay, 'target' | 'announce' | 'isQuestion'>, nowMs: number): void {
    const { host, kind, port } = this.tracker;
    const ask = this.deps.nextAsk();
    const nextAtMs = nowMs + LATE_MS;
    const transaction = new Uint8Array(0);
    const fresh = { isLeft: false, step: 'fetching' as const, transaction, tries: 0 };
    const underWay: UnderWay = { ...next, ...fresh, ask, nextAtMs };
    this.#underWay = underWay;
    if (kind !== 'udp') return this.#fetch(ask, next.announce);
    if (parseAddress(host)) this.#endpoint = { host, port };
    else if (!this.#endpoint || nowMs - this.#resolvedAtMs > RESOLVED_MS) {
      underWay.step = 'resolving';
      return this.deps.say({ type: 'resolve', ask, host, port });
    }
    this.#speak(underWay, nowMs);
  }

  #fetch(ask: number, announce: Announce): void {
    const { family, tracker } = this;
    const path = announcePath(tracker.path, announce);
    this.deps.say({ type: 'fetch', ask, tracker, family, path });
  }

  /** The next thing to say by UDP. */
  #speak(underWay: UnderWay, nowMs: number): void {
    const isConnected = this.#connection !== undefined && nowMs < this.#connection.untilMs;
    underWay.step = isConnected ? 'announcing' : 'connecting';
    underWay.transaction = this.deps.random(TRANSACTION_BYTES);
    underWay.tries = 0;
    this.#send(underWay, nowMs);
  }

  #send(underWay: UnderWay, nowMs: number): void {
    const { announce, step, transaction } = underWay;
    const bytes =
      step === 'connecting'
        ? encodeConnect(transaction)
        : encodeAnnounce(this.#connection!.bytes, transaction, announce);
    underWay.nextAtMs = nowMs + UDP_WAITS_MS[underWay.tries]!;
    underWay.tries++;
    this.deps.say({ type: 'send', to: this.#endpoint!, bytes });
  }

  #take({ intervalMs, isRefused, minMs, peers }: TrackerAnswer, nowMs: number): void {
    const { announce, isLeft, isQuestion, target } = this.#underWay!;
    this.#underWay = undefined;
    this.#failures = 0;
    this.#hasAnswered = true;
    if (announce.event === 'stopped') return;
    if ((isLeft || isQuestion) && !isRefused) {
      const goodbye = { ...announce, event: 'stopped' as const, wanted: 0 };
      this.#goodbyes.push({ target, announce: goodbye });
    }
    if (isLeft) return;
    const refusals = isRefused ? (this.#visits.get(target)?.refusals ?? 0) + 1 : 0;
    const againMs = isRefused
      ? REFUSED_AGAIN_MS * 2 ** (refusals - 1)
      : (intervalMs ?? INTERVAL_MS);
    const dueMs = within(againMs);
    const wishMs = isRefused ? dueMs : within(minMs ?? Math.min(dueMs, WISH_EVERY_MS));
    const jitter = 1 + unit(this.deps.random) / 10;
    this.#visits.set(target, {
      dueAtMs: isQuestion ? Infinity : nowMs + dueMs * jitter,
      wishAtMs: isQuestion ? Infinity : nowMs + Math.min(wishMs, dueMs) * jitter,
      isKnown: !isRefused && !isQuestion,
      refusals,
    });
    this.deps.say({ type: 'answer', target, peers });
  }

  #fail(nowMs: number): void {
    this.#underWay = undefined;
    this.#forgetPlace();
    const step = Math.min(this.#failures, TRACKER_BACK_OFF_MS.length - 1);
    this.#failures++;
    this.#goodbyes = []; // it is to forget us, and does so by itself
    this.#restUntilMs = nowMs + TRACKER_BACK_OFF_MS[step]! * (1 + unit(this.deps.random) / 4);
  }

  #forgetPlace(): void {
    this.#endpoint = undefined;
    this.#connection = undefined;
  }
}

function within(ms: number): number {
  return Math.min(Math.max(ms, INTERVAL_MS_MIN), INTERVAL_MS_MAX);
}
