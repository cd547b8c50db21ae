/**
 * A Linux network namespace of one test: loopback with addresses of the benchmarking range, no
 * way out, gone when the test is over.
 * @module
 */
import { execFileSync, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { randomBytes } from 'node:crypto';

export class Namespace {
  readonly name = `sotto-${process.pid}-${randomBytes(3).toString('hex')}`;

  /** @throws Error where the caller may not make one: it needs root and iproute2. */
  constructor(hosts: readonly string[]) {
    this.#ip('netns', 'add', this.name);
    this.#ip('-n', this.name, 'link', 'set', 'lo', 'up');
    for (const host of hosts) this.#ip('-n', this.name, 'addr', 'add', `${host}/32`, 'dev', 'lo');
  }

  /** Starts a program inside; the caller ends it. */
  spawn(command: string, args: readonly string[]): ChildProcessWithoutNullStreams {
    return spawn('ip', ['netns', 'exec', this.name, command, ...args]);
  }

  remove(): void {
    this.#ip('netns', 'delete', this.name);
  }

  #ip(...args: string[]): void {
    execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  }
}
