/**
 * Where a profile lies, and where its daemon listens.
 * Spec: docs/spec/cli.md CLI-3, CLI-14.
 * @module
 */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import type { ApiFile } from '@sotto/api/contract.ts';
import { whichProfile, type ProfileFlags } from '@sotto/api/which-profile.ts';
import { API_FILE } from '@sotto/api/wire.ts';
import { usage } from './failure.ts';

const TOKEN = /^[0-9a-f]{64}$/;

/** The profile's folder, absolute. @throws Failure `usage` */
export function profileFolder(flags: ProfileFlags, env: NodeJS.ProcessEnv): string {
  const which = whichProfile(flags, env);
  if ('mistake' in which) throw usage(which.mistake);
  if ('dataDir' in which) return resolve(which.dataDir);
  // The XDG specification says that a relative path is to be ignored.
  const xdg = env['XDG_DATA_HOME'];
  const base = xdg && isAbsolute(xdg) ? xdg : join(env['HOME'] || homedir(), '.local', 'share');
  return join(base, 'sotto', which.profile);
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
