/**
 * Browsers that were let in.
 *
 *   pages.open --> link with a one-use key (in the fragment: no server and no log sees it)
 *     key: 60 s, once, 16 at a time        --swap-->  session: a cookie and a page half
 *                                                     16 at most, 90 days unused, over restarts
 *
 * Cookies know no ports: any web server of this computer gets ours. What lies in the page's
 * storage is bound to the origin with its port, but a page could be made to show it. Neither
 * half is enough alone. Only SHA-256 hashes of both are kept, in `pages.json`.
 *
 * A link may lie in a file for the browser to read, which `sotto open` writes:
 * `open-<first 16 hex of the key's hash>.html`, or with `sotto-` before it in the home folder. It
 * goes when its key does.
 * Spec: docs/spec/local-api.md API-25 to API-28.
 * @module
 */
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { hex, utf8 } from '@sotto/core/base/bytes.ts';
import { sha256 } from '@sotto/core/crypto/hash.ts';
import { equalSecret } from '@sotto/core/crypto/mac.ts';
import { writeWhole } from './data-folder.ts';

export const KEY_MS = 60_000;
export const KEYS_MAX = 16;
export const SESSIONS_MAX = 16;
const DAY_MS = 86_400_000;
export const UNUSED_MS = 90 * DAY_MS;
const SECRET_BYTES = 32;
const FILE = 'pages.json';
const FILE_BYTES_MAX = 16 * 1024;
const LINK_FILE = /^open-[0-9a-f]{16}\.html$/;
const LINK_FILE_IN_HOME = /^sotto-open-[0-9a-f]{16}\.html$/;

/** One browser that was let in. */
export interface PageSession {
  /** Hashes of the halves, 64 hex. */
  readonly cookie: string;
  readonly page: string;
  /** Wall clock of its last use; the file knows it to the day. */
  usedMs: number;
  writtenMs: number;
  /** Ends what goes on for this session, such as its stream of events. */
  readonly ends: Set<() => void>;
}

/** Both halves as they are handed out, 64 hex each. */
export interface Halves {
  readonly cookie: string;
  readonly page: string;
}

interface OneUseKey {
  /** 64 hex. */
  readonly hash: string;
  readonly timer: NodeJS.Timeout;
}

export class PageSessions {
  readonly #folder: string;
  readonly #home: string;
  readonly #now: () => number;
  #keys: OneUseKey[] = [];
  #sessions: PageSession[];

  /** @param now wall clock. */
  constructor(folder: string, now: () => number = Date.now, home = homedir()) {
    this.#folder = folder;
    this.#home = home;
    this.#now = now;
    this.#sessions = read(join(folder, FILE), now());
    this.#removeLinkFiles();
  }

  /** @returns a new key: 64 hex, for one swap within KEY_MS. */
  newKey(): string {
    const key = randomBytes(SECRET_BYTES).toString('hex');
    const hash = hashOf(key);
    const timer = setTimeout(() => this.#dropKey(hash), KEY_MS);
    timer.unref();
    this.#keys.push({ hash, timer });
    if (this.#keys.length > KEYS_MAX) this.#dropKey(this.#keys[0]!.hash);
    return key;
  }

  /**
   * Uses a key up.
   * @param before the cookie that this browser had: its session ends.
   * @returns a new session's halves; undefined where the key is none or was used.
   */
  swap(key: string, before: string | undefined): Halves | undefined {
    const hash = hashOf(key);
    const found = this.#keys.filter((one) => isSame(one.hash, hash));
    if (found.length === 0) return undefined;
    this.#dropKey(hash);
    const halves = {
      cookie: randomBytes(SECRET_BYTES).toString('hex'),
      page: randomBytes(SECRET_BYTES).toString('hex'),
    };
    const had = before === undefined ? undefined : hashOf(before);
    this.#drop(({ cookie }) => had !== undefined && isSame(cookie, had));
    this.#makeRoom();
    this.#sessions.push({
      cookie: hashOf(halves.cookie),
      page: hashOf(halves.page),
      usedMs: this.#now(),
      writtenMs: 0,
      ends: new Set(),
    });
    this.#write();
    return halves;
  }

  /** The session that both halves are of. */
  find({ cookie, page }: Halves): PageSession | undefined {
    const [cookieHash, pageHash] = [hashOf(cookie), hashOf(page)];
    // All are compared, so that the time tells nothing of which.
    const found = this.#sessions.filter(
      (session) => +isSame(session.cookie, cookieHash) & +isSame(session.page, pageHash),
    )[0];
    if (!found) return undefined;
    const nowMs = this.#now();
    if (nowMs - found.usedMs > UNUSED_MS) {
      this.#drop((session) => session === found);
      this.#write();
      return undefined;
    }
    found.usedMs = nowMs;
    if (nowMs - found.writtenMs > DAY_MS) this.#write();
    return found;
  }

  /** Every browser must ask again. */
  forget(): void {
    for (const { hash } of [...this.#keys]) this.#dropKey(hash);
    this.#drop(() => true);
    rmSync(join(this.#folder, FILE), { force: true });
  }

  /** Keys end with the process; sessions do not. */
  close(): void {
    for (const { hash } of [...this.#keys]) this.#dropKey(hash);
  }

  stats(): Record<string, number> {
    return { pageKeys: this.#keys.length, pageSessions: this.#sessions.length };
  }

  /** For one more, whatever the clock says: of many the one longest unused goes. */
  #makeRoom(): void {
    const nowMs = this.#now();
    // One that was used before the clock was set back was used now at the latest.
    for (const session of this.#sessions) session.usedMs = Math.min(session.usedMs, nowMs);
    const byUse = [...this.#sessions].reverse().sort((a, b) => b.usedMs - a.usedMs);
    const oldest = byUse.slice(SESSIONS_MAX - 1);
    this.#drop((session) => oldest.includes(session));
  }

  #dropKey(hash: string): void {
    for (const { timer } of this.#keys.filter((one) => one.hash === hash)) clearTimeout(timer);
    this.#keys = this.#keys.filter((one) => one.hash !== hash);
    const name = `open-${hash.slice(0, 16)}.html`;
    remove(join(this.#folder, name));
    remove(join(this.#home, `sotto-${name}`));
  }

  #drop(isMeant: (session: PageSession) => boolean): void {
    const gone = this.#sessions.filter(isMeant);
    this.#sessions = this.#sessions.filter((session) => !gone.includes(session));
    for (const { ends } of gone) for (const end of [...ends]) end();
  }

  #write(): void {
    for (const session of this.#sessions) session.writtenMs = session.usedMs;
    const sessions = this.#sessions.map(({ cookie, page, usedMs }) => ({ cookie, page, usedMs }));
    try {
      writeWhole(join(this.#folder, FILE), `${JSON.stringify({ v: 1, sessions })}\n`);
    } catch {
      // On a full disk this browser must ask again after a restart.
    }
  }

  /** Files of a process that was killed: their keys died with it. */
  #removeLinkFiles(): void {
    for (const name of namesIn(this.#folder)) {
      if (LINK_FILE.test(name)) remove(join(this.#folder, name));
    }
    for (const name of namesIn(this.#home)) {
      const file = join(this.#home, name);
      // Another profile's may be waiting for its browser right now.
      if (LINK_FILE_IN_HOME.test(name) && isOlder(file, this.#now() - KEY_MS)) remove(file);
    }
  }
}

function isOlder(file: string, thanMs: number): boolean {
  const found = statSync(file, { throwIfNoEntry: false });
  return found !== undefined && found.mtimeMs < thanMs;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // A user may have no home.
    return [];
  }
}

function remove(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // Its key is of no use any more.
  }
}

function hashOf(secret: string): string {
  return hex(sha256(utf8(secret)));
}

function isSame(a: string, b: string): boolean {
  return equalSecret(utf8(a), utf8(b));
}

/** What the file holds that still counts; nothing where it is not ours. */
function read(path: string, nowMs: number): PageSession[] {
  try {
    const text = readFileSync(path, 'utf8');
    if (text.length > FILE_BYTES_MAX) return [];
    const { sessions } = JSON.parse(text) as { sessions: Partial<PageSession>[] };
    return sessions.slice(0, SESSIONS_MAX).flatMap(({ cookie, page, usedMs: toldMs }) => {
      if (!isHash(cookie) || !isHash(page) || !Number.isSafeInteger(toldMs)) return [];
      const usedMs = Math.min(toldMs!, nowMs);
      if (nowMs - usedMs > UNUSED_MS) return [];
      return [{ cookie, page, usedMs, writtenMs: usedMs, ends: new Set<() => void>() }];
    });
  } catch {
    // None so far.
    return [];
  }
}

function isHash(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}
