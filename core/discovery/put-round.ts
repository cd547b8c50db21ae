/**
 * The second half of a put: the same finished bytes to each node that gave a token, each answer
 * kept, because callers must learn where an item lies and where it was refused (DHT-68).
 *
 *   stored     the node said yes
 *   held       302, but it had returned these very bytes, or our first datagram did arrive
 *   rejected   an error code, 301 or 302 where it holds something newer
 *   no answer  two datagrams, no word
 *
 * @module
 */
import type { Endpoint } from '../base/endpoint.ts';
import { KRPC_ERROR, type Query } from './krpc.ts';
import { ASKS_MAX, type Candidate } from './candidate.ts';
import type { Rpc } from './rpc.ts';
import type { Timer, Timers } from './timers.ts';

/** DHT-67: an item lies on up to this many nodes of each family. */
export const STORE_NODES_MAX = 20;
/** DHT-68: then what has not answered counts as silent. */
export const PUT_DEADLINE_MS = 10_000;

export type PutOutcome = 'stored' | 'held' | 'rejected' | 'no answer';

export interface PutResult {
  readonly endpoint: Endpoint;
  readonly outcome: PutOutcome;
  readonly code?: number;
}

export interface PutPlan {
  readonly rpc: Rpc;
  readonly timers: Timers;
  readonly targets: readonly { readonly candidate: Candidate; readonly held: boolean }[];
  query(token: Uint8Array): Query;
  done(results: readonly PutResult[], nowMs: number): void;
}

interface Delivery {
  readonly candidate: Candidate;
  readonly held: boolean;
  asks: number;
  silences: number;
  result: PutResult | undefined;
}

export class PutRound {
  readonly #plan: PutPlan;
  readonly #deliveries: readonly Delivery[];
  /** Deliveries that wait for budget. */
  #waiting: Delivery[] = [];
  #retry: Timer | undefined;
  #deadline: Timer | undefined;
  #over = false;

  constructor(plan: PutPlan) {
    this.#plan = plan;
    const fresh = { asks: 0, silences: 0, result: undefined };
    this.#deliveries = plan.targets.map((target) => ({ ...fresh, ...target }));
  }

  start(nowMs: number): void {
    const { timers } = this.#plan;
    this.#deadline = timers.at(nowMs + PUT_DEADLINE_MS, (atMs) => this.#end(atMs));
    this.#waiting = [...this.#deliveries];
    this.#send(nowMs);
    this.#check(nowMs);
  }

  cancel(): void {
    this.#over = true;
    this.#plan.timers.cancel(this.#deadline);
    this.#plan.timers.cancel(this.#retry);
  }

  #send(nowMs: number): void {
    while (this.#waiting.length > 0 && !this.#retry) {
      const delivery = this.#waiting[0]!;
      if (delivery.result || this.#ask(delivery, nowMs)) {
        this.#waiting.shift();
        continue;
      }
      this.#retry = this.#plan.timers.at(this.#plan.rpc.retryAtMs(nowMs), (atMs) => {
        this.#retry = undefined;
        this.#send(atMs);
      });
    }
  }

  #ask(delivery: Delivery, nowMs: number): boolean {
    const { endpoint, token } = delivery.candidate;
    const close = (outcome: PutOutcome, atMs: number, code?: number): void => {
      delivery.result ??= { endpoint, outcome, ...(code !== undefined && { code }) };
      this.#check(atMs);
    };
    const sent = this.#plan.rpc.ask(
      {
        to: endpoint,
        query: this.#plan.query(token!),
        urgent: true,
        slow: (atMs) => this.#again(delivery, atMs),
        answered: (_, atMs) => close('stored', atMs),
        refused: (code, atMs) => {
          const ours = delivery.held || delivery.asks > 1;
          const held = code === KRPC_ERROR.seqTooLow && ours;
          close(held ? 'held' : 'rejected', atMs, code);
        },
        silent: (atMs) => {
          if (++delivery.silences >= delivery.asks) close('no answer', atMs);
        },
      },
      nowMs,
    );
    if (sent) delivery.asks++;
    return sent;
  }

  #again(delivery: Delivery, nowMs: number): void {
    if (this.#over || delivery.result || delivery.asks >= ASKS_MAX) return;
    this.#waiting.push(delivery);
    this.#send(nowMs);
  }

  #check(nowMs: number): void {
    if (this.#deliveries.every((delivery) => delivery.result)) this.#end(nowMs);
  }

  #end(nowMs: number): void {
    if (this.#over) return;
    this.cancel();
    const results = this.#deliveries.map(
      ({ candidate, result }): PutResult =>
        result ?? { endpoint: candidate.endpoint, outcome: 'no answer' },
    );
    this.#plan.done(results, nowMs);
  }
}
