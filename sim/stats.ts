/**
 * Bounds of what a node says it holds: while it works, and when it has had time to rest.
 * @module
 */
import type { Host } from './host.ts';

export interface Excess {
  readonly key: string;
  readonly count: number;
  readonly most: number;
}

/** Nothing in one node of a small world ever holds more than this. */
const BUSY_MAX = 20_000;

export function checkBounds(host: Host, when: 'busy' | 'quiet'): Excess | undefined {
  for (const [key, count] of Object.entries(host.stats() ?? {})) {
    const most = when === 'busy' ? BUSY_MAX : (QUIET_MAX[key] ?? BUSY_MAX);
    if (count > most) return { key, count, most };
  }
  return undefined;
}

/** What goes back to nothing once nothing happens. */
const QUIET_MAX: Readonly<Record<string, number>> = {
  early: 0,
  requests: 8,
};
