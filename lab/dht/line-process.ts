/**
 * A program that is spoken to in JSON lines: each request has an `id`, each answer repeats it, and
 * the first line says that it is ready.
 * @module
 */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';

export type Line = Record<string, unknown>;

interface Asker {
  readonly resolve: (line: Line) => void;
  readonly reject: (reason: Error) => void;
}

export class LineProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting = new Map<number, Asker>();
  #ended: Error | undefined;
  readonly #exited: Promise<void>;
  readonly ready: Promise<Line>;
  #nextId = 1;
  #stderr = '';

  constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    child.stderr.on('data', (chunk: Buffer) => (this.#stderr += chunk.toString()));
    let failed: (reason: Error) => void;
    this.ready = new Promise((resolve, reject) => {
      failed = reject;
      createInterface({ input: child.stdout }).on('line', (text) => {
        const line = JSON.parse(text) as Line;
        if ('ready' in line) resolve(line);
        const id = Number(line['id']);
        this.#waiting.get(id)?.resolve(line);
        this.#waiting.delete(id);
      });
    });
    this.#exited = new Promise((resolve) => {
      child.on('close', (code) => {
        this.#ended = new Error(`the program ended with ${code}: ${this.#stderr}`);
        failed(this.#ended);
        for (const { reject } of this.#waiting.values()) reject(this.#ended);
        resolve();
      });
    });
    this.ready.catch(() => undefined);
  }

  ask(request: Line): Promise<Line> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(this.#ended);
      this.#waiting.set(id, { resolve, reject });
      this.#child.stdin.write(`${JSON.stringify({ id, ...request })}\n`);
    });
  }

  /** Closes its input, by which it ends, and waits for that. */
  async stop(): Promise<void> {
    this.#child.stdin.end();
    const killer = setTimeout(() => this.#child.kill('SIGKILL'), 10_000);
    await this.#exited;
    clearTimeout(killer);
  }
}
