/**
 * The data folder of one profile, the only place on disk this program writes to.
 *
 *   $XDG_DATA_HOME/sotto/<profile>/     0700   (~/.local/share where XDG_DATA_HOME is not set)
 *     vault, vault-wal, vault-shm       0600   the encrypted database
 *     key                               0600   opens the vault where no passphrase does
 *     api.json                          0600   port and token of the running daemon
 *     config.json                       0600   what `config set` changed
 *     ports.json                        0600   ports chosen at the first start, and kept
 *     lock-<pid>-<random>               0600   the daemon that holds this profile (lock.ts)
 *     logs/                             0700   two files of JSON lines, and reports of crashes
 *     echo/                             0700   the vault of Echo, the local test partner
 *
 * Modes that are wider are narrowed when the folder is opened, but one that holds other things and
 * no profile is refused (API-1).
 * @module
 */
import {
  chmodSync,
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  statfsSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { whichProfile, type ProfileFlags } from '@sotto/api/which-profile.ts';
import { StartFailure } from './start-failure.ts';

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
/** What this program writes before a vault is there; a disk of its own has `lost+found`. */
const OURS = [
  /^(vault|key)\./,
  /^(api|config|pages|ports|tries)\.json/,
  /^lock-/,
  /^open-.*\.html$/,
  /^(logs|echo|lost\+found)$/,
];

/**
 * Where the data of a profile lies, absolute.
 * @throws StartFailure `usage` where the flags or the environment name none.
 */
export function dataFolderPath(
  flags: ProfileFlags,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const which = whichProfile(flags, env);
  if ('mistake' in which) {
    throw new StartFailure('usage', { what: which.mistake, help: 'See: sotto start --help' });
  }
  if ('dataDir' in which) return resolve(which.dataDir);
  // The XDG specification says that a relative path is to be ignored.
  const xdg = env['XDG_DATA_HOME'];
  const base = xdg && isAbsolute(xdg) ? xdg : join(env['HOME'] || homedir(), '.local', 'share');
  return join(base, 'sotto', which.profile);
}

/**
 * Makes the folder if it is missing and takes group and others off its modes, its files included.
 * One that holds other things and no profile is left as it is: it may be anybody's home, or `/`.
 * @returns names of what had been open to others.
 * @throws StartFailure where it is no folder, belongs to another user, holds other things or
 *   cannot be written.
 */
export function openDataFolder(path: string): readonly string[] {
  const narrowed: string[] = [];
  try {
    mkdirSync(path, { recursive: true, mode: FOLDER_MODE });
    const own = lstatSync(path);
    if (!own.isDirectory()) throw unusable(path, 'it is no folder');
    if (process.getuid && own.uid !== process.getuid()) {
      throw unusable(path, 'it belongs to another user');
    }
    const names = readdirSync(path);
    if (!mayBeProfile(names)) throw unusable(path, 'it holds other things and no profile');
    if (narrow(path)) narrowed.push(basename(path));
    for (const name of names) if (narrow(join(path, name))) narrowed.push(name);
    mkdirSync(join(path, 'logs'), { recursive: true, mode: FOLDER_MODE });
  } catch (error) {
    if (error instanceof StartFailure) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EDQUOT') throw new StartFailure('no-space');
    throw unusable(path, code ?? 'unknown trouble');
  }
  return narrowed;
}

/** One that was there before, or that a start which was cut short, or nobody, has written to. */
function mayBeProfile(names: readonly string[]): boolean {
  const isOurs = (name: string): boolean => OURS.some((pattern) => pattern.test(name));
  return names.includes('vault.db') || names.includes('key') || names.every(isOurs);
}

function unusable(folder: string, what: string): StartFailure {
  return new StartFailure('folder-unusable', { folder, what });
}

/** True where the mode had to change. Links are left alone: their target is not ours. */
function narrow(path: string): boolean {
  const found = lstatSync(path);
  if (!found.isFile() && !found.isDirectory()) return false;
  if ((found.mode & 0o077) === 0) return false;
  chmodSync(path, found.isDirectory() ? FOLDER_MODE : FILE_MODE);
  return true;
}

/** Replaces a file whole: whoever reads it sees the old or the new text. Mode 0600, on disk. */
export function writeWhole(path: string, text: string): void {
  const partial = `${path}.${process.pid}.partial`;
  const file = openSync(partial, 'w', FILE_MODE);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } catch (error) {
    unlinkSync(partial);
    throw error;
  } finally {
    closeSync(file);
  }
  renameSync(partial, path);
  const folder = openSync(dirname(path), 'r');
  fsyncSync(folder);
  closeSync(folder);
}

/** What is left of the disk for this user; undefined where the system does not tell. */
export function freeBytes(folder: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}
