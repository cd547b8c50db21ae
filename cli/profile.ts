/**
 * Where a profile lies, and where its daemon listens.
 *
 *   --data-dir DIR    the folder of one profile    SOTTO_DATA_DIR
 *   --profile NAME    $XDG_DATA_HOME/sotto/NAME    SOTTO_PROFILE, else `default`
 *
 * A flag wins over the environment. Spec: docs/spec/cli.md CLI-14.
 * @module
 */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import type { ApiFile } from '@sotto/api/contract.ts';
import { API_FILE } from '@sotto/api/wire.ts';
import { usage } from './failure.ts';

const DEFAULT_PROFILE = 'default';
const PROFILE_NAME = /^[a-z0-9][a-z0-9_-]{0,31}$/i;
const TOKEN = /^[0-9a-f]{64}$/;

export interface WhichProfile {
  readonly dataDir?: string | undefined;
  readonly profile?: string | undefined;
}

/** The profile's folder, absolute. @throws Failure `usage` */
export function profileFolder(which: WhichProfile, env: NodeJS.ProcessEnv): string {
  if (which.dataDir !== undefined && which.profile !== undefined) {
    throw usage('--data-dir names the folder of one profile, so --profile says nothing.');
  }
  if (which.dataDir !== undefined) return folder(which.dataDir);
  const dataDir = env['SOTTO_DATA_DIR'];
  if (which.profile === undefined && dataDir) return folder(dataDir);
  const profile = which.profile ?? (env['SOTTO_PROFILE'] || DEFAULT_PROFILE);
  if (!PROFILE_NAME.test(profile)) {
    throw usage(`"${profile}" is no name for a profile: letters, digits, - and _, at most 32.`);
  }
  // The XDG specification says that a relative path is to be ignored.
  const xdg = env['XDG_DATA_HOME'];
  const base = xdg && isAbsolute(xdg) ? xdg : join(env['HOME'] || homedir(), '.local', 'share');
  return join(base, 'sotto', profile);
}

/** What api.json says; undefined where there is none, it is broken, or its process is gone. */
export function readApiFile(profile: string): ApiFile | undefined {
  let file: Partial<ApiFile> | null;
  try {
    file = JSON.parse(readFileSync(join(profile, API_FILE), 'utf8')) as typeof file;
  } catch {
    return undefined;
  }
  const { v, pid, port, token } = file ?? {};
  if (v !== 1 || !Number.isInteger(pid) || !Number.isInteger(port)) return undefined;
  if (typeof token !== 'string' || !TOKEN.test(token)) return undefined;
  // Another program may have got the port of a dead daemon: it must not get the token.
  return isAlive(pid!) ? { v, pid: pid!, port: port!, token } : undefined;
}

/** True while the process exists. One that ended and was not yet collected is gone. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !/^ [ZX] /.test(stat.slice(stat.lastIndexOf(')') + 1));
  } catch {
    // No /proc on this system: the signal has answered.
    return true;
  }
}

function folder(path: string): string {
  if (path === '') throw usage('--data-dir needs a folder.');
  return resolve(path);
}
