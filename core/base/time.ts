/**
 * Time as core sees it: two readings handed in with every input, and the next wake-up handed out.
 * @module
 */

/** Monotonic for every timer; wall-clock only for display and DHT epochs. Milliseconds. */
export interface Now {
  readonly monoMs: number;
  readonly wallMs: number;
}

/** Bytes of fresh entropy: the only source core ever has. */
export type Random = (bytes: number) => Uint8Array<ArrayBuffer>;

/** The sooner of several wake-ups; undefined means "never". */
export function earliest(...times: readonly (number | undefined)[]): number | undefined {
  let soonest: number | undefined;
  for (const time of times) {
    if (time !== undefined && (soonest === undefined || time < soonest)) soonest = time;
  }
  return soonest;
}

/** Uniform in [0, 1) from 4 bytes of entropy. */
export function unit(random: Random): number {
  const bytes = random(4);
  const value = ((bytes[0]! << 24) | (bytes[1]! << 16) | (bytes[2]! << 8) | bytes[3]!) >>> 0;
  return value / 2 ** 32;
}

/** A whole number in [0, below). */
export function randomInt(random: Random, below: number): number {
  return Math.floor(unit(random) * below);
}
