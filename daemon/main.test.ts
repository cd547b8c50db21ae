import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { Client } from '@sotto/api/client.ts';
import { ApiErrorBody, ApiFile, DaemonReady } from '@sotto/api/contract.ts';

const BUILD = fileURLToPath(new URL('../tools/build.mjs', import.meta.url));
const MAIN = fileURLToPath(new URL('../dist/daemon.mjs', import.meta.url));
const SETTINGS = ['dht.enabled=false', 'net.bind=127.0.0.1', 'api.port=0', 'echo.enabled=false'];

const folders: string[] = [];
const children: ChildProcess[] = [];
beforeAll(() => void execFileSync(process.execPath, [BUILD, 'programs']));
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-main-'));
  folders.push(folder);
  return join(folder, 'profile');
}

interface Started {
  readonly child: ChildProcess;
  /** The first line on standard output, or all of standard error where it ended first. */
  readonly said: string;
  readonly exit: Promise<number | null>;
}

interface StartOptions {
  readonly set?: readonly string[];
  readonly preload?: string;
  readonly args?: readonly string[];
  readonly env?: Record<string, string>;
}

function start(folder: string, options: StartOptions = {}): Promise<Started> {
  const { args = ['--data-dir', folder], env = {}, preload, set = SETTINGS } = options;
  const nodeArgs = preload ? ['--import', preload] : [];
  const settings = set.flatMap((setting) => ['--set', setting]);
  const child = spawn(process.execPath, [...nodeArgs, MAIN, ...args, ...settings], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  children.push(child);
  const exit = new Promise<number | null>((done) => child.once('exit', done));
  let out = '';
  let complaint = '';
  child.stderr.on('data', (bytes) => (complaint += String(bytes)));
  return new Promise((done) => {
    child.stdout.on('data', (bytes) => {
      out += String(bytes);
      if (out.includes('\n')) done({ child, said: out, exit });
    });
    child.once('close', () => done({ child, said: complaint, exit }));
  });
}

const apiFile = (folder: string): ApiFile =>
  ApiFile.parse(JSON.parse(readFileSync(join(folder, 'api.json'), 'utf8')));

function errorOf(said: string): ApiErrorBody {
  const parsed = JSON.parse(said) as { ok: boolean; error: unknown };
  expect(parsed.ok).toBe(false);
  return ApiErrorBody.parse(parsed.error);
}

test('[API-3] it says one line when ready; a second one is refused and names the first', async () => {
  const folder = scratch();
  const { child, exit, said } = await start(folder);
  const { data } = DaemonReady.parse(JSON.parse(said));
  expect(data).toEqual({ pid: child.pid, port: apiFile(folder).port });
  for (const name of readdirSync(folder)) {
    expect([name, statSync(join(folder, name)).mode & 0o077]).toEqual([name, 0]);
  }
  const second = await start(folder);
  expect(errorOf(second.said)).toMatchObject({ reason: 'already-running', code: 'E33' });
  expect(errorOf(second.said).detail).toMatchObject({ pid: child.pid });
  expect(await second.exit).toBe(9);
  expect(apiFile(folder).pid).toBe(child.pid);
  child.kill('SIGTERM');
  expect(await exit).toBe(0);
});

test('[API-12] SIGTERM, SIGINT and the API end it with 0, and clean up', async () => {
  const folder = scratch();
  const tokens = new Set<string>();
  for (const how of ['SIGTERM', 'SIGINT', 'api'] as const) {
    const { child, exit } = await start(folder);
    const { port, token } = apiFile(folder);
    tokens.add(token);
    const client = new Client(() => ({ url: `http://127.0.0.1:${port}`, token }));
    // An open stream and an idle connection must not hold it up.
    const events = client.events({ patienceMs: 0 });
    await events.next();
    if (how === 'api') await client.call('daemon.stop', {});
    else child.kill(how);
    expect(await exit).toBe(0);
    await expect(events.next()).rejects.toThrow();
    expect(readdirSync(folder).filter((name) => /^(api\.json|lock-)/.test(name))).toEqual([]);
  }
  expect(tokens.size).toBe(3);
});

test('[API-2, API-11] after kill -9 it starts again at once, on the ports it had', async () => {
  const folder = scratch();
  const set = SETTINGS.filter((setting) => !setting.startsWith('api.port'));
  // Other daemons of this computer come and go around the usual port.
  mkdirSync(folder, { mode: 0o700 });
  const apiPort = 45_000 + Math.floor(Math.random() * 10_000);
  writeFileSync(join(folder, 'ports.json'), JSON.stringify({ 'api.port': apiPort }));
  const first = await start(folder, { set });
  const before = apiFile(folder);
  const ports = readFileSync(join(folder, 'ports.json'), 'utf8');
  first.child.kill('SIGKILL');
  await first.exit;
  const second = await start(folder, { set });
  expect(before.port).toBe(apiPort);
  expect(DaemonReady.parse(JSON.parse(second.said)).data.port).toBe(apiPort);
  expect(readFileSync(join(folder, 'ports.json'), 'utf8')).toBe(ports);
  expect(apiFile(folder).token).not.toBe(before.token);
  const netPort = (JSON.parse(ports) as Record<string, number>)['net.port']!;
  expect(netPort).toBeGreaterThanOrEqual(20_000);
  expect(netPort).toBeLessThanOrEqual(59_999);
});

test.each([
  ['a bad setting', { set: ['net.port=x'] }, 'bad-config', 2],
  ['a bad variable', { env: { SOTTO_DHT_ENABLED: 'maybe' } }, 'bad-config', 2],
  ['a bad profile', { args: ['--profile', '../x'] }, 'usage', 2],
  ['an empty folder', { args: ['--data-dir', ''] }, 'usage', 2],
  ['an unknown option', { args: ['--nothing'] }, 'usage', 2],
  [
    'a missing passphrase file',
    { args: ['--passphrase-file', '/nonexistent'] },
    'unreadable-input',
    2,
  ],
  ['a folder that is a file', { args: ['--data-dir', '/dev/null'] }, 'folder-unusable', 7],
] as const)('[API-3] %s is told as the registry does, with its exit code', async (...row) => {
  const [, options, reason, exitCode] = row;
  const { exit, said } = await start(scratch(), options);
  expect(errorOf(said).reason).toBe(reason);
  expect(await exit).toBe(exitCode);
});

test('[API-19] an error that nobody caught: a report without secrets, exit 70', async () => {
  const folder = scratch();
  const secret = `sotto:${'a'.repeat(56)}`;
  const code =
    `import { existsSync } from 'node:fs';` +
    `setInterval(() => { if (existsSync('${folder}/api.json')) ` +
    `throw new Error('broke with ${secret} at 192.0.2.1:5'); }, 50)`;
  const { exit, said } = await start(folder, {
    preload: `data:text/javascript,${encodeURIComponent(code)}`,
  });
  expect(said).not.toContain(secret);
  expect(await exit).toBe(70);
  const logs = join(folder, 'logs');
  const name = readdirSync(logs).find((file) => file.startsWith('crash-'))!;
  const report = readFileSync(join(logs, name), 'utf8');
  expect(JSON.parse(report)).toMatchObject({ error: 'Error: broke with [id] at [address]' });
  expect(report + readFileSync(join(logs, 'daemon.log'), 'utf8')).not.toMatch(/sotto:a|192\.0/);
  expect(readdirSync(folder)).not.toContain('api.json');
  // The next start finds nothing in its way.
  const again = await start(folder);
  expect(DaemonReady.parse(JSON.parse(again.said)).ok).toBe(true);
});
