/**
 * Openers: datagrams that mean nothing. They make our router take what comes back for an answer,
 * where only the other side can begin (PTH-20). Too short for a first flight, they cost whoever
 * gets them one look.
 *
 *   open(name, endpoints) --one at a time, in turns, as a slot does--> done, or end(name)
 *
 * Sans-IO: after a call drain `poll()`, sleep until `wakeAtMs()`.
 * @module
 */
import type { Endpoint } from '../base/endpoint.ts';
import { earliest, type Random } from '../base/time.ts';
import { FLIGHT_EVERY_MS } from './punch.ts';

export const OPENER_BYTES = 64;

export interface Opener {
  readonly to: Endpoint;
  readonly bytes: Uint8Array;
}

interface Run {
  readonly to: readonly Endpoint[];
  left: number;
  turn: number;
  dueAtMs: number;
}

export interface OpenersDeps {
  readonly random: Random;
  /** May a datagram leave to where the bearer of this name says that it is (PTH-3)? */
  mayProbe(name: string, nowMs: number): boolean;
}

export class Openers {
  readonly #runs = new Map<string, Run>();
  #out: Opener[] = [];

  constructor(private readonly deps: OpenersDeps) {}

  poll(): Opener | undefined {
    return this.#out.shift();
  }

  wakeAtMs(): number | undefined {
    let soonest: number | undefined;
    for (const { dueAtMs } of this.#runs.values()) soonest = earliest(soonest, dueAtMs);
    return soonest;
  }

  /** From now on, `count` of them; replaces what was under way for this name. */
  open(name: string, to: readonly Endpoint[], count: number, nowMs: number): void {
    this.#runs.delete(name);
    if (to.length === 0) return;
    this.#runs.set(name, { to, left: count, turn: 0, dueAtMs: nowMs });
    this.handleTimeout(nowMs);
  }

  /** Nothing more leaves for this name. */
  end(name: string): void {
    this.#runs.delete(name);
  }

  handleTimeout(nowMs: number): void {
    for (const [name, run] of this.#runs) {
      if (nowMs < run.dueAtMs) continue;
      if (this.deps.mayProbe(name, nowMs)) {
        const to = run.to[run.turn % run.to.length]!;
        this.#out.push({ to, bytes: this.deps.random(OPENER_BYTES) });
      }
      run.turn++;
      run.dueAtMs = nowMs + FLIGHT_EVERY_MS;
      if (--run.left <= 0) this.#runs.delete(name);
    }
  }
}
