/**
 * Context: what every composing part of the node shares: the time of the input being handled, the
 * queue of effects, and vault requests with what to do on their answer.
 * @module
 */
import { assert } from '../base/assert.ts';
import type { Endpoint } from '../base/endpoint.ts';
import { TIME_MS_MAX } from '../base/limits.ts';
import type { Policy } from '../base/policy.ts';
import type { Now, Random } from '../base/time.ts';
import type { VaultReply, VaultRequest } from '../base/vault.ts';
import { NetworkTime } from '../discovery/network-time.ts';
import type { Serving } from '../commands.ts';
import type { Effect, LogField, LogLevel, Notice, TrackerRequest } from '../effects.ts';

/** What the daemon's configuration decides. */
export interface NodeProfile {
  /** Where to enter the DHT when nothing is remembered: `host:port`, names allowed. */
  readonly bootstrap: readonly string[];
  /** False for a partner inside this computer: no DHT, no published record. */
  readonly dht: boolean;
  /** BEP 43: ask, but do not answer. */
  readonly readOnly: boolean;
  /** Lab and loopback addresses count as public. */
  readonly allowReserved: boolean;
  /** Our policy towards people whom we add, invite or let in from now on; else Automatic. */
  readonly policy?: Policy;
  /** Relays; absent, there are none. */
  readonly relay?: {
    /** Whom this device serves as one. */
    readonly serve: Serving;
    /** Those to use, as text. */
    readonly list: readonly string[];
    /** Are strangers' ones looked for where these and those of contacts do not suffice? */
    readonly public?: boolean;
  };
  /** Trackers to be found by, as text; absent, there are none. */
  readonly trackers?: readonly string[];
  /** What people we add see; undefined to stay nameless. */
  readonly displayName: string | undefined;
}

type Failed = Extract<VaultReply, { op: 'failed' }>;
/** The replies whose `op` may be `Op`. */
type ReplyTo<Op, Reply = VaultReply> = Reply extends { op: infer Said }
  ? Op extends Said
    ? Reply
    : never
  : never;
export type VaultAnswer<Op extends VaultRequest['op']> = ReplyTo<Op> | Failed;

export class Context {
  now: Now = { monoMs: 0, wallMs: 0 };
  /** Replaced once it is known when clocks last agreed. */
  clock = new NetworkTime();
  #effects: Effect[] = [];
  #head = 0;
  #nextRequest = 1;
  readonly #waiting = new Map<number, (reply: VaultReply) => void>();
  readonly #resolving = new Map<number, (endpoints: readonly Endpoint[]) => void>();
  readonly #fetching = new Map<number, (body: Uint8Array | undefined) => void>();

  constructor(
    readonly random: Random,
    /** The name and the policy in it may change; the rest is as it was at the start. */
    public profile: NodeProfile,
  ) {}

  /**
   * The time that people read, ms since 1970: an odd wall clock is put right where possible, and
   * never beyond what others take for a time (EVT-5).
   */
  get shownMs(): number {
    const { clock, now } = this;
    const shownMs = clock.isOdd(now) ? Math.floor(clock.read(now)) : now.wallMs;
    return Math.min(shownMs, TIME_MS_MAX);
  }

  /**
   * The time by which things age and are made to age, ms since 1970: the wall clock, unless that
   * is odd (DSC-43).
   */
  get soundMs(): number {
    return Math.floor(this.clock.soundMs(this.now));
  }

  emit(effect: Effect): void {
    this.#effects.push(effect);
  }

  poll(): Effect | undefined {
    const effect = this.#effects[this.#head++];
    if (effect === undefined) {
      this.#effects = [];
      this.#head = 0;
    }
    return effect;
  }

  /** Asks the vault; `done` runs when the answer has come in, never before. */
  vault<Op extends VaultRequest['op']>(
    request: Extract<VaultRequest, { op: Op }>,
    done: (reply: VaultAnswer<Op>) => void,
  ): void {
    const id = this.#nextRequest++;
    this.#waiting.set(id, (reply) => {
      assert(reply.op === request.op || reply.op === 'failed', 'the vault answers what was asked');
      done(reply as unknown as VaultAnswer<Op>);
    });
    this.emit({ type: 'vault', id, request });
  }

  handleVaultReply(id: number, reply: VaultReply): void {
    const done = this.#waiting.get(id);
    assert(done !== undefined, 'a vault reply answers one request, once');
    this.#waiting.delete(id);
    done(reply);
  }

  /** Looks a name up; `done` runs when the answer has come in, never before. */
  resolve(name: string, port: number, done: (endpoints: readonly Endpoint[]) => void): void {
    const id = this.#nextRequest++;
    this.#resolving.set(id, done);
    this.emit({ type: 'resolve', id, name, port });
  }

  handleResolved(id: number, endpoints: readonly Endpoint[]): void {
    const done = this.#resolving.get(id);
    this.#resolving.delete(id);
    done?.(endpoints);
  }

  /** Asks a tracker; `done` runs when the answer has come in, never before. */
  fetch(request: TrackerRequest, done: (body: Uint8Array | undefined) => void): void {
    const id = this.#nextRequest++;
    this.#fetching.set(id, done);
    this.emit({ type: 'tracker-fetch', id, request });
  }

  handleFetched(id: number, body: Uint8Array | undefined): void {
    const done = this.#fetching.get(id);
    this.#fetching.delete(id);
    done?.(body);
  }

  get requestsWaiting(): number {
    return this.#waiting.size + this.#resolving.size + this.#fetching.size;
  }

  log(level: LogLevel, message: string, fields?: Readonly<Record<string, LogField>>): void {
    this.emit(fields ? { type: 'log', level, message, fields } : { type: 'log', level, message });
  }

  notify(notice: Notice): void {
    this.emit({ type: 'notify', notice });
  }
}

/** Did the vault refuse? Narrows an answer. */
export function failed(reply: VaultReply): reply is Failed {
  return reply.op === 'failed';
}
