/**
 * How long to wait for a node: RFC 6298's smoothed round trip and variance, over all nodes and,
 * for those we met before, each by itself.
 *
 *   short  branch out to another node: srtt + 4 var   within SHORT_MS_MIN..SHORT_MS_MAX
 *   hard   give the node up: 3 short
 *
 * So a fast network is searched fast and a slow one is not given up too early. Spec: DHT-40.
 * @module
 */
import { BoundedMap } from '../base/bounded.ts';

export const SHORT_MS_MIN = 150;
export const SHORT_MS_MAX = 1000;
/** The hard timeout is this many short ones: 450 ms to 3 s. */
export const HARD_PER_SHORT = 3;
/** Nodes whose own round trip is remembered. */
export const RTT_NODES_MAX = 1024;

interface Estimate {
  smoothedMs: number;
  varianceMs: number;
}

export class RoundTrips {
  #overall: Estimate | undefined;
  readonly #nodes = new BoundedMap<string, Estimate>(RTT_NODES_MAX);

  get size(): number {
    return this.#nodes.size;
  }

  add(key: string, sampleMs: number): void {
    this.#overall = mix(this.#overall, sampleMs);
    this.#nodes.set(key, mix(this.#nodes.get(key), sampleMs));
  }

  /** From here on the node counts as slow. */
  shortMs(key: string): number {
    const estimate = this.#nodes.get(key) ?? this.#overall;
    if (!estimate) return SHORT_MS_MAX;
    const wait = estimate.smoothedMs + 4 * estimate.varianceMs;
    return Math.min(SHORT_MS_MAX, Math.max(SHORT_MS_MIN, wait));
  }

  /** From here on it counts as silent. */
  hardMs(key: string): number {
    return HARD_PER_SHORT * this.shortMs(key);
  }
}

function mix(old: Estimate | undefined, sampleMs: number): Estimate {
  if (!old) return { smoothedMs: sampleMs, varianceMs: sampleMs / 2 };
  const error = sampleMs - old.smoothedMs;
  return {
    smoothedMs: old.smoothedMs + error / 8,
    varianceMs: old.varianceMs + (Math.abs(error) - old.varianceMs) / 4,
  };
}
