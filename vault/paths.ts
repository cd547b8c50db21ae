/**
 * Paths: the names of a vault's files in its folder; store.ts says what each is.
 * @module
 */
import { join } from 'node:path';

export function pathsOf(folder: string) {
  return {
    vault: join(folder, 'vault.db'),
    fresh: join(folder, 'vault.new'),
    key: join(folder, 'key'),
    lock: join(folder, 'vault.lock'),
  };
}
