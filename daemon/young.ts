/**
 * The young generation of the JavaScript heap stays as small as it begins, at 1 MB.
 *
 * Else it grows to 2 x 8 MB or 2 x 16 MB at the first burst of work (twenty links, a flood) and is
 * seldom given back. V8 reads this factor each time that it would grow.
 * @module
 */
import { setFlagsFromString } from 'node:v8';

/** Holds for all threads. V8 forgets it where a thread begins, so that it is said after that. */
export function keepYoungSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

keepYoungSmall();
