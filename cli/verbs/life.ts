/**
 * `start` and `stop`. The daemon is a process of its own that outlives this one:
 *
 *   start: api.json answers? -> said so, 0
 *          else spawn dist/daemon.mjs, detached -> one line on its stdout: ready
 *                                                  one line on its stderr: why not, and its exit
 *          passphrase-needed, and a person is there -> ask, spawn again with `-`, at most 3 times
 *   start of an app that is locked: ask, unlock it
 *   stop:  daemon.stop -> wait until the process is gone
 *
 * Spec: docs/spec/cli.md CLI-16, CLI-17.
 * @module
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ApiErrorBody, Status } from '@sotto/api/contract.ts';
import { FORGETFUL_MEMORY } from '@sotto/api/wire.ts';
import { Failure, failure, usage } from '../failure.ts';
import { isAlive } from '../profile.ts';
import { askHidden } from '../prompt.ts';
import type { Session } from '../session.ts';
import { readStdin } from '../streams.ts';

const START_MS = 30_000;
const STOP_POLL_MS = 20;
/** What a killed process may take to leave its socket. */
const DYING_MS = 2_000;
const PASSPHRASE_TRIES = 3;
const PASSPHRASE_BYTES_MAX = 4096;
/** What a starting daemon may say; more is cut off. */
const SAID_CHARS_MAX = 16 * 1024;
/** Beside this file in the bundle; from the sources, in the folder of bundles. */
const DAEMON_PATHS = ['./daemon.mjs', '../../dist/daemon.mjs'];
const OFFLINE = 'Offline so far. Messages you write wait here and go out by themselves.';
const NOT_APPLIED = '--set counts for the next start only: sotto stop, then start it again.';

export async function start(session: Session, options: { locked?: true }): Promise<void> {
  if (options.locked) {
    const running = await runningStatus(session);
    if (!running) await startForPage(session);
    if ((await runningStatus(session)) === 'locked') return tellLocked(session);
    return tell(session, await session.daemon.call('status.get', {}), running !== undefined);
  }
  const { already, status } = await up(session);
  tell(session, status, already);
}

/** Starts the app where it does not run. @returns how it is, and whether it ran already. */
export async function up(
  session: Session,
): Promise<{ readonly status: Status; readonly already: boolean }> {
  const running = await runningStatus(session);
  if (running) return { status: await opened(session, running), already: true };
  try {
    await spawnUntilReady(session);
  } catch (error) {
    // Two starts at once: the other one was first, and will be ready in a moment.
    if (!(error instanceof Failure) || error.body.reason !== 'already-running') throw error;
    return { status: await opened(session, await awaitOther(session, error)), already: true };
  }
  return { status: await session.daemon.call('status.get', {}), already: false };
}

/** Starts the app for a page, which asks for the passphrase itself where there is one. */
export async function startForPage(session: Session): Promise<void> {
  try {
    await spawnOnce(session, await givenPassphrase(session), ['--locked']);
  } catch (error) {
    if (!(error instanceof Failure) || error.body.reason !== 'already-running') throw error;
    // Another start was first, and will be ready in a moment.
    const giveUpAtMs = performance.now() + session.daemon.timeoutMs;
    while (session.daemon.pid() === undefined) {
      if (performance.now() > giveUpAtMs) throw error;
      await pause(STOP_POLL_MS);
    }
  }
}

export async function stop(session: Session): Promise<void> {
  const { out } = session;
  const pid = await down(session);
  if (pid === undefined) {
    if (out.look.mode === 'json') out.json({ stopped: false });
    else if (out.look.mode === 'plain') out.record('not running');
    else out.note("Sotto isn't running.");
    return;
  }
  if (out.look.mode === 'json') out.json({ stopped: true, pid });
  else if (out.look.mode === 'plain') out.record('stopped', pid);
  else out.note('Stopped. Messages that wait are safe on disk.');
}

/** Stops the app. @returns its process, which is gone; undefined where there was none. */
export async function down(session: Session): Promise<number | undefined> {
  const { daemon } = session;
  const pid = daemon.pid();
  if (pid === undefined || !(await askToStop(session))) return undefined;
  const giveUpAtMs = performance.now() + daemon.timeoutMs;
  while (isAlive(pid)) {
    if (session.signal.aborted) throw failure('interrupted');
    if (performance.now() > giveUpAtMs) {
      throw failure('still-stopping', { pid, seconds: Math.round(daemon.timeoutMs / 1000) });
    }
    await pause(STOP_POLL_MS);
  }
  return pid;
}

/** @returns false where there is nobody to stop. */
async function askToStop({ daemon }: Session): Promise<boolean> {
  try {
    await daemon.call('daemon.stop', {});
    return true;
  } catch (error) {
    const reason = error instanceof Failure ? error.body.reason : bodyReason(error);
    if (reason === 'not-running') return false;
    // It is on its way out already, or went before its answer did.
    if (reason === 'stopping' || (reason === 'no-answer' && daemon.pid() === undefined))
      return true;
    throw error;
  }
}

function bodyReason(error: unknown): string | undefined {
  return (error as { body?: ApiErrorBody }).body?.reason;
}

async function runningStatus(session: Session): Promise<Status | 'locked' | undefined> {
  if (session.daemon.pid() === undefined) return undefined;
  try {
    return await session.daemon.call('status.get', {});
  } catch (error) {
    const reason = error instanceof Failure ? error.body.reason : bodyReason(error);
    if (reason === 'not-running') return undefined;
    if (reason === 'locked') return reason;
    // It took the question and died of a signal before it answered.
    if (reason === 'no-answer' && (await isGone(session))) return undefined;
    throw error;
  }
}

/** Of an app that is locked: the passphrase first. */
async function opened(session: Session, status: Status | 'locked'): Promise<Status> {
  if (status !== 'locked') return status;
  await (await import('./lock.ts')).unlocked(session);
  return session.daemon.call('status.get', {});
}

/** Is the process of api.json gone, or about to go? */
async function isGone({ daemon }: Session): Promise<boolean> {
  const giveUpAtMs = performance.now() + DYING_MS;
  while (daemon.pid() !== undefined) {
    if (performance.now() > giveUpAtMs) return false;
    await pause(STOP_POLL_MS);
  }
  return true;
}

async function awaitOther(session: Session, held: Failure): Promise<Status | 'locked'> {
  const giveUpAtMs = performance.now() + session.daemon.timeoutMs;
  for (;;) {
    const status = await runningStatus(session);
    if (status) return status;
    if (performance.now() > giveUpAtMs) throw held;
    await pause(STOP_POLL_MS);
  }
}

async function spawnUntilReady(session: Session): Promise<void> {
  let passphrase = await givenPassphrase(session);
  for (let tries = 1; ; tries++) {
    try {
      return await spawnOnce(session, passphrase);
    } catch (error) {
      const reason = error instanceof Failure ? error.body.reason : undefined;
      const locked = reason === 'passphrase-needed' || reason === 'wrong-passphrase';
      const given = session.globals.passphraseFile !== undefined;
      if (!locked || given || !session.mayAsk || tries > PASSPHRASE_TRIES) throw error;
      if (reason === 'wrong-passphrase') session.out.note((error as Failure).body.message);
      passphrase = Buffer.from(`${await askHidden('Passphrase: ')}\n`, 'utf8');
    }
  }
}

/** `--passphrase-file -`: ours to read once; a real file the daemon reads itself. */
async function givenPassphrase(session: Session): Promise<Uint8Array | undefined> {
  if (session.globals.passphraseFile !== '-') return undefined;
  const bytes = await readStdin(PASSPHRASE_BYTES_MAX, session.signal);
  if (bytes.length > PASSPHRASE_BYTES_MAX) {
    throw usage(`A passphrase has at most ${PASSPHRASE_BYTES_MAX} bytes.`);
  }
  return bytes;
}

async function spawnOnce(
  session: Session,
  passphrase: Uint8Array | undefined,
  flags: readonly string[] = [],
): Promise<void> {
  const args = [daemonPath(), '--data-dir', session.folder, ...flags];
  for (const setting of session.globals.set ?? []) args.push('--set', setting);
  const { passphraseFile } = session.globals;
  if (passphrase) args.push('--passphrase-file', '-');
  else if (passphraseFile !== undefined) args.push('--passphrase-file', resolve(passphraseFile));
  const child = spawn(process.execPath, args, {
    detached: true,
    // Holds no folder that somebody may want to unmount.
    cwd: '/',
    env: { ...process.env, ...FORGETFUL_MEMORY },
    stdio: [passphrase ? 'pipe' : 'ignore', 'pipe', 'pipe'],
  });
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(passphrase);
  try {
    await ready(child, session);
  } finally {
    passphrase?.fill(0);
    child.stdout?.destroy();
    child.stderr?.destroy();
    child.unref();
  }
}

/** Resolves when the daemon says that it is ready. @throws Failure with the daemon's own words. */
function ready(child: ChildProcess, session: Session): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    let complained = '';
    const seconds = session.timeoutMs ?? START_MS;
    const timer = setTimeout(() => end(failure('no-answer')), seconds);
    const interrupted = (): void => end(failure('interrupted'));
    session.signal.addEventListener('abort', interrupted, { once: true });
    const end = (error?: Error): void => {
      clearTimeout(timer);
      session.signal.removeEventListener('abort', interrupted);
      if (!error) return resolve();
      // Nobody would know of a daemon that comes up after its start was given up.
      child.kill('SIGTERM');
      reject(error);
    };
    child.stdout?.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString('utf8')).slice(0, SAID_CHARS_MAX);
      if (said.includes('\n')) end();
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      complained = (complained + chunk.toString('utf8')).slice(0, SAID_CHARS_MAX);
    });
    child.on('error', (error) => end(failure('start-failed', { what: error.message }, error)));
    child.on('close', (code, by) => end(refusal(complained, code, by)));
  });
}

function refusal(complained: string, code: number | null, by: NodeJS.Signals | null): Failure {
  for (const line of complained.split('\n')) {
    try {
      const { error } = JSON.parse(line) as { error?: ApiErrorBody };
      if (typeof error?.reason === 'string') return new Failure(error);
    } catch {
      // Not the line we look for.
    }
  }
  const how = by ? `signal ${by}` : `exit code ${code}`;
  const first = /^\w*Error\b.*$/m.exec(complained)?.[0] ?? complained.split('\n')[0]!;
  return failure('start-failed', { what: first ? `${how}, ${first.slice(0, 200)}` : how });
}

function daemonPath(): string {
  const paths = DAEMON_PATHS.map((path) => fileURLToPath(new URL(path, import.meta.url)));
  const found = paths.find((path) => existsSync(path));
  if (found === undefined) throw failure('start-failed', { what: `${paths[0]} is not there` });
  return found;
}

function tellLocked({ daemon, out }: Session): void {
  if (out.look.mode === 'json') return out.json({ locked: true, pid: daemon.pid() });
  if (out.look.mode === 'plain') return out.record('locked', daemon.pid());
  out.note('Sotto is running, locked. Open it with its passphrase: sotto unlock, or sotto open');
}

function tell({ out, globals }: Session, status: Status, already: boolean): void {
  if (out.look.mode === 'json') return out.json({ ...status, alreadyRunning: already });
  if (out.look.mode === 'plain') return out.record(status.id, status.pid, already);
  out.note(already ? 'Sotto is running already. Your ID:' : 'Sotto is running. Your ID:');
  out.line(status.id);
  if (!status.online) out.note(OFFLINE);
  if (already && globals.set) out.note(NOT_APPLIED);
  out.note('Try: sotto send echo hi');
}

function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
