/**
 * The browser app as files: what the build left in dist/web, and nothing else. They are read into
 * memory whole when the first page is asked for, and anew when the build changed, so that a page
 * and its files are always of one build. What is asked for is looked up in that list: no path of a
 * request ever reaches the disk.
 *
 *   /assets/<name with a hash>           its file, for ever
 *   /index.html, /sw.js, other files     its file; asked anew each time, 304 where it is the same
 *   /, /welcome, /c/c_7k2/info, ...      index.html: the app shows the page
 *
 * Spec: docs/spec/local-api.md API-24.
 * @module
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hex } from '@sotto/core/base/bytes.ts';
import { sha256 } from '@sotto/core/crypto/hash.ts';

const FILES_MAX = 500;
const BYTES_MAX = 64 * 1024 * 1024;
const INDEX = '/index.html';
/** A page of the app: no dot, no empty part. */
const PAGE = /^\/(?:[\w-]+(?:\/[\w-]+)*\/?)?$/;

/** Types of files that a build can have; another one is not served. */
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.txt': 'text/plain; charset=utf-8',
};

export interface WebFile {
  readonly type: string;
  readonly etag: string;
  /** Its name changes when it does. */
  readonly immutable: boolean;
  readonly bytes: Buffer;
}

type Files = ReadonlyMap<string, WebFile>;

const NONE = { stamp: '', files: Promise.resolve<Files>(new Map()) };

export class WebFiles {
  readonly #folder: string;
  #known: { readonly stamp: string; readonly files: Promise<Files> } = NONE;

  constructor(folder: string = ownFolder()) {
    this.#folder = folder;
  }

  /** @returns undefined where there is no such file; 'none' where there is no build at all. */
  async find(path: string): Promise<WebFile | 'none' | undefined> {
    const isPage = PAGE.test(path);
    if (isPage || path === INDEX || this.#known.stamp === '') await this.#look();
    // A build that takes its place while it is read: a moment later it is there.
    const files = await this.#known.files.catch(() => NONE.files);
    if (files.size === 0) return isPage ? 'none' : undefined;
    return files.get(isPage ? INDEX : path);
  }

  /** Reads all anew where the build is another one. */
  async #look(): Promise<void> {
    const stamp = await stampOf(join(this.#folder, 'index.html'));
    if (stamp === this.#known.stamp) return;
    const known = stamp === '' ? NONE : { stamp, files: this.#read() };
    this.#known = known;
    known.files.catch(() => {
      if (this.#known === known) this.#known = NONE;
    });
  }

  async #read(): Promise<Files> {
    const entries = await readdir(this.#folder, { recursive: true, withFileTypes: true });
    const found = new Map<string, WebFile>();
    let length = 0;
    for (const entry of entries.slice(0, FILES_MAX)) {
      const path = join(entry.parentPath, entry.name);
      const type = TYPES[extname(entry.name)];
      // Links are left out: they could lead anywhere.
      if (!entry.isFile() || type === undefined) continue;
      const bytes = await readFile(path);
      if ((length += bytes.length) > BYTES_MAX) break;
      const name = `/${path.slice(this.#folder.length).split(sep).filter(Boolean).join('/')}`;
      const etag = `"${hex(sha256(bytes)).slice(0, 32)}"`;
      found.set(name, { type, etag, immutable: name.startsWith('/assets/'), bytes });
    }
    return found;
  }
}

/** Beside the bundle; of the sources, in the folder of bundles. */
function ownFolder(): string {
  const isBundle = import.meta.url.endsWith('.mjs');
  return fileURLToPath(new URL(isBundle ? './web/' : '../dist/web/', import.meta.url));
}

/** Tells one build from the next; empty where there is none. */
async function stampOf(index: string): Promise<string> {
  try {
    const { ino, mtimeMs, size } = await stat(index);
    return [ino, mtimeMs, size].join();
  } catch {
    return '';
  }
}
