import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { Prng } from '@sotto/core/base/prng.ts';
import { base32, hex } from '@sotto/core/base/bytes.ts';
import { writeCrashReport } from './crash-report.ts';
import { FILE_BYTES, FILE_MS, LogFile } from './logs.ts';
import { reasonOf } from './redact.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-logs-'));
  folders.push(folder);
  return folder;
}

const allText = (folder: string): string =>
  readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('');

test('[API-16] nothing that names a person reaches the log, in no field and at no level', () => {
  const folder = scratch();
  const key = new Prng(1).bytes(32);
  const secrets = [
    `sotto:${base32(key)}`,
    `sotto:${base32(key)}ab`.toUpperCase(),
    hex(key),
    hex(key.subarray(0, 16)),
    base32(key),
    Buffer.from(key).toString('base64'),
    Buffer.from(key).toString('base64url'),
    'c_lefvyfl627mh5bmdvol7cpou44',
  ];
  const logs = new LogFile(folder, 'debug');
  for (const secret of secrets) {
    logs.part('node')('debug', `met ${secret}.`, { who: secret, more: `a ${secret} b`, rttMs: 1 });
  }
  logs.close();
  const text = allText(folder).toLowerCase();
  for (const secret of secrets) expect(text).not.toContain(secret.toLowerCase());
  expect(text).toContain('met [id]');
  expect(text.split('\n')).toHaveLength(secrets.length + 1);
});

test('[API-16] addresses are kept at level debug only', () => {
  const addresses = ['192.0.2.7:6881', '192.0.2.8', '[2001:db8::1]:6881', 'fe80::1', '::1'];
  const written = (level: 'debug' | 'info'): string => {
    const folder = scratch();
    const logs = new LogFile(folder, level);
    for (const at of addresses) logs.part('node')('warn', `dialled ${at} twice`, { at });
    logs.close();
    return allText(folder);
  };
  for (const at of addresses) expect(written('debug')).toContain(at);
  const text = written('info');
  for (const at of addresses) expect(text).not.toContain(at);
  expect(text.match(/\[address\]/g)).toHaveLength(2 * addresses.length);
});

test('[API-16] no folder of this computer, and so no login name, is told by a path', () => {
  const folder = scratch();
  const logs = new LogFile(folder, 'debug');
  const said: [text: string, kept: string][] = [
    [
      "EACCES: permission denied, open '/home/ana/.local/share/sotto/default/echo/vault.db'",
      "EACCES: permission denied, open '[folder]/vault.db'",
    ],
    [
      "ENOENT: rename '/home/Ana Ruiz/a b/x' -> '/Users/o'neil/sotto/y'",
      "ENOENT: rename '[folder]/x' -> '[folder]/y'",
    ],
    ["EPERM: mkdir '/home/ana'", "EPERM: mkdir '[folder]'"],
    ['cannot open /home/ana/sotto/vault.db: no', 'cannot open [folder]/vault.db: no'],
    ['in file:///home/ana/sotto/daemon.mjs:1:2', 'in file://[folder]/daemon.mjs:1:2'],
    ["open 'C:\\Users\\Ana Ruiz\\sotto\\key'", "open '[folder]/key'"],
    ['at C:\\Users\\ana\\sotto\\key', 'at [folder]/key'],
    [`open '/home/ana/${'deep down/'.repeat(40)}key'`, "open '[folder]/key'"],
    ['3/4 of 10/s, tcp/udp', '3/4 of 10/s, tcp/udp'],
  ];
  for (const [text] of said) logs.part('x')('warn', text, { text });
  const { lines } = logs.tail(20);
  expect(lines.map(({ message }) => message)).toEqual(said.map(([, kept]) => kept));
  expect(lines.map(({ fields }) => fields?.['text'])).toEqual(said.map(([, kept]) => kept));
  logs.close();
  const facts = { version: '1', wallMs: 1, stats: {} };
  const name = writeCrashReport(folder, new Error(said[0]![0]), facts)!;
  expect(readFileSync(join(folder, name), 'utf8')).not.toMatch(/ana|local/);
});

test('[API-16] of what the system refuses the code is told, of all else the message', () => {
  const system = Object.assign(new Error("ENOSPC: write '/home/ana/x'"), { code: 'ENOSPC' });
  expect([system, new Error('no key'), 'text'].map(reasonOf)).toEqual([
    ...['ENOSPC', 'no key', 'unknown'],
  ]);
});

test('[API-17] lines below the level are not kept; a change takes effect at once', () => {
  const folder = scratch();
  const logs = new LogFile(folder, 'warn');
  const log = logs.part('x');
  log('info', 'one');
  log('error', 'two', { count: 2, ok: true });
  logs.setLevel('info');
  log('info', 'three');
  const { lines } = logs.tail(10);
  expect(lines.map(({ message }) => message)).toEqual(['two', 'three']);
  expect(lines[0]).toMatchObject({ level: 'error', fields: { part: 'x', count: 2, ok: true } });
  expect(statSync(join(folder, 'daemon.log')).mode & 0o777).toBe(0o600);
  logs.close();
});

test('[API-17] two files at most, each bounded in size and in age', () => {
  const folder = scratch();
  let nowMs = Date.now();
  const logs = new LogFile(folder, 'info', () => nowMs);
  const log = logs.part('x');
  const words = 'two words '.repeat(19);
  for (let i = 0; i * 190 < 3 * FILE_BYTES; i++) log('info', words);
  expect(readdirSync(folder).sort()).toEqual(['daemon.1.log', 'daemon.log']);
  for (const name of readdirSync(folder)) {
    expect(statSync(join(folder, name)).size).toBeLessThan(FILE_BYTES + 1000);
  }
  nowMs += FILE_MS;
  log('info', 'later');
  expect(readFileSync(join(folder, 'daemon.log'), 'utf8')).toContain('later');
  expect(statSync(join(folder, 'daemon.log')).size).toBeLessThan(1000);
  logs.close();
  // What another run left behind a day ago goes when the next one opens the log.
  const old = new Date(nowMs - 3 * FILE_MS);
  utimesSync(join(folder, 'daemon.1.log'), old, old);
  const again = new LogFile(folder, 'info', () => nowMs);
  again.part('x')('info', 'again');
  expect(readdirSync(folder)).toEqual(['daemon.log']);
  again.close();
});

test('[API-17] a reader follows the log over a rotation and misses nothing', () => {
  const folder = scratch();
  const logs = new LogFile(folder, 'info');
  const log = logs.part('x');
  log('info', 'first');
  const start = logs.tail(10);
  expect(start.lines).toHaveLength(1);
  expect(logs.tail(10, start.next).lines).toEqual([]);
  log('info', 'second');
  const second = logs.tail(10, start.next);
  expect(second.lines.map(({ message }) => message)).toEqual(['second']);
  const words = 'two words '.repeat(19);
  for (let i = 0; i * 290 < FILE_BYTES * 1.1; i++) log('info', words);
  log('info', 'last');
  const rest = logs.tail(100_000, second.next).lines;
  expect(rest[0]!.message).toBe(words);
  expect(rest.at(-1)!.message).toBe('last');
  expect(logs.tail(3).lines).toHaveLength(3);
  expect(logs.tail(3, 'nonsense').lines).toHaveLength(3);
  writeFileSync(join(folder, 'daemon.log'), '{"time":"cut off');
  expect(logs.tail(1).lines).toHaveLength(1);
  logs.close();
});

test('[API-17] a disk that takes nothing stops nobody, and is counted', () => {
  const folder = scratch();
  const logs = new LogFile(join(folder, 'gone'), 'info');
  logs.part('x')('info', 'one');
  expect(logs.lost).toBe(1);
  expect(logs.tail(5)).toEqual({ lines: [], next: '0-0' });
});

test('[API-19] a report holds the fault and counts, but no secret, address or folder', () => {
  const folder = scratch();
  const id = `sotto:${base32(new Prng(2).bytes(35))}`;
  const error = new Error(`link to ${id} at 192.0.2.7:4000 broke`);
  const facts = { version: '1.2.3', wallMs: 1_790_000_000_000, stats: { links: 3 } };
  const name = writeCrashReport(folder, error, facts)!;
  const report = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Record<string, unknown>;
  expect(report['error']).toBe('Error: link to [id] at [address] broke');
  expect(report).toMatchObject({ version: '1.2.3', stats: { links: 3 } });
  const frames = report['frames'] as string[];
  expect(frames[0]).toMatch(/logs\.test\.ts:\d+:\d+/);
  expect(frames.join()).not.toMatch(/\/(home|root|tmp|usr|node_modules)\//);
  expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
  for (let i = 1; i < 9; i++) writeCrashReport(folder, error, { ...facts, wallMs: i });
  expect(readdirSync(folder)).toHaveLength(5);
  expect(writeCrashReport(join(folder, 'gone'), 'no error', facts)).toBeUndefined();
});
