/**
 * Improvement: when a link that goes through a relay is tried on nearer routes again (RLY-19).
 *
 *   5, 10, 20, 40, 80, 160 s after it came up there, then every 300 s
 *
 * Few enough that the names of attaches last until the next one succeeds (LNK-34).
 * @module
 */
import type { Route } from './candidates.ts';

export const IMPROVE_FIRST_MS = 5_000;
export const IMPROVE_LAST_MS = 300_000;

export class Improvement {
  #atMs: number | undefined;
  #waitMs = IMPROVE_FIRST_MS;
  #tries = 0;

  get wakeAtMs(): number | undefined {
    return this.#atMs;
  }

  /** The link goes by this route now; undefined: it has none, or is gone. */
  handleRoute(route: Route | undefined, nowMs: number): void {
    const isRelayed = route?.transport === 'circuit';
    if (isRelayed && this.#atMs !== undefined) return;
    this.#waitMs = IMPROVE_FIRST_MS;
    this.#atMs = isRelayed ? nowMs + this.#waitMs : undefined;
  }

  /** Is it time? Then the next try is later. */
  take(nowMs: number): boolean {
    if (this.#atMs === undefined || nowMs < this.#atMs) return false;
    this.#tries++;
    this.#waitMs = Math.min(2 * this.#waitMs, IMPROVE_LAST_MS);
    this.#atMs = nowMs + this.#waitMs;
    return true;
  }

  /** What is tried: few datagrams, one handshake by TCP; of several routes each in its turn. */
  routes(routes: readonly Route[]): Route[] {
    const next = (transport: Route['transport']): Route[] => {
      const all = routes.filter((route) => route.transport === transport);
      const turn = Math.max(this.#tries - 1, 0) % Math.max(all.length, 1);
      return all.slice(turn, turn + 1);
    };
    return [...next('tcp'), ...next('udp')];
  }
}
