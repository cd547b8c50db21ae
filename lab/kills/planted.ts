/**
 * Planted faults: a copy of the release bundles in which the vault breaks its word. A campaign
 * that does not notice it proves nothing.
 * @module
 */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const WORKER = 'vault-worker.mjs';
/** How long a change that was replied to is not on disk. */
const LATE_MS = 30;

/** Copies bundles to an empty folder; it must lie below a folder with `node_modules`. */
export function copyBundles(from: string, to: string): void {
  cpSync(from, to, { recursive: true });
}

/** The vault replies at once and commits a moment later: acknowledgements before the commit. */
export function plantLateCommit(dist: string): void {
  const file = join(dist, WORKER);
  const text = readFileSync(file, 'utf8');
  const begin = /db\.transaction\(\(\) => \{(\s+replies = plans\.map)/;
  const end = /(prekeys\.write\(layer\.baseKeys\.values\(\)\);\s+\})\)\.immediate\(\);/;
  if (!begin.test(text) || !end.test(text)) throw new Error('the place to plant in has changed');
  const late =
    'this.late ??= setTimeout(() => { this.late = undefined; ' +
    `if (db.inTransaction) db.exec("COMMIT"); }, ${LATE_MS});`;
  const planted = text
    .replace(begin, '{ if (!db.inTransaction) db.exec("BEGIN IMMEDIATE");$1')
    .replace(end, `$1 ${late}`);
  writeFileSync(file, planted);
}
