/**
 * Disk: what the files of a folder may look like after the power was cut.
 *
 * A write reaches the cache; a sync makes the whole file durable. At a cut each sector written
 * since the last sync has, for every time it was written, reached the disk with probability p;
 * the last time that it did is what is found. Creating, naming and deleting files is durable at
 * once, which favours no side: the vault does none of it while it runs.
 * @module
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Prng } from '@sotto/core/base/prng.ts';
import type { DiskEvent } from './trace.ts';

const SECTOR_BYTES = 512;

class CachedFile {
  #durable = Buffer.alloc(0);
  #cached = Buffer.alloc(0);
  /** What each sector held after each write since the last sync. */
  readonly #dirty = new Map<number, Buffer[]>();

  write(at: number, bytes: Buffer): void {
    const end = at + bytes.length;
    if (end > this.#cached.length) this.#cached = grown(this.#cached, end);
    bytes.copy(this.#cached, at);
    const last = Math.floor((end - 1) / SECTOR_BYTES);
    for (let sector = Math.floor(at / SECTOR_BYTES); sector <= last; sector++) {
      const from = sector * SECTOR_BYTES;
      const version = Buffer.from(this.#cached.subarray(from, from + SECTOR_BYTES));
      const versions = this.#dirty.get(sector);
      if (versions) versions.push(version);
      else this.#dirty.set(sector, [version]);
    }
  }

  sync(): void {
    this.#durable = Buffer.from(this.#cached);
    this.#dirty.clear();
  }

  truncate(size: number): void {
    this.#cached = grown(this.#cached.subarray(0, size), size);
    this.sync();
  }

  /** What is found after a cut now. */
  image(p: number, random: Prng): Buffer {
    let found = Buffer.from(this.#durable);
    for (const [sector, versions] of this.#dirty) {
      const survivor = versions.findLast(() => random.chance(p));
      if (!survivor) continue;
      const at = sector * SECTOR_BYTES;
      if (at + survivor.length > found.length) found = grown(found, at + survivor.length);
      survivor.copy(found, at);
    }
    return found;
  }
}

function grown(bytes: Buffer, size: number): Buffer<ArrayBuffer> {
  const larger = Buffer.alloc(size);
  bytes.copy(larger);
  return larger;
}

export class Disk {
  readonly #files = new Map<string, CachedFile>();

  apply(event: DiskEvent): void {
    switch (event.type) {
      case 'create':
        this.#files.set(event.path, new CachedFile());
        break;
      case 'write':
        this.#file(event.path).write(event.at, event.bytes);
        break;
      case 'sync':
        this.#files.get(event.path)?.sync(); // a folder is synced too
        break;
      case 'truncate':
        this.#file(event.path).truncate(event.size);
        break;
      case 'unlink':
        this.#files.delete(event.path);
        break;
      case 'rename': {
        const file = this.#files.get(event.from);
        if (file) this.#files.set(event.to, file);
        break;
      }
    }
  }

  /** Writes what is found after a cut now: the files below `folder` to below `target`. */
  writeImage(folder: string, target: string, p: number, random: Prng): void {
    for (const [path, file] of this.#files) {
      if (!path.startsWith(folder)) continue;
      const to = join(target, relative(folder, path));
      mkdirSync(dirname(to), { recursive: true });
      writeFileSync(to, file.image(p, random));
    }
  }

  #file(path: string): CachedFile {
    let file = this.#files.get(path);
    if (!file) this.#files.set(path, (file = new CachedFile()));
    return file;
  }
}
