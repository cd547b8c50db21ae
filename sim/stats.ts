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

/** Most in a world of a dozen people: with everything going wrong, and a minute after that. */
const GAUGES: Readonly<Record<string, { readonly busy: number; readonly quiet: number }>> = {
  requests: { busy: 2_000, quiet: 8 },
  early: { busy: 64, quiet: 0 },
  sessions: { busy: 40, quiet: 24 },
  'dht.nodes': { busy: 400, quiet: 400 },
  'dht.timers': { busy: 1_000, quiet: 100 },
  'dht.outputs': { busy: 0, quiet: 0 },
  'dht.pending': { busy: 300, quiet: 60 },
  'dht.destinations': { busy: 500, quiet: 100 },
  'dht.items': { busy: 700, quiet: 700 },
  'dht.operations': { busy: 32, quiet: 8 },
  'dht.operationsWaiting': { busy: 100, quiet: 0 },
  'presence.operations': { busy: 32, quiet: 8 },
  'presence.unsaved': { busy: 32, quiet: 4 },
  'presence.outputs': { busy: 0, quiet: 0 },
  'link.links': { busy: 80, quiet: 24 },
  'link.streams': { busy: 200, quiet: 48 },
  'link.dials': { busy: 24, quiet: 12 },
  'link.attempts': { busy: 100, quiet: 24 },
  'link.unproven': { busy: 256, quiet: 8 },
  'link.storing': { busy: 256, quiet: 0 },
  'link.heldFrames': { busy: 5_000, quiet: 50 },
  'mail.envelopes': { busy: 10_000, quiet: 0 },
  'mail.gaps': { busy: 24, quiet: 0 },
};

export function checkBounds(host: Host, when: 'busy' | 'quiet'): Excess | undefined {
  const stats = host.stats();
  for (const [key, gauge] of Object.entries(GAUGES)) {
    const count = stats?.[key] ?? 0;
    if (count > gauge[when]) return { key, count, most: gauge[when] };
  }
  return undefined;
}

/** Gauges that a node does not have: a renamed one would never be checked again. */
export function missingGauges(stats: Readonly<Record<string, number>>): string[] {
  return Object.keys(GAUGES).filter((key) => stats[key] === undefined);
}
