/**
 * The disk a bar runs on: its own fdatasync time, so that figures can be read beside it, and a
 * refusal of file systems in memory, where a sync costs nothing and proves nothing.
 * @module
 */
import { closeSync, fdatasyncSync, openSync, statfsSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { quantile } from './bar.ts';

const TMPFS_MAGIC = 0x01021994;
const RAMFS_MAGIC = 0x858458f6;
const SYNCS = 101;

/** @throws Error where the folder lies in memory. */
export function refuseTmpfs(folder: string): void {
  const { type } = statfsSync(folder);
  if (type === TMPFS_MAGIC || type === RAMFS_MAGIC) {
    throw new Error('this folder lies in memory; a bar needs a real disk');
  }
}

/** Median time of appending 4 KiB and fdatasync, in milliseconds. */
export function fdatasyncMedianMs(folder: string): number {
  const file = join(folder, 'fdatasync');
  const descriptor = openSync(file, 'w');
  const block = new Uint8Array(4096);
  const times: number[] = [];
  for (let i = 0; i < SYNCS; i++) {
    const startedMs = performance.now();
    writeSync(descriptor, block);
    fdatasyncSync(descriptor);
    times.push(performance.now() - startedMs);
  }
  closeSync(descriptor);
  unlinkSync(file);
  return quantile(times, 0.5);
}
