/**
 * Takes out of this process's memory what a locked profile has left there, as far as Node lets us.
 *
 *   old space      a collection frees what nothing refers to, and overwrites it where V8 is told
 *                  to; moving the rest together leaves no half-used page out of that
 *   young space    copies of what lived shortly lie there until other things lie over them: so we
 *                  put other things over them
 *   C heap         where the process was started with FORGETFUL_MEMORY (api/wire.ts), as
 *                  `sotto start` does, the C library overwrites what is freed
 *
 * Nobody can overwrite a string of JavaScript by itself: this is the next best. What it does not
 * reach says API-43 in docs/spec/local-api.md.
 * @module
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Weak references and finalizers end in one collection and are freed in a later one. */
const COLLECTIONS = 5;
/** Pages are swept beside us; the next collection ends what is not done by then. */
const BESIDE_MS = 20;
const FLAGS = ['clear-free-memory', 'compact-on-every-full-gc'];
/** Both halves of the young space, which has 16 MiB each in Node 20, and as much again. */
const YOUNG_BYTES = 64 * 1024 * 1024;
const ARRAY_LENGTH = 1024;
const SLOT_BYTES = 8;

export async function sweepMemory(): Promise<void> {
  for (const flag of FLAGS) setFlagsFromString(`--${flag}`);
  const collect = collector();
  for (let i = 0; i < COLLECTIONS; i++) {
    collect();
    await new Promise((done) => setTimeout(done, BESIDE_MS));
    coverYoungSpace();
  }
  for (const flag of FLAGS) setFlagsFromString(`--no-${flag}`);
}

function collector(): () => void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  return collect;
}

function coverYoungSpace(): void {
  let last: number[] = [];
  for (let bytes = 0; bytes < YOUNG_BYTES; bytes += ARRAY_LENGTH * SLOT_BYTES) {
    last = new Array<number>(ARRAY_LENGTH).fill(last.length);
  }
}
