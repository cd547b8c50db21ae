/**
 * What a death leaves on the disk: the vault's files, opened as a copy, and the log.
 * @module
 */
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { LogLine } from '@sotto/api/contract.ts';
import { LOG_FILE } from '@sotto/api/wire.ts';
import { openStore } from '@sotto/vault/store.ts';

const FILES = ['vault.db', 'vault.db-wal', 'key'];

/** Lines of the logs, by how they speak of broken sessions, of faults, and of everything else. */
export interface LogCounts {
  /** A sealed message that could not be opened, on either side. */
  readonly refused: number;
  /** Level `error`, and reports of a crash. */
  readonly errors: readonly string[];
  /** The rest of `warn`, and why links were closed: text and count. */
  readonly others: ReadonlyMap<string, number>;
}

/** @returns what is wrong with a copy of this vault, which is opened as after a kill. */
export async function checkImage(dataDir: string, scratch: string): Promise<string | undefined> {
  const copy = mkdtempSync(join(scratch, 'image-'));
  try {
    for (const name of FILES) {
      if (existsSync(join(dataDir, name))) copyFileSync(join(dataDir, name), join(copy, name));
    }
    const store = await openStore(copy);
    const found = store.db.pragma('integrity_check', { simple: true });
    store.close();
    return found === 'ok' ? undefined : String(found);
  } catch (error) {
    return error instanceof Error ? error.message : 'unknown';
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

const REFUSED = ['a sealed message was refused', 'the far side could not take a message'];

export function readLogs(dataDirs: readonly string[]): LogCounts {
  let refused = 0;
  const errors: string[] = [];
  const others = new Map<string, number>();
  for (const dataDir of dataDirs) {
    const folder = join(dataDir, dirname(LOG_FILE));
    for (const name of readdirSync(folder)) {
      if (!name.startsWith(basename(LOG_FILE, '.log'))) {
        errors.push(`a crash report: ${readFileSync(join(folder, name), 'utf8').slice(0, 400)}`);
        continue;
      }
      for (const { fields, level, message } of linesOf(join(folder, name))) {
        const what = `${message} ${String(fields?.['reason'] ?? fields?.['why'] ?? '')}`.trim();
        if (REFUSED.some((text) => message.endsWith(text))) refused++;
        else if (level === 'error') errors.push(what);
        else if (level !== 'warn' && !message.endsWith('link closed')) continue;
        others.set(what, (others.get(what) ?? 0) + 1);
      }
    }
  }
  return { refused, errors, others };
}

/** A line that a death cut off is left out. */
function linesOf(path: string): LogLine[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as LogLine];
      } catch {
        return [];
      }
    });
}
