/**
 * What the doctor sees of a profile from outside, the app running or not: the folder and who may
 * read it, the disk, the file that opens the app, the log. `fix` does harmless things only: takes
 * rights from others, and removes what an app that has ended left behind (CLI-31).
 * @module
 */
import { accessSync, chmodSync, constants, lstatSync, readdirSync, rmSync } from 'node:fs';
import { statfsSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { checkOf } from '@sotto/api/checks.ts';
import type { Check } from '@sotto/api/contract.ts';
import { diskCheck } from '@sotto/api/disk.ts';
import { API_FILE, LOG_FILE } from '@sotto/api/wire.ts';
import { readLog } from './log-files.ts';
import { isAlive, readApiFile } from './profile.ts';

const DAY_MS = 86_400_000;
const OTHERS = 0o077;
const LOCK_NAME = /^lock-(\d{1,10})-[0-9a-f]{16}$/;
/** Names told of those that are open to others. */
const NAMES_MAX = 4;

/** Never throws: a folder that keeps even this out is what the doctor is asked about. */
export function localChecks(folder: string, fix: boolean): Check[] {
  const disk = diskCheck(freeBytes(folder));
  if (isAbsent(folder)) return [checkOf('folder', 'absent'), disk];
  const own = statOf(folder);
  if (own && !isOurs(own)) return [checkOf('folder', 'not-yours')];
  if (!own || !isUsable(folder)) return [checkOf('folder', 'unwritable'), disk];
  // First what would be repaired with the rest: its rights are a check of their own.
  const access = accessCheck(folder, fix);
  return [folderCheck(folder, own, fix), disk, access, logCheck(folder)];
}

function isAbsent(folder: string): boolean {
  try {
    return lstatSync(folder, { throwIfNoEntry: false }) === undefined;
  } catch {
    // Something on the way to it is no folder, or lets nobody through.
    return false;
  }
}

function isOurs(own: Stats): boolean {
  return own.isDirectory() && own.uid === (process.getuid?.() ?? own.uid);
}

function isUsable(folder: string): boolean {
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function folderCheck(folder: string, own: Stats, fix: boolean): Check {
  const open = openNames(folder, own);
  if (open.length === 0) return checkOf('folder', 'private');
  const told = open.map((path) => (path === folder ? 'the folder' : path.slice(folder.length + 1)));
  const more = open.length > NAMES_MAX ? ` and ${open.length - NAMES_MAX} more` : '';
  const files = told.slice(0, NAMES_MAX).join(', ') + more;
  if (!fix) return checkOf('folder', 'open', { files });
  const narrow = (path: string): void => chmodSync(path, lstatSync(path).mode & ~OTHERS & 0o777);
  return checkOf('folder', isDone(open, narrow) ? 'narrowed' : 'stays-open', { files });
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

/** Repairs all that it can. @returns false where something stays as it was. */
function isDone(paths: readonly string[], repair: (path: string) => void): boolean {
  const failed = paths.filter((path) => {
    try {
      repair(path);
      return false;
    } catch {
      return true;
    }
  });
  return failed.length === 0;
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
    const remove = (file: string): void => rmSync(file, { force: true });
    return checkOf('access', isDone(stale, remove) ? 'removed' : 'stays');
  }
  if (isOpen(found)) {
    const isClosed = fix && isDone([path], (file) => chmodSync(file, 0o600));
    if (!isClosed) return checkOf('access', 'open');
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
  const logs = join(folder, dirname(LOG_FILE));
  const names = readNames(logs).filter((name) => /^crash-.*\.json$/.test(name));
  const isRecent = (name: string): boolean => (statOf(join(logs, name))?.mtimeMs ?? 0) >= sinceMs;
  if (names.some(isRecent)) return checkOf('log', 'crashes');
  const count = errorsSince(folder, sinceMs);
  return count === 0 ? checkOf('log', 'clean') : checkOf('log', 'faults', { count });
}

function readNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function errorsSince(folder: string, sinceMs: number): number {
  try {
    const errors = (readLog(folder) ?? []).filter(({ level }) => level === 'error');
    return errors.filter(({ time }) => Date.parse(time) >= sinceMs).length;
  } catch {
    // One that may not be read tells nothing; its rights are a check of their own.
    return 0;
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
