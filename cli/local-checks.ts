/**
 * What the doctor sees of a profile from outside, the app running or not: the folder and who may
 * read it, the disk, the file that opens the app, the log. `fix` does harmless things only: takes
 * rights from others, and removes what an app that has ended left behind (CLI-31).
 * @module
 */
import { chmodSync, lstatSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { accessSync, constants, statfsSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { checkOf } from '@sotto/api/checks.ts';
import type { Check, LogLine } from '@sotto/api/contract.ts';
import { diskCheck } from '@sotto/api/disk.ts';
import { API_FILE, LOG_FILE } from '@sotto/api/wire.ts';
import { isAlive, readApiFile } from './profile.ts';

const DAY_MS = 86_400_000;
const OTHERS = 0o077;
const LOCK_NAME = /^lock-(\d{1,10})-[0-9a-f]{16}$/;
/** Names told of those that are open to others. */
const NAMES_MAX = 4;

export function localChecks(folder: string, fix: boolean): Check[] {
  const own = statOf(folder);
  if (!own) return [checkOf('folder', 'absent'), diskCheck(freeBytes(dirname(folder)))];
  if (!own.isDirectory() || own.uid !== (process.getuid?.() ?? own.uid)) {
    return [checkOf('folder', 'not-yours')];
  }
  // First what would be repaired with the rest: its rights are a check of their own.
  const access = accessCheck(folder, fix);
  return [folderCheck(folder, own, fix), diskCheck(freeBytes(folder)), access, logCheck(folder)];
}

function folderCheck(folder: string, own: Stats, fix: boolean): Check {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch {
    return checkOf('folder', 'unwritable');
  }
  const open = openNames(folder, own);
  if (open.length === 0) return checkOf('folder', 'private');
  const told = open.map((path) => (path === folder ? 'the folder' : path.slice(folder.length + 1)));
  const more = open.length > NAMES_MAX ? ` and ${open.length - NAMES_MAX} more` : '';
  const files = told.slice(0, NAMES_MAX).join(', ') + more;
  if (!fix) return checkOf('folder', 'open', { files });
  for (const path of open) chmodSync(path, lstatSync(path).mode & ~OTHERS & 0o777);
  return checkOf('folder', 'narrowed', { files });
}

/** The folder and what is in it, as far as others may read it. Links are left alone. */
function openNames(folder: string, own: Stats): string[] {
  const names = readdirSync(folder).filter((name) => name !== API_FILE);
  const inside = names.map((name) => join(folder, name)).filter((path) => isOpen(statOf(path)));
  return isOpen(own) ? [folder, ...inside] : inside;
}

function isOpen(found: Stats | undefined): boolean {
  if (!found || !(found.isFile() || found.isDirectory())) return false;
  return process.platform !== 'win32' && (found.mode & OTHERS) !== 0;
}

function freeBytes(folder: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(existing(folder));
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

function existing(path: string): string {
  return statOf(path) || dirname(path) === path ? path : existing(dirname(path));
}

function accessCheck(folder: string, fix: boolean): Check {
  const path = join(folder, API_FILE);
  const found = statOf(path);
  const isRunning = readApiFile(folder) !== undefined;
  const stale = isRunning ? [] : leftBehind(folder, found && path);
  if (stale.length > 0) {
    if (!fix) return checkOf('access', 'stale');
    for (const file of stale) rmSync(file, { force: true });
    return checkOf('access', 'removed');
  }
  if (isOpen(found)) {
    if (!fix) return checkOf('access', 'open');
    chmodSync(path, 0o600);
  }
  return checkOf('access', isRunning ? 'private' : 'closed');
}

/** The file that named the app, and locks of processes that are gone. */
function leftBehind(folder: string, apiFile: string | undefined): string[] {
  const locks = readdirSync(folder).filter((name) => {
    const pid = LOCK_NAME.exec(name)?.[1];
    return pid !== undefined && !isAlive(Number(pid));
  });
  const files = locks.map((name) => join(folder, name));
  return apiFile === undefined ? files : [apiFile, ...files];
}

function logCheck(folder: string): Check {
  const sinceMs = Date.now() - DAY_MS;
  const path = join(folder, LOG_FILE);
  const names = readNames(dirname(path)).filter((name) => /^crash-.*\.json$/.test(name));
  const isRecent = (name: string): boolean =>
    (statOf(join(dirname(path), name))?.mtimeMs ?? 0) >= sinceMs;
  if (names.some(isRecent)) return checkOf('log', 'crashes');
  const count = errorLines(path, sinceMs);
  return count === 0 ? checkOf('log', 'clean') : checkOf('log', 'faults', { count });
}

function readNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function errorLines(path: string, sinceMs: number): number {
  let text = '';
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    // No log yet.
  }
  let count = 0;
  for (const line of text.split('\n')) {
    if (!line.includes('"error"')) continue;
    try {
      const { level, time } = JSON.parse(line) as LogLine;
      if (level === 'error' && Date.parse(time) >= sinceMs) count += 1;
    } catch {
      // The last line of a process that was killed may be half a line.
    }
  }
  return count;
}

function statOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}
