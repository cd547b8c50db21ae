/**
 * Isolation: numbers that keep the streams to different people apart without naming anyone. A
 * driver with a proxy makes one account of each (PRX-7).
 * @module
 */
import { BoundedMap } from '../base/bounded.ts';
import { hex } from '../base/bytes.ts';

/** Devices whose number is remembered; who is forgotten gets another one. */
export const ISOLATED_MAX = 4_096;

export class Isolation {
  readonly #numbers = new BoundedMap<string, number>(ISOLATED_MAX);
  #next = 1;

  /** The number of this device, by its Noise key. */
  of(noise: Uint8Array): number {
    const key = hex(noise);
    const known = this.#numbers.get(key);
    const number = known ?? this.#next++;
    if (known === undefined) this.#numbers.set(key, number);
    return number;
  }
}
