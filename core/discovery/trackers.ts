/**
 * Trackers: under which hashes we are announced where, and who else is there (TRK-5 to TRK-9).
 *
 *   targets, the most wanted first --> a lane per tracker and family --> announces, questions
 *   answers --> endpoints that can be somebody's: public, not ours, few of each answer
 *
 * ⚑ A tracker may name anybody's address to anybody, and many know us under one hash. So what it
 * says is a hint, of which little is taken; who is there, a handshake shows.
 *
 * Sans-IO: call one method, drain `poll()`, sleep until `wakeAtMs()`. A `resolve` is answered by
 * one `handleResolved`, a `fetch` by one `handleFetched`.
 * @module
 */
import { endpointKey, scopeOf, type Endpoint, type Family } from '../base/endpoint.ts';
import { hex } from '../base/bytes.ts';
import { earliest, randomInt, type Random } from '../base/time.ts';
import type { Ports } from './peer-search.ts';
import { newPeerName } from './tracker-announce.ts';
import { TrackerLane, type LaneOutput, type LaneTarget } from './tracker-lane.ts';
import { TRACKERS_MAX, trackerText, type Tracker } from './tracker-url.ts';

/** Hashes at a time; more are left out, the least wanted first. */
export const TARGETS_MAX = 80;
/** Endpoints taken of one answer, by chance. */
export const PEERS_TAKEN_MAX = 16;
const FAMILIES: readonly Family[] = ['v4', 'v6'];

export interface TrackerTarget {
  /** 20 bytes. */
  readonly hash: Uint8Array;
  /** Under which others reach us, by family; where there is none, that family is left out. */
  readonly ports: Ports;
  readonly isWanted: boolean;
  /** Only asked, once: we are gone again with the answer. */
  readonly isQuestion?: boolean;
}

export type TrackersOutput =
  | Exclude<LaneOutput, { type: 'answer' }>
  /** Others under a hash, told by its hex. */
  | { readonly type: 'peers'; readonly hash: string; readonly peers: readonly Endpoint[] };

export interface TrackersDeps {
  readonly random: Random;
  /** Lab and loopback addresses count as public. */
  readonly allowReserved: boolean;
  /** One of our own? */
  isOurs(endpoint: Endpoint): boolean;
}

export class Trackers {
  #lanes: TrackerLane[] = [];
  #targets = new Map<string, Target>();
  #nextAsk = 1;
  readonly #out: TrackersOutput[] = [];
  readonly #counts = { announced: 0, answers: 0, named: 0 };

  constructor(private readonly deps: TrackersDeps) {}

  /** From now on these; those that were there before go on. */
  use(list: readonly Tracker[]): void {
    const texts = new Map(list.slice(0, TRACKERS_MAX).map((one) => [trackerText(one), one]));
    const kept = this.#lanes.filter(({ tracker }) => texts.has(trackerText(tracker)));
    const isKept = (text: string, family: Family): boolean =>
      kept.some((lane) => lane.family === family && trackerText(lane.tracker) === text);
    for (const [text, tracker] of texts) {
      for (const family of FAMILIES) {
        if (!isKept(text, family)) kept.push(this.#lane(tracker, family));
      }
    }
    this.#lanes = kept;
  }

  /** Whom we look for now, the most wanted first; the others are left, and told so. */
  setTargets(wanted: readonly TrackerTarget[]): void {
    const targets = new Map<string, Target>();
    for (const one of wanted.slice(0, TARGETS_MAX)) {
      const name = hex(one.hash);
      const peer = this.#targets.get(name)?.peer ?? newPeerName(this.deps.random);
      targets.set(name, new Target(name, peer, one));
    }
    for (const [name, target] of this.#targets) {
      if (!targets.has(name)) for (const lane of this.#lanes) lane.leave(target);
    }
    this.#targets = targets;
  }

  /** Nothing more leaves under this hash, given by its hex: not even a goodbye. */
  hush(name: string): void {
    this.#targets.delete(name);
    for (const lane of this.#lanes) lane.hush(name);
  }

  /** We are elsewhere, or slept: what was said of us is old. */
  handleMove(): void {
    for (const lane of this.#lanes) lane.handleMove();
  }

  /** True where it was a tracker's answer. */
  handleDatagram(from: Endpoint, bytes: Uint8Array, nowMs: number): boolean {
    return this.#lanes.some((lane) => lane.handleDatagram(from, bytes, nowMs));
  }

  handleResolved(ask: number, endpoints: readonly Endpoint[], nowMs: number): void {
    for (const lane of this.#lanes) lane.handleResolved(ask, endpoints, nowMs);
  }

  handleFetched(ask: number, body: Uint8Array | undefined, nowMs: number): void {
    for (const lane of this.#lanes) lane.handleFetched(ask, body, nowMs);
  }

  handleTimeout(nowMs: number): void {
    for (const lane of this.#lanes) lane.handleTimeout(this.#targets.values(), nowMs);
  }

  /** -Infinity for at once. */
  wakeAtMs(): number | undefined {
    let soonest: number | undefined;
    for (const lane of this.#lanes) {
      soonest = earliest(soonest, lane.wakeAtMs(this.#targets.values()));
    }
    return soonest;
  }

  /** We end: they are told, as far as that needs no answer. */
  stop(nowMs: number): void {
    this.setTargets([]);
    for (const lane of this.#lanes) lane.hurryGoodbyes(nowMs);
  }

  poll(): TrackersOutput | undefined {
    return this.#out.shift();
  }

  /** How many trackers there are, and how many of them have answered and have not, of late. */
  get state(): { readonly set: number; readonly answering: number; readonly silent: number } {
    const byTracker = new Map<string, (boolean | undefined)[]>();
    for (const { answers, tracker } of this.#lanes) {
      const text = trackerText(tracker);
      byTracker.set(text, [...(byTracker.get(text) ?? []), answers]);
    }
    const all = [...byTracker.values()];
    const answering = all.filter((lanes) => lanes.includes(true)).length;
    const asked = all.filter((lanes) => lanes.some((answers) => answers !== undefined)).length;
    return { set: all.length, answering, silent: asked - answering };
  }

  stats(): Record<string, number> {
    const visits = this.#lanes.reduce((sum, { size }) => sum + size, 0);
    const { length: lanes } = this.#lanes;
    return {
      lanes,
      targets: this.#targets.size,
      visits,
      outputs: this.#out.length,
      ...this.#counts,
    };
  }

  #lane(tracker: Tracker, family: Family): TrackerLane {
    return new TrackerLane(tracker, family, {
      random: this.deps.random,
      nextAsk: () => this.#nextAsk++,
      say: (output) => this.#say(output),
    });
  }

  #say(output: LaneOutput): void {
    switch (output.type) {
      case 'answer':
        this.#counts.answers++;
        this.#out.push({ type: 'peers', hash: output.target, peers: this.#taken(output.peers) });
        return;
      default:
        this.#counts.announced++;
        this.#out.push(output);
    }
  }

  #taken(peers: readonly Endpoint[]): Endpoint[] {
    const { allowReserved, isOurs, random } = this.deps;
    const mayBe = (endpoint: Endpoint): boolean => {
      const scope = scopeOf(endpoint.host);
      const isOutside = scope === 'public' || (allowReserved && scope !== 'link-local');
      return isOutside && scope !== 'private' && !isOurs(endpoint);
    };
    const left = [...new Map(peers.filter(mayBe).map((one) => [endpointKey(one), one])).values()];
    const taken: Endpoint[] = [];
    while (left.length > 0 && taken.length < PEERS_TAKEN_MAX) {
      taken.push(...left.splice(randomInt(random, left.length), 1));
    }
    this.#counts.named += taken.length;
    return taken;
  }
}

class Target implements LaneTarget {
  readonly hash: Uint8Array;
  readonly isWanted: boolean;
  readonly isQuestion: boolean;
  readonly #ports: Ports;

  constructor(
    readonly name: string,
    readonly peer: LaneTarget['peer'],
    { hash, isQuestion, isWanted, ports }: TrackerTarget,
  ) {
    this.hash = hash;
    this.isWanted = isWanted;
    this.isQuestion = isQuestion === true;
    this.#ports = ports;
  }

  readonly port = (family: Family): number | undefined => this.#ports[family];
}
