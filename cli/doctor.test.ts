import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { checkOf } from '@sotto/api/checks.ts';
import type { Check } from '@sotto/api/contract.ts';
import { No, STATUS } from './fake-daemon.suite.ts';
import { Terminal } from './terminal.suite.ts';
import type { Ran } from './terminal.suite.ts';

let terminal: Terminal;
beforeAll(() => void (terminal = new Terminal()));
afterEach(() => terminal.closeDaemons());
afterAll(() => terminal.close());

const GOOD: Check[] = [
  checkOf('internet', 'online'),
  checkOf('helpers', 'known', { helpers: 148 }),
  checkOf('direct', 'unknown'),
];
const doctor = (checks: Check[] = GOOD): { 'doctor.run': () => { checks: Check[] } } => ({
  'doctor.run': () => ({ checks }),
});
const report = (ran: Ran): { verdict: string; checks: Check[] } =>
  (JSON.parse(ran.stdout) as { data: { verdict: string; checks: Check[] } }).data;
const found = (ran: Ran, name: string): string | undefined =>
  report(ran).checks.find(({ check }) => check === name)?.finding;

/** A folder as an app leaves it. */
function folder(): string {
  mkdirSync(join(terminal.folder, 'logs'), { recursive: true });
  chmodSync(terminal.folder, 0o700);
  chmodSync(join(terminal.folder, 'logs'), 0o700);
  return terminal.folder;
}

/** No right keeps root out: then it is somebody else whose folder this is. */
const OWNER = process.getuid?.() === 0 ? 65_534 : undefined;

/** The same folder with these rights, of the user as whom the doctor is to run. */
function folderOf(mode: number): string {
  const at = folder();
  writeFileSync(join(at, 'api.json'), '{}', { mode: 0o600 });
  chmodSync(terminal.root, 0o755);
  if (OWNER !== undefined) {
    for (const path of [at, join(at, 'api.json')]) chownSync(path, OWNER, OWNER);
  }
  chmodSync(at, mode);
  return at;
}

describe('[CLI-30] doctor', () => {
  test('the verdict first, then each check with what to do', async () => {
    folder();
    await terminal.daemon(doctor([...GOOD, checkOf('direct', 'varied', { port: 4000 })]));
    const { code, stdout } = await terminal.run(['doctor']);
    const lines = stdout.split('\n');
    expect([code, lines[0]]).toEqual([0, "You're well connected."]);
    expect(lines[1]).toMatch(/^✓ {2}App +Running, version 0\.1\.0\.$/);
    expect(stdout).toContain('–  Direct links    Too few helpers');
    expect(stdout).toMatch(/^! {2}Direct links +Your router makes .*\n +-> In the settings/m);
    const ascii = await terminal.run(['doctor'], { env: { LANG: 'C' } });
    expect(ascii.stdout).toMatch(/^ok {2}App /m);
    expect(ascii.stdout).toMatch(/^[\x20-\x7e\n]*$/);
    const plain = await terminal.run(['doctor', '--plain']);
    expect(plain.stdout.split('\n')[0]).toBe("verdict\twell-connected\t\tYou're well connected.");
    expect(plain.stdout).toContain('helpers\tok\tFinding people\tHelpers known: 148.\t\n');
  });

  test('what the app says of the disk is not said twice', async () => {
    folder();
    await terminal.daemon(doctor([checkOf('disk', 'low', { free: '99 MB' }), ...GOOD]));
    const ran = await terminal.run(['doctor', '--json']);
    const disks = report(ran).checks.filter(({ check }) => check === 'disk');
    expect(disks.map(({ finding }) => finding)).toEqual(['low']);
  });

  test('without the app: what can be seen from outside, and exit 4', async () => {
    const before = await terminal.run(['doctor', '--json']);
    expect([before.code, before.stderr, report(before).verdict]).toEqual([4, '', 'not-running']);
    expect(found(before, 'folder')).toBe('absent');
    folder();
    const { code, stdout, stderr } = await terminal.run(['doctor']);
    expect([code, stdout.split('\n')[0]]).toEqual([4, "The app isn't running."]);
    expect(stdout).toMatch(/\[E01\]\n +-> Start it: sotto start/);
    expect(stdout).toMatch(/✓ {2}Folder +Only you can read it/);
    expect(stdout).toMatch(/GB free|MB free/);
    expect(stderr).not.toContain('[E01]');
  });

  test('an app that gives no answer is not said to be away', async () => {
    folder();
    await terminal.daemon({
      'doctor.run': (_, response) => {
        response.destroy();
        return { checks: [] };
      },
    });
    const ran = await terminal.run(['doctor', '--json']);
    expect([ran.code, report(ran).verdict, found(ran, 'app')]).toEqual([
      6,
      'no-answer',
      'no-answer',
    ]);
  });

  test.each([
    [6, 'offline', checkOf('internet', 'offline')],
    [6, 'blocked', checkOf('helpers', 'blocked')],
    [8, 'two-copies', checkOf('device', 'copy')],
    [0, 'well-connected', checkOf('found', 'no-record', { name: 'Ana', ago: 'just now' })],
  ])('exit %d: %s', async (exit, verdict, check) => {
    folder();
    await terminal.daemon(doctor([check]));
    const ran = await terminal.run(['doctor', '--json']);
    expect([ran.code, report(ran).verdict, ran.stderr]).toEqual([exit, verdict, '']);
  });

  test('a person reaches the app as asked, one who is not known ends with 3', async () => {
    folder();
    const daemon = await terminal.daemon({
      'status.get': () => ({ ...STATUS, version: '9.9.9' }),
      'doctor.run': (params) => {
        if (params.with === 'nobody') throw new No('not-found', { name: 'nobody' });
        return { checks: GOOD };
      },
    });
    const ran = await terminal.run(['doctor', '--with', 'ana', '--json']);
    expect([ran.code, found(ran, 'app')]).toEqual([0, 'other-version']);
    expect(daemon.calls.at(-1)).toEqual({ method: 'doctor.run', params: { with: 'ana' } });
    expect((await terminal.run(['doctor', '--with', 'nobody'])).code).toBe(3);
  });

  test('faults and crashes of the last day are told', async () => {
    const logs = join(folder(), 'logs');
    const line = (level: string, time: string): string =>
      JSON.stringify({ time, level, message: 'something' });
    const old = line('error', '2020-01-01T00:00:00.000Z');
    const now = new Date().toISOString();
    const write = (...lines: string[]): void =>
      writeFileSync(join(logs, 'daemon.log'), `${lines.join('\n')}\n{"level":"error`);
    write(old, line('info', now));
    expect(found(await terminal.run(['doctor', '--json']), 'log')).toBe('clean');
    write(old, line('error', now), line('error', now));
    const faults = await terminal.run(['doctor', '--json']);
    expect(report(faults).checks.find(({ check }) => check === 'log')?.message).toContain(
      '2 faults',
    );
    write(line('info', now));
    writeFileSync(join(logs, 'daemon.1.log'), `${old}\n${line('error', now)}\n`);
    const before = await terminal.run(['doctor', '--json']);
    expect(report(before).checks.find(({ check }) => check === 'log')?.message).toContain(
      '1 faults',
    );
    writeFileSync(join(logs, 'crash-1.json'), '{}');
    expect(found(await terminal.run(['doctor', '--json']), 'log')).toBe('crashes');
  });

  test.each(['000', '300', '500', '600'])(
    'a folder with the rights %s is what is wrong, and nothing is repaired in it',
    async (mode) => {
      const at = folderOf(Number.parseInt(mode, 8));
      for (const words of [[], ['--fix']]) {
        const ran = await terminal.run(['doctor', '--json', ...words], { uid: OWNER });
        expect([ran.code, ran.stderr, report(ran).verdict]).toEqual([4, '', 'not-running']);
        const seen = report(ran).checks.map(({ check, finding }) => [check, finding]);
        expect(seen.slice(0, 2)).toEqual([
          ['app', 'not-running'],
          ['folder', 'unwritable'],
        ]);
        expect(seen.map(([check]) => check)).toEqual(['app', 'folder', 'disk']);
      }
      chmodSync(at, 0o700);
      expect(existsSync(join(at, 'api.json'))).toBe(true);
    },
  );

  test('a folder that is to lie below a file is told too', async () => {
    const file = join(terminal.root, 'file');
    writeFileSync(file, '');
    const ran = await terminal.run(['doctor', '--json', '--data-dir', join(file, 'below')]);
    expect([ran.code, ran.stderr, found(ran, 'folder')]).toEqual([4, '', 'unwritable']);
  });
});

describe('[CLI-31] doctor --fix', () => {
  test('takes rights from others, and nothing from the owner or behind links', async () => {
    const at = folder();
    const outside = join(terminal.root, 'outside');
    writeFileSync(outside, '', { mode: 0o644 });
    symlinkSync(outside, join(at, 'link'));
    writeFileSync(join(at, 'key'), '');
    chmodSync(join(at, 'key'), 0o640);
    chmodSync(at, 0o755);
    const told = await terminal.run(['doctor', '--json']);
    expect(report(told).checks.find(({ check }) => check === 'folder')).toMatchObject({
      finding: 'open',
      message: 'Others on this computer can read the folder, key.',
    });
    expect(statSync(at).mode & 0o777).toBe(0o755);
    expect(found(await terminal.run(['doctor', '--fix', '--json']), 'folder')).toBe('narrowed');
    const mode = (path: string): number => statSync(path).mode & 0o777;
    expect([mode(at), mode(join(at, 'key')), mode(outside)]).toEqual([0o700, 0o600, 0o644]);
    expect(found(await terminal.run(['doctor', '--json']), 'folder')).toBe('private');
  });

  test('the key that opens a running app is closed to others, and told apart', async () => {
    folder();
    const daemon = await terminal.daemon(doctor());
    const file = join(daemon.folder, 'api.json');
    chmodSync(file, 0o644);
    const open = await terminal.run(['doctor', '--json']);
    expect([open.code, found(open, 'access'), found(open, 'folder')]).toEqual([
      8,
      'open',
      'private',
    ]);
    expect(found(await terminal.run(['doctor', '--fix', '--json']), 'access')).toBe('private');
    expect([statSync(file).mode & 0o777, existsSync(file)]).toEqual([0o600, true]);
  });

  test('what a dead app left goes, what a living one holds stays', async () => {
    const at = folder();
    const dead = join(at, `lock-4194304-${'0'.repeat(16)}`);
    const living = join(at, `lock-${process.pid}-${'0'.repeat(16)}`);
    for (const path of [dead, living]) writeFileSync(path, '', { mode: 0o600 });
    const token = 'ab'.repeat(32);
    const file = join(at, 'api.json');
    writeFileSync(file, JSON.stringify({ v: 1, pid: 4194304, port: 1, token }), { mode: 0o600 });
    expect(found(await terminal.run(['doctor', '--json']), 'access')).toBe('stale');
    expect(existsSync(dead)).toBe(true);
    expect(found(await terminal.run(['doctor', '--fix', '--json']), 'access')).toBe('removed');
    expect([dead, living, file].map((path) => existsSync(path))).toEqual([false, true, false]);
    expect(found(await terminal.run(['doctor', '--json']), 'access')).toBe('closed');
  });

  test('what could not be removed is not said to be', async () => {
    const at = folder();
    const dead = ['0', '1'].map((digit) => join(at, `lock-4194304-${digit.repeat(16)}`));
    mkdirSync(dead[0]!, { mode: 0o700 });
    writeFileSync(dead[1]!, '', { mode: 0o600 });
    const ran = await terminal.run(['doctor', '--fix', '--json']);
    expect([ran.code, ran.stderr, found(ran, 'access')]).toEqual([4, '', 'stays']);
    expect(dead.map((path) => existsSync(path))).toEqual([true, false]);
  });

  test('nor what could not be closed to others, for a file of another user', async () => {
    const at = folderOf(0o755);
    const ours = join(at, 'key');
    writeFileSync(ours, '');
    chmodSync(ours, 0o644);
    const ran = await terminal.run(['doctor', '--fix', '--json'], { uid: OWNER });
    // Whoever does not run the tests as root has no file of another user to show.
    const [finding, mode] = OWNER === undefined ? ['narrowed', 0o600] : ['stays-open', 0o644];
    expect([ran.stderr, found(ran, 'folder')]).toEqual(['', finding]);
    expect([at, ours].map((path) => statSync(path).mode & 0o777)).toEqual([0o700, mode]);
  });
});
