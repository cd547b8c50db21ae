/**
 * Board: how a test tells `kth.c` inside a daemon at which write or sync to die. Both map one
 * small file; what is written here is seen there at once.
 *
 *   offset  size  field
 *   0       8     calls left until the end, 0: not armed
 *   8       8     1: the last call is still made
 *   16      112   where it died, text ending with a zero byte
 * @module
 */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const WHERE_AT = 16;
const WHERE_BYTES = 112;
const SOURCE = fileURLToPath(new URL('./kth.c', import.meta.url));

/** Compiles the library into `folder` and returns its path. Needs gcc. */
export function buildLibrary(folder: string): string {
  const library = join(folder, 'kth.so');
  execFileSync('gcc', ['-shared', '-fPIC', '-O2', '-Wall', '-Werror', '-o', library, SOURCE]);
  return library;
}

export class Board {
  readonly #file: number;

  constructor(
    private readonly path: string,
    private readonly library: string,
  ) {
    this.#file = openSync(path, 'w+');
    this.disarm();
  }

  /** What a program needs in its environment; calls on files below `folder` count. */
  environment(folder: string): NodeJS.ProcessEnv {
    return { LD_PRELOAD: this.library, SOTTO_KTH_BOARD: this.path, SOTTO_KTH_FOLDER: folder };
  }

  /** From now on the `k`-th call, counted from 1, is the last, made or not. */
  arm(k: number, made: boolean): void {
    this.#write(0n, made, '');
    this.#write(BigInt(k), made, '');
  }

  disarm(): void {
    this.#write(0n, false, '');
  }

  /** The call and the file of the death, `fdatasync vault.db-wal`; '' while it lives. */
  where(): string {
    const bytes = Buffer.alloc(WHERE_BYTES);
    readSync(this.#file, bytes, 0, WHERE_BYTES, WHERE_AT);
    return bytes.toString('utf8').replace(/\0.*$/s, '');
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(left: bigint, made: boolean, where: string): void {
    const bytes = Buffer.alloc(WHERE_AT + WHERE_BYTES);
    bytes.writeBigInt64LE(left, 0);
    bytes.writeBigInt64LE(made ? 1n : 0n, 8);
    bytes.write(where, WHERE_AT);
    writeSync(this.#file, bytes, 0, bytes.length, 0);
  }
}
