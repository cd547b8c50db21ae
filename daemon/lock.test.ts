import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { takeLock } from './lock.ts';
import { StartFailure } from './start-failure.ts';

const folders: string[] = [];
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-lock-'));
  folders.push(folder);
  return folder;
}

/** A process that takes the lock, says how that went, and then waits to be killed. */
function contender(folder: string): Promise<{ child: ChildProcess; said: string }> {
  const lock = new URL('./lock.ts', import.meta.url).href;
  const code = `
    const { takeLock } = await import(${JSON.stringify(lock)});
    try { await takeLock(${JSON.stringify(folder)}); process.send('held'); }
    catch (error) { process.send(error.reason + ' ' + error.detail.pid); }
    setInterval(() => {}, 1e6);`;
  const file = `data:text/javascript,${encodeURIComponent(code)}`;
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', `await import(${JSON.stringify(file)})`],
    { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
  );
  children.push(child);
  return new Promise((done) => child.once('message', (said: string) => done({ child, said })));
}

async function refusal(folder: string): Promise<StartFailure> {
  const taken = takeLock(folder);
  await expect(taken).rejects.toBeInstanceOf(StartFailure);
  return (await taken.catch((error: unknown) => error)) as StartFailure;
}

test('[API-2] a second daemon is refused and told the pid of the first', async () => {
  const folder = freshFolder();
  const { child, said } = await contender(folder);
  expect(said).toBe('held');
  const { reason, detail } = await refusal(folder);
  expect({ reason, pid: detail['pid'] }).toEqual({ reason: 'already-running', pid: child.pid });
});

test('[API-2] a lock dies with its process, even by kill -9, and leaves no rubbish', async () => {
  const folder = freshFolder();
  const { child } = await contender(folder);
  const ended = new Promise((done) => child.once('exit', done));
  child.kill('SIGKILL');
  await ended;
  expect(readdirSync(folder)).toHaveLength(1);
  const lock = await takeLock(folder);
  expect(readdirSync(folder)).toHaveLength(1);
  await lock.release();
  expect(readdirSync(folder)).toEqual([]);
});

test('[API-2] a daemon that is stopped by a signal still holds its lock', async () => {
  const folder = freshFolder();
  const { child } = await contender(folder);
  child.kill('SIGSTOP');
  expect((await refusal(folder)).detail['pid']).toBe(child.pid);
});

test('[API-2] of many that start together exactly one wins', async () => {
  const folder = freshFolder();
  for (let round = 0; round < 20; round++) {
    const all = await Promise.allSettled(Array.from({ length: 8 }, () => takeLock(folder)));
    const won = all.filter((one) => one.status === 'fulfilled');
    expect(won).toHaveLength(1);
    await won[0]!.value.release();
  }
  const processes = await Promise.all([contender(folder), contender(folder), contender(folder)]);
  expect(processes.filter(({ said }) => said === 'held')).toHaveLength(1);
});

test('[API-2] a folder with a very long path can be locked', async () => {
  const folder = join(freshFolder(), 'x'.repeat(120), 'y'.repeat(120));
  mkdirSync(folder, { recursive: true });
  const lock = await takeLock(folder);
  expect((await refusal(folder)).reason).toBe('already-running');
  await lock.release();
});
