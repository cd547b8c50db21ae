/**
 * What a daemon opened with its keys, as plaintexts.mjs kept it.
 * @module
 */
import { existsSync, readFileSync } from 'node:fs';

const PRELOADED = new URL('plaintexts.mjs', import.meta.url);
const HEAD_BYTES = 12;

export interface Plaintext {
  /** Real time, milliseconds since 1970. */
  readonly atMs: number;
  readonly payload: Buffer;
}

/** Environment of a daemon that keeps in this file what it opens. */
export function keepPlaintexts(file: string): NodeJS.ProcessEnv {
  return { NODE_OPTIONS: `--import ${PRELOADED.href}`, SOTTO_PLAINTEXTS: file };
}

export function readPlaintexts(file: string): Plaintext[] {
  const bytes = existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
  const all: Plaintext[] = [];
  for (let at = 0; at + HEAD_BYTES <= bytes.length;) {
    const end = at + HEAD_BYTES + bytes.readUInt32LE(at + 8);
    all.push({ atMs: bytes.readDoubleLE(at), payload: bytes.subarray(at + HEAD_BYTES, end) });
    at = end;
  }
  return all;
}
