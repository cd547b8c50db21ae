import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { hex, utf8 } from '@sotto/core/base/bytes.ts';
import { sha256 } from '@sotto/core/crypto/hash.ts';
import { KEY_MS, KEYS_MAX, PageSessions, SESSIONS_MAX, UNUSED_MS } from './page-sessions.ts';
import type { Halves } from './page-sessions.ts';

const HALF = /^[0-9a-f]{64}$/;
const DAY_MS = 86_400_000;
let folder: string;
let home: string;
let nowMs = 0;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sotto-pages-'));
  home = mkdtempSync(join(tmpdir(), 'sotto-home-'));
  nowMs = Date.UTC(2026, 10, 21);
});
afterEach(() => {
  vi.useRealTimers();
  for (const made of [folder, home]) rmSync(made, { recursive: true });
});

const open = (): PageSessions => new PageSessions(folder, () => nowMs, home);
const enter = (sessions: PageSessions, before?: string): Halves =>
  sessions.swap(sessions.newKey(), before)!;
const file = (): string => readFileSync(join(folder, 'pages.json'), 'utf8');

describe('[API-25] one-use keys', () => {
  test('a key opens once, and another text never', () => {
    const sessions = open();
    const key = sessions.newKey();
    expect(key).toMatch(HALF);
    expect(sessions.swap('0'.repeat(64), undefined)).toBeUndefined();
    expect(sessions.swap(key.slice(1), undefined)).toBeUndefined();
    const { cookie, page } = sessions.swap(key, undefined)!;
    expect([cookie, page, cookie === page]).toEqual([
      expect.stringMatching(HALF),
      expect.stringMatching(HALF),
      false,
    ]);
    expect(sessions.swap(key, undefined)).toBeUndefined();
  });

  test('it ends after a minute; of too many the oldest does', () => {
    vi.useFakeTimers();
    const sessions = open();
    const late = sessions.newKey();
    vi.advanceTimersByTime(KEY_MS);
    expect(sessions.swap(late, undefined)).toBeUndefined();
    const keys = Array.from({ length: KEYS_MAX + 1 }, () => sessions.newKey());
    expect(sessions.stats()['pageKeys']).toBe(KEYS_MAX);
    expect(keys.map((key) => sessions.swap(key, undefined) !== undefined)).toEqual([
      false,
      ...Array.from({ length: KEYS_MAX }, () => true),
    ]);
  });

  test('keys end with the process', () => {
    const key = open().newKey();
    expect(open().swap(key, undefined)).toBeUndefined();
  });
});

describe('[API-26] sessions', () => {
  test('both halves of one session are needed', () => {
    const sessions = open();
    const [ana, bo] = [enter(sessions), enter(sessions)];
    expect(sessions.find(ana)).toBeDefined();
    expect(sessions.find({ cookie: ana.cookie, page: bo.page })).toBeUndefined();
    expect(sessions.find({ cookie: ana.page, page: ana.cookie })).toBeUndefined();
    expect(sessions.find({ cookie: ana.cookie, page: '0'.repeat(64) })).toBeUndefined();
  });

  test('a browser that comes anew leaves its former session', () => {
    const sessions = open();
    const first = enter(sessions);
    const second = enter(sessions, first.cookie);
    expect([sessions.find(first), sessions.stats()['pageSessions']]).toEqual([undefined, 1]);
    expect(sessions.find(second)).toBeDefined();
  });

  test('forget ends all of them, their streams and keys', () => {
    const sessions = open();
    const halves = enter(sessions);
    const key = sessions.newKey();
    let cut = 0;
    sessions.find(halves)!.ends.add(() => cut++);
    sessions.forget();
    expect([sessions.find(halves), sessions.swap(key, undefined), cut]).toEqual([
      undefined,
      undefined,
      1,
    ]);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('[API-27] over restarts', () => {
  test('sessions outlive the process; the file has only hashes and is for this user', () => {
    const halves = enter(open());
    expect(open().find(halves)).toBeDefined();
    expect(statSync(join(folder, 'pages.json')).mode & 0o777).toBe(0o600);
    expect(file()).not.toContain(halves.cookie);
    expect(file()).not.toContain(halves.page);
    expect(file()).toContain(hex(sha256(utf8(halves.page))));
  });

  test('after 90 days without use it is over; use keeps it, and is written once a day', () => {
    const [used, unused] = [enter(open()), enter(open())];
    for (let day = 0; day < 10; day++) {
      nowMs += UNUSED_MS / 10 + 1;
      expect(open().find(used)).toBeDefined();
    }
    const sessions = open();
    expect(sessions.stats()['pageSessions']).toBe(1);
    expect(sessions.find(unused)).toBeUndefined();
    const before = file();
    nowMs += DAY_MS - 1;
    sessions.find(used);
    expect(file()).toBe(before);
    nowMs += 2;
    sessions.find(used);
    expect(file()).not.toBe(before);
    nowMs += UNUSED_MS + 1;
    expect(sessions.find(used)).toBeUndefined();
    expect(file()).toBe('{"v":1,"sessions":[]}\n');
  });

  test('of more than sixteen the one longest unused goes', () => {
    const sessions = open();
    const all = Array.from({ length: SESSIONS_MAX }, () => enter(sessions));
    nowMs += 1;
    sessions.find(all[0]!);
    all.push(enter(sessions));
    const alive = all.map((halves) => sessions.find(halves) !== undefined);
    expect(alive.indexOf(false)).toBe(1);
    expect(alive.filter(Boolean).length).toBe(SESSIONS_MAX);
  });

  test('a clock that is set back keeps no new browser out, while it runs nor over a restart', () => {
    let sessions = open();
    const all = Array.from({ length: SESSIONS_MAX }, () => enter(sessions));
    nowMs -= 30 * DAY_MS;
    for (let i = 0; i < 3; i++) {
      const newest = enter(sessions);
      expect(sessions.find(newest)).toBeDefined();
      expect(sessions.stats()['pageSessions']).toBe(SESSIONS_MAX);
      nowMs -= DAY_MS;
      sessions = open();
      expect(sessions.find(newest)).toBeDefined();
      all.push(newest);
    }
    // Those that came first go first, where the clock cannot tell.
    expect(all.map((one) => sessions.find(one) !== undefined)).toEqual(all.map((_, i) => i >= 3));
  });

  test('a file that is not ours lets nobody in and stops nothing', () => {
    for (const text of ['', '{', '[]', '{"sessions":3}', '{"sessions":[{"cookie":1}]}']) {
      writeFileSync(join(folder, 'pages.json'), text);
      expect(open().stats()['pageSessions']).toBe(0);
    }
  });
});

test('[API-28] the file of a link goes when its key is used, ends, or was left behind', () => {
  vi.useFakeTimers();
  const put = (key: string): void => {
    const name = `open-${hex(sha256(utf8(key))).slice(0, 16)}.html`;
    writeFileSync(join(folder, name), key);
    writeFileSync(join(home, `sotto-${name}`), key);
  };
  const left = (): number[] => [readdirSync(folder).length, readdirSync(home).length];
  const sessions = open();
  const [used, late] = [sessions.newKey(), sessions.newKey()];
  put(used);
  put(late);
  expect(left()).toEqual([2, 2]);
  sessions.swap(used, undefined);
  // One file of the folder is that of the sessions.
  expect(left()).toEqual([2, 1]);
  vi.advanceTimersByTime(KEY_MS);
  expect(left()).toEqual([1, 0]);
  put(sessions.newKey());
  for (const made of [folder, home]) {
    writeFileSync(join(made, 'open-other.html'), '');
    writeFileSync(join(made, 'notes.txt'), '');
  }
  writeFileSync(join(home, 'open-0123456789abcdef.html'), 'of somebody else');
  expect(left()).toEqual([4, 4]);
  // In the home folder it could be another profile's, until its minute is over.
  nowMs = Date.now();
  open();
  expect(left()).toEqual([3, 4]);
  nowMs += KEY_MS + 1_000;
  open();
  expect(left()).toEqual([3, 3]);
});
