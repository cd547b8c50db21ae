/**
 * Takes out of this process's memory what a locked profile has left there, as far as Node lets us.
 *
 * Keys and texts of an open profile live in JavaScript's heap, where nobody can overwrite a
 * string. Once nothing refers to them, a collection frees them, and V8's `clear-free-memory`
 * overwrites what it frees. Spec: docs/spec/local-api.md API-43, which says what may remain.
 * @module
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Weak references and finalizers end in one collection and are freed in the next. */
const COLLECTIONS = 3;

export async function sweepMemory(): Promise<void> {
  setFlagsFromString('--clear-free-memory');
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  for (let i = 0; i < COLLECTIONS; i++) {
    collect();
    // What ends with this turn of the event loop is garbage in the next.
    await new Promise((done) => setImmediate(done));
  }
}
