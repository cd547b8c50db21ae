/**
 * Starts the daemon of another profile as a process of its own, which outlives this one: the same
 * program with the same Node, locked where the profile has a passphrase.
 *
 * What the environment says of this profile alone does not go along: its name, its folder, and
 * its ports, of which there is one each. Spec: docs/spec/local-api.md API-46.
 * @module
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { ApiErrorBody, FORGETFUL_MEMORY } from '@sotto/api/contract.ts';
import { isErrorName } from '@sotto/api/errors.ts';
import { Refusal } from './api-server.ts';

const START_MS = 30_000;
/** What a starting daemon may say; more is cut off. */
const SAID_CHARS_MAX = 16 * 1024;
const OF_THIS_PROFILE = ['SOTTO_PROFILE', 'SOTTO_DATA_DIR', 'SOTTO_API_PORT', 'SOTTO_NET_PORT'];

/** Resolves when it is ready. @param program its script. @throws Refusal, as it says why not. */
export function launch(program: string, folder: string): Promise<void> {
  const env = { ...process.env, ...FORGETFUL_MEMORY };
  for (const name of OF_THIS_PROFILE) delete env[name];
  const args = [...process.execArgv, program, '--data-dir', folder, '--locked'];
  const child = spawn(process.execPath, args, {
    detached: true,
    // Holds no folder that somebody may want to unmount.
    cwd: '/',
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return ready(child).finally(() => {
    child.stdout?.destroy();
    child.stderr?.destroy();
    child.unref();
  });
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    let complained = '';
    const timer = setTimeout(() => {
      // Nobody would know of a daemon that comes up after its start was given up.
      child.kill('SIGTERM');
      reject(new Refusal('no-answer'));
    }, START_MS);
    const end = (work: () => void): void => {
      clearTimeout(timer);
      work();
    };
    child.stdout?.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString('utf8')).slice(0, SAID_CHARS_MAX);
      if (said.includes('\n')) end(resolve);
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      complained = (complained + chunk.toString('utf8')).slice(0, SAID_CHARS_MAX);
    });
    child.on('error', () => end(() => reject(refusal(''))));
    child.on('close', () => end(() => reject(refusal(complained))));
  });
}

function refusal(complained: string): Refusal {
  for (const line of complained.split('\n')) {
    try {
      const { error } = JSON.parse(line) as { error?: unknown };
      const { detail, reason } = ApiErrorBody.parse(error);
      if (isErrorName(reason)) return new Refusal(reason, detail);
    } catch {
      // Not the line we look for.
    }
  }
  return new Refusal('start-failed', { what: 'see the log of that profile' });
}
