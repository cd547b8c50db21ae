/**
 * One daemon per profile. Whoever wants a folder first opens a listening socket in it, under a
 * name that nobody uses twice, and then looks for others:
 *
 *   lock-<pid>-<16 hex>     listens; answers `trying` or `held`
 *
 *   trying --no other, or all others died or gave way--> held
 *   trying --another is held, or is trying under a lower name--> gives way
 *
 * The kernel closes the socket with its process, however that dies, so nothing goes stale; a dead
 * one's name is removed by the next who looks, which cannot hit a live one since names are never
 * used again. Each shows itself before it looks, so that of two at least one sees the other.
 * Spec: docs/spec/local-api.md API-2.
 * @module
 */
import { randomBytes } from 'node:crypto';
import { closeSync, constants, openSync, readdirSync, unlinkSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import type { Server } from 'node:net';
import { StartFailure } from './start-failure.ts';

const NAME = /^lock-(\d{1,10})-[0-9a-f]{16}$/;
/** One who listens but does not answer for so long holds the lock: it may be stopped or busy. */
const ANSWER_MS = 1_000;
const ASK_AGAIN_MS = 20;
const TRIES_MAX = 100;

export interface Lock {
  release(): Promise<void>;
}

type Answer = 'held' | 'trying' | 'gone' | 'unclear';

/**
 * Takes the lock of a folder.
 * @throws StartFailure `already-running` with the pid of the daemon that holds it.
 */
export async function takeLock(folder: string): Promise<Lock> {
  // Socket paths hold 107 bytes at most; a path through the open folder is always short.
  const handle = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  const at = (name: string): string => `/proc/self/fd/${handle}/${name}`;
  const name = `lock-${process.pid}-${randomBytes(8).toString('hex')}`;
  let answer: Answer = 'trying';
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.end(answer);
  });
  const release = async (): Promise<void> => {
    await new Promise((done) => server.close(done));
    closeSync(handle);
  };
  try {
    await listen(server, folder, at(name));
    await waitForOthers(folder, name, at);
  } catch (error) {
    await release();
    throw error;
  }
  answer = 'held';
  server.unref();
  return { release };
}

/** Process of the daemon that holds a folder, or is about to; undefined where none does. */
export async function holderOf(folder: string): Promise<number | undefined> {
  const handle = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    for (const name of readdirSync(folder).sort()) {
      const pid = NAME.exec(name)?.[1];
      if (pid === undefined) continue;
      if ((await ask(`/proc/self/fd/${handle}/${name}`)) === 'held') return Number(pid);
    }
    return undefined;
  } finally {
    closeSync(handle);
  }
}

function listen(server: Server, folder: string, path: string): Promise<void> {
  return new Promise((done, fail) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      fail(new StartFailure('folder-unusable', { folder, what: `no lock: ${error.code}` })),
    );
    server.listen(path, done);
  });
}

async function waitForOthers(
  folder: string,
  own: string,
  at: (name: string) => string,
): Promise<void> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    let clear = true;
    for (const other of readdirSync(folder).sort()) {
      const pid = NAME.exec(other)?.[1];
      if (pid === undefined || other === own) continue;
      const answer = await ask(at(other));
      if (answer === 'gone') remove(at(other));
      else if (answer === 'held' || (answer === 'trying' && other < own)) {
        throw new StartFailure('already-running', { pid: Number(pid) });
      } else clear = false;
    }
    // Between bind and listen we look dead, and another may have removed our name.
    if (clear && readdirSync(folder).includes(own)) return;
    await new Promise((done) => setTimeout(done, ASK_AGAIN_MS));
  }
  throw new StartFailure('folder-unusable', { folder, what: 'its lock is contended' });
}

function ask(path: string): Promise<Answer> {
  return new Promise((done) => {
    let text = '';
    const socket = createConnection(path);
    const end = (answer: Answer): void => {
      clearTimeout(timer);
      socket.destroy();
      done(answer);
    };
    const timer = setTimeout(() => end('held'), ANSWER_MS);
    socket.on('data', (bytes) => (text += bytes.toString('latin1')));
    socket.on('end', () => end(text === 'trying' ? 'trying' : 'held'));
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'ECONNREFUSED' || code === 'ENOENT') end('gone');
      // Reset: it ended while we asked. Any other trouble says that somebody is there.
      else end(code === 'ECONNRESET' ? 'unclear' : 'held');
    });
  });
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Another who looked was faster.
  }
}
