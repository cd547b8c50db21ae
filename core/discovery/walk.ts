/**
 * Walks a lookup over the network: asks whom it chooses, feeds it what they answer, and says when
 * it is over.
 * @module
 */
import { equal } from '../base/bytes.ts';
import type { Query, Reply } from './krpc.ts';
import type { Candidate } from './candidate.ts';
import type { Later } from './later.ts';
import type { Lookup, Seed } from './lookup.ts';
import type { Contact } from './node-id.ts';
import type { Rpc } from './rpc.ts';
import type { Timer, Timers } from './timers.ts';

export interface WalkDeps {
  readonly rpc: Rpc;
  readonly timers: Timers;
  readonly later: Later;
  readonly ownId: Uint8Array;
  /** DHT-9: keeps what must not be asked out of the lookup. */
  usable(contact: Contact): boolean;
}

export interface WalkPlan {
  readonly lookup: Lookup;
  readonly urgent: boolean;
  readonly deadlineMs: number;
  /** The query for one node, which names the target only where `candidate.told` says so. */
  query(candidate: Candidate): Query;
  answered?(candidate: Candidate, reply: Reply, nowMs: number): void;
  /** Called once. `settled` is false where the deadline or the query limit ended it. */
  done(settled: boolean, nowMs: number): void;
}

export class Walk {
  readonly #deps: WalkDeps;
  readonly #plan: WalkPlan;
  #deadline: Timer | undefined;
  #retry: Timer | undefined;
  #over = false;

  constructor(deps: WalkDeps, plan: WalkPlan) {
    this.#deps = deps;
    this.#plan = plan;
  }

  get lookup(): Lookup {
    return this.#plan.lookup;
  }

  start(nowMs: number): void {
    const { deadlineMs } = this.#plan;
    this.#deadline = this.#deps.timers.at(nowMs + deadlineMs, (atMs) => this.#end(false, atMs));
    // The first question leaves before the others are thought of.
    if (this.#askNext(nowMs)) this.#then(nowMs, () => undefined);
    else this.#step(nowMs);
  }

  /** Learns of nodes from elsewhere, when everything said so far has been told. */
  offer(seeds: () => readonly Seed[], nowMs: number): void {
    this.#deps.later.put(() => this.lookup.offer(seeds()));
    this.#then(nowMs, () => undefined);
  }

  /** Ends without a word; answers still under way are dropped when they come. */
  cancel(): void {
    this.#over = true;
    this.#deps.timers.cancel(this.#deadline);
    this.#deps.timers.cancel(this.#retry);
  }

  #step(nowMs: number): void {
    const { lookup } = this.#plan;
    while (this.#askNext(nowMs));
    if (!this.#over && lookup.done()) this.#end(!lookup.limited, nowMs);
  }

  /** Asks whom the lookup chooses. @returns false where that is nobody, or no budget is left. */
  #askNext(nowMs: number): boolean {
    if (this.#over || this.#retry) return false;
    const { lookup } = this.#plan;
    const candidate = lookup.take();
    if (!candidate) return false;
    if (this.#ask(candidate, nowMs)) return true;
    lookup.putBack(candidate);
    this.#retry = this.#deps.timers.at(this.#deps.rpc.retryAtMs(nowMs), (atMs) => {
      this.#retry = undefined;
      this.#step(atMs);
    });
    return false;
  }

  #ask(candidate: Candidate, nowMs: number): boolean {
    const { lookup } = this.#plan;
    const { told } = candidate;
    // A node may be asked about a masked target and then about the true one: what still comes of
    // the first question says nothing of the second.
    const current = (): boolean => candidate.told === told && candidate.state !== 'guide';
    const then = (atMs: number, act: () => void): void =>
      this.#then(atMs, () => void (current() && act()));
    return this.#deps.rpc.ask(
      {
        to: candidate.endpoint,
        query: this.#plan.query(candidate),
        urgent: this.#plan.urgent,
        slow: (atMs) => then(atMs, () => this.#slow(candidate, atMs)),
        answered: (reply, atMs) => then(atMs, () => this.#answered(candidate, reply, atMs)),
        // It lives and will not serve us: no member of the set, and nothing to wait for.
        refused: (_, atMs) => then(atMs, () => lookup.failed(candidate)),
        silent: (atMs) => then(atMs, () => this.#silent(candidate)),
      },
      nowMs,
    );
  }

  #answered(candidate: Candidate, reply: Reply, nowMs: number): void {
    const { lookup } = this.#plan;
    if (candidate.state === 'answered') return;
    if (equal(reply.id, this.#deps.ownId)) return lookup.failed(candidate);
    lookup.answered(candidate, reply.id, reply.token);
    // What was asked for first: somebody waits for it.
    if (candidate.told) this.#plan.answered?.(candidate, reply, nowMs);
    const { later, usable } = this.#deps;
    later.put(() => lookup.offer(reply.contacts.filter(usable), candidate));
  }

  /** Whoever was silent a while ago is not waited for again; an answer still counts. */
  #slow(candidate: Candidate, nowMs: number): void {
    if (this.#deps.rpc.doubts(candidate.key, nowMs)) this.#plan.lookup.failed(candidate);
    else this.#plan.lookup.slow(candidate);
  }

  /** One of two questions to a node timed out: it has failed only when both did. */
  #silent(candidate: Candidate): void {
    candidate.silences++;
    if (candidate.silences >= candidate.asks) this.#plan.lookup.failed(candidate);
  }

  /** Takes in what happened; whom to ask next is thought of when that has been told. */
  #then(nowMs: number, act: () => void): void {
    if (this.#over) return;
    act();
    this.#deps.later.put(() => this.#step(nowMs));
  }

  #end(settled: boolean, nowMs: number): void {
    this.cancel();
    this.#plan.done(settled, nowMs);
  }
}
