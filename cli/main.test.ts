import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { CHECKS } from '@sotto/api/checks.ts';
import { ERRORS } from '@sotto/api/errors.ts';
import { EVENT, No, STATUS } from './fake-daemon.suite.ts';
import { build } from './program.ts';
import { ended, Terminal } from './terminal.suite.ts';

let terminal: Terminal;
beforeAll(() => void (terminal = new Terminal()));
afterEach(() => terminal.closeDaemons());
afterAll(() => terminal.close());

const json = (text: string): unknown => JSON.parse(text);

describe('[CLI-22] the command line itself', () => {
  test('no arguments: twelve lines of help', async () => {
    const { code, stdout } = await terminal.run([]);
    expect(code).toBe(0);
    expect(stdout.trimEnd().split('\n').length).toBe(12);
    expect(stdout.trimEnd()).toMatch(/Try: sotto open$/);
  });

  test('--version, and help of every command', async () => {
    expect(await terminal.run(['--version'])).toEqual({ code: 0, stdout: '0.1.0\n', stderr: '' });
    expect((await terminal.run(['--version', '--json'])).stdout).toBe('0.1.0\n');
    const helps = [['--help'], ['-h'], ['send', '-h'], ['contacts', 'block', '--help']];
    for (const { code, stdout } of await terminal.runAll(helps)) {
      expect([code, stdout.slice(0, 12)]).toEqual([0, 'Usage: sotto']);
    }
  });

  test('an unknown command names the nearest and the whole line', async () => {
    const { code, stdout, stderr } = await terminal.run(['snd', 'ana', 'hi there']);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toBe(
      'Unknown command "snd". Did you mean "send"? [E45]\n' + `hint: sotto send ana 'hi there'\n`,
    );
    expect((await terminal.run(['contacts', 'lst'])).stderr).toContain('Did you mean "list"?');
    const far = await terminal.run(['teleport']);
    expect([far.code, far.stderr]).toEqual([
      2,
      'Unknown command "teleport". Nothing was done. [E45]\nhint: See: sotto --help\n',
    ]);
  });

  test('every mistake: exit 2, nothing on stdout, a hint', async () => {
    await terminal.daemon();
    const mistakes = [
      ['send'],
      ['send', 'ana', '--wait', 'forever'],
      ['contacts'],
      ['status', 'extra'],
      ['read', 'ana', '--colour'],
      ['read', 'ana', '-n', '0'],
      ['read', 'ana', '--since', 'yesterday'],
      ['listen', '--type', 'gossip'],
      ['listen', '--from', '../x'],
      ['invite', 'new', '--expires', '10'],
      ['logs', '-n', 'many'],
      ['config', 'set', 'net.port'],
      ['config', 'set', 'net.port', '1', '--default'],
      ['status', '--timeout', 'soon'],
      ['status', '--profile', '../x'],
      ['status', '--set'],
    ];
    const runs = await terminal.runAll(mistakes);
    for (const [i, { code, stdout, stderr }] of runs.entries()) {
      expect([mistakes[i], code, stdout]).toEqual([mistakes[i], 2, '']);
      expect(stderr).toMatch(/^.+ \[E45\]\nhint: .+\n$/);
    }
    expect((await terminal.run(mistakes[0]!)).code).toBe(2);
  });
});

describe('[CLI-11] failures', () => {
  test('the app is not running: E01, exit 4, on stderr', async () => {
    const { code, stdout, stderr } = await terminal.run(['status']);
    expect([code, stdout]).toEqual([4, '']);
    expect(stderr).toBe(
      "The app isn't running on this computer. Your messages are safe on disk. " +
        'Start it, then repeat. [E01]\nhint: Start it: sotto start\n',
    );
  });

  test('--json tells them as one object on stderr, wherever it stands', async () => {
    for (const args of [
      ['--json', 'status'],
      ['nonsense', '--json'],
    ]) {
      const { stdout, stderr } = await terminal.run(args);
      expect([stdout, json(stderr)]).toMatchObject(['', { v: 1, ok: false }]);
    }
    expect(json((await terminal.run(['status', '--json'])).stderr)).toEqual({
      v: 1,
      ok: false,
      error: {
        code: 'E01',
        reason: 'not-running',
        message:
          "The app isn't running on this computer. Your messages are safe on disk. " +
          'Start it, then repeat.',
        hint: 'Start it: sotto start',
        retryable: true,
      },
    });
  });

  test('the exit code is that of the registry', async () => {
    const reasons = [
      ['not-found', 3],
      ['ambiguous', 3],
      ['bad-input', 2],
      ['shows-address', 7],
      ['already-exists', 9],
      ['wrong-words', 8],
      ['passphrase-needed', 5],
      ['offline', 6],
      ['disk-error', 1],
      ['unauthorised', 7],
    ] as const;
    let next = 0;
    await terminal.daemon({
      'status.get': () => {
        throw new No(reasons[next++ % reasons.length]![0], { name: 'ana', candidates: ['A', 'B'] });
      },
    });
    const runs = await terminal.runAll(reasons.map(() => ['status']));
    for (const [i, [reason, exit]] of reasons.entries()) {
      expect([reason, runs[i]!.code]).toEqual([reason, exit]);
      expect(runs[i]!.stderr).toContain(`[${ERRORS[reason].code}]`);
    }
    expect((await terminal.run(['status'])).code).toBe(3);
  });

  test('[DSC-16] a second copy of this device is told with every status', async () => {
    const copied = { ...STATUS, secondCopy: true };
    await terminal.daemon({ 'status.get': () => copied });
    const { code, stderr, stdout } = await terminal.run(['status']);
    expect([code, stdout.includes(STATUS.id)]).toEqual([0, true]);
    expect(stderr).toContain('[E52]');
  });

  test('candidates of an ambiguous name are told', async () => {
    await terminal.daemon();
    const { code, stderr } = await terminal.run(['contacts', 'show', 'a', '--json']);
    expect(code).toBe(3);
    expect(json(stderr)).toMatchObject({
      error: { code: 'E17', detail: { candidates: ['Ana Ruiz', 'Anton'] } },
    });
  });

  test('a broken connection and a silent app: E44; a stranger on the port: E43', async () => {
    await terminal.daemon({
      'status.get': (_, response) => {
        response.destroy();
        throw new No('internal');
      },
    });
    const broken = await terminal.run(['status']);
    expect([broken.code, broken.stderr.includes('[E44]')]).toEqual([6, true]);
    for (const [reply, exit, code] of [
      ['<html>', 1, 'E43'],
      [undefined, 6, 'E44'],
    ] as const) {
      const stranger = createServer((_, response) => {
        if (reply !== undefined) response.end(reply);
      });
      await new Promise<void>((done) => stranger.listen(0, '127.0.0.1', done));
      const { port } = stranger.address() as AddressInfo;
      writeFileSync(
        join(terminal.folder, 'api.json'),
        JSON.stringify({ v: 1, pid: process.pid, port, token: 'ab'.repeat(32) }),
      );
      const ran = await terminal.run(['status', '--timeout', '2s']);
      expect([ran.code, ran.stderr.includes(`[${code}]`)]).toEqual([exit, true]);
      stranger.closeAllConnections();
      await new Promise((done) => stranger.close(done));
    }
  });
});

describe('[CLI-13] options that every command knows', () => {
  test('in any order, before and after the command', async () => {
    const daemon = await terminal.daemon();
    const line = ['send', '--json', 'ana', '--timeout', '9s', 'hi', '-q', '--no-color'];
    for (const args of [line, ['--json', '--timeout', '9s', 'send', 'ana', 'hi']]) {
      const { code, stdout } = await terminal.run(args);
      expect([code, json(stdout)]).toMatchObject([0, { ok: true, data: { event: EVENT } }]);
    }
    expect(daemon.calls.map(({ method }) => method)).toEqual(['messages.send', 'messages.send']);
  });

  test('--data-dir and --profile choose the folder', async () => {
    const daemon = await terminal.daemon();
    const env = { HOME: '/nowhere' };
    expect((await terminal.run(['id'], { env })).code).toBe(4);
    expect((await terminal.run(['id', '--data-dir', daemon.folder], { env })).code).toBe(0);
    expect((await terminal.run(['id', '--profile', 'default'])).code).toBe(0);
    expect((await terminal.run(['id', '--profile', 'other'])).code).toBe(4);
  });

  test('styles only at a terminal that wants them', async () => {
    await terminal.daemon();
    const styled = (text: string): boolean => text.includes('\u001b[');
    expect(styled((await terminal.run(['read', 'ana'])).stdout)).toBe(false);
    expect(styled((await terminal.atTerminal(['read', 'ana'])).stdout)).toBe(true);
    for (const env of [{ NO_COLOR: '1' }, { TERM: 'dumb' }]) {
      expect(styled((await terminal.atTerminal(['read', 'ana'], { env })).stdout)).toBe(false);
    }
    expect(styled((await terminal.atTerminal(['read', 'ana', '--no-color'])).stdout)).toBe(false);
  });

  test('a locale without UTF-8 gets ASCII threads and spelled-out letters', async () => {
    await terminal.daemon();
    for (const env of [{ LANG: 'C' }, { LANG: '' }, { LC_ALL: 'POSIX' }, { LC_CTYPE: 'C' }]) {
      const { stdout } = await terminal.run(['contacts', 'list'], { env });
      expect([env, stdout]).toEqual([env, 'o--o  Direct  Ana Ruiz  c_7k2\n']);
    }
    for (const env of [{ LANG: 'de_DE.UTF-8' }, { LC_ALL: 'en_US.utf8', LANG: 'C' }]) {
      const { stdout } = await terminal.run(['contacts', 'list'], { env });
      expect([env, stdout]).toEqual([env, '●━━●  Direct  Ana Ruiz  c_7k2\n']);
    }
  });
});

test('[CLI-22] text that begins with - goes after --', async () => {
  const daemon = await terminal.daemon();
  const [wrong, right] = await terminal.runAll([
    ['send', 'ana', '-5 degrees'],
    ['send', 'ana', '--', '-5 degrees', '--json'],
  ]);
  expect([wrong!.code, wrong!.stderr]).toEqual([
    2,
    'Unknown option "-5 degrees". Nothing was done. [E45]\n' +
      'hint: What begins with - and is no option goes after --   See: sotto send --help\n',
  ]);
  expect(right!.code).toBe(0);
  expect(daemon.calls[0]!.params).toMatchObject({ text: '-5 degrees --json' });
});

describe('[CLI-10] data and talk', () => {
  test('-q leaves data and errors', async () => {
    await terminal.daemon();
    const loud = await terminal.run(['send', 'ana', 'hi']);
    expect(loud.stdout).toBe(`${EVENT}\n`);
    expect(loud.stderr).toBe('●━━●    Direct   on its way to Ana Ruiz\n');
    const quiet = await terminal.run(['send', 'ana', 'hi', '-q']);
    expect(quiet).toEqual({ code: 0, stdout: `${EVENT}\n`, stderr: '' });
    expect((await terminal.run(['send', 'bo', 'hi', '-q'])).stderr).toContain('[E16]');
  });

  test('-d tells what is asked, and never the token', async () => {
    const daemon = await terminal.daemon();
    const { stdout, stderr } = await terminal.run(['status', '-d']);
    expect(stderr).toMatch(/^debug: status\.get \d+\.\d ms$/m);
    const token = (
      JSON.parse(readFileSync(`${daemon.folder}/api.json`, 'utf8')) as { token: string }
    ).token;
    expect(stdout + stderr).not.toContain(token);
  });
});

describe('[CLI-12] ends', () => {
  test('a reader that leaves early is no error', async () => {
    const long = 'x'.repeat(30_000);
    await terminal.daemon({
      'logs.tail': () => ({
        lines: Array.from({ length: 100 }, () => ({
          time: '2026-12-03T14:02:05.000Z',
          level: 'info' as const,
          message: long,
        })),
        next: '1',
      }),
    });
    const child = terminal.start(['logs']);
    child.stdout.once('data', () => child.stdout.destroy());
    const code = await new Promise((done) => child.on('exit', done));
    expect(code).toBe(0);
  });

  test('Ctrl-C ends with 130, and --json says so', async () => {
    const daemon = await terminal.daemon();
    const child = terminal.start(['listen']);
    const run = ended(child);
    await expect.poll(() => daemon.eventRequests.length, { timeout: 20_000 }).toBe(1);
    child.kill('SIGINT');
    expect(await run).toMatchObject({ code: 130 });
    const waiting = terminal.start(['send', 'ana', 'hi', '--wait', 'delivered', '--json']);
    const sent = ended(waiting);
    await expect.poll(() => daemon.calls.at(-1)?.method, { timeout: 20_000 }).toBe('contacts.show');
    waiting.kill('SIGINT');
    const { code, stdout, stderr } = await sent;
    expect([code, stdout]).toEqual([130, '']);
    expect(json(stderr)).toMatchObject({ error: { code: 'E50', reason: 'interrupted' } });
  });
});

test('[CLI-23] a start loads no schemas, and `--version` nothing at all', () => {
  const bundled = readFileSync(terminal.program, 'utf8');
  expect(bundled).not.toMatch(/ZodType|node_modules\/zod/);
  const main = readFileSync(new URL('./main.ts', import.meta.url), 'utf8');
  const fixed = [...main.matchAll(/^import .* from '(.*)';$/gm)].map((match) => match[1]);
  expect(fixed).toEqual(['./streams.ts']);
});

test('[ERR-5] every command that a hint names exists, with its options', () => {
  const program = build(() => Promise.resolve());
  const known = (line: string): boolean => {
    let command = program;
    for (const word of line.split(' ').slice(1)) {
      if (!/^[a-z-]+$/.test(word)) continue;
      const next = command.commands.find((each) => each.name() === word);
      if (next) command = next;
      else if (word.startsWith('--') && !isOption(word)) return false;
      else if (command === program && !word.startsWith('-')) return false;
    }
    return true;
    function isOption(flag: string): boolean {
      if (flag === '--help') return true;
      return [program, command].some(({ options }) => options.some(({ long }) => long === flag));
    }
  };
  const ofChecks = Object.values(CHECKS).flatMap(({ findings }) =>
    Object.values(findings as Record<string, { hint?: string }>).flatMap(({ hint }) => hint ?? []),
  );
  const hints = [...Object.values(ERRORS).map(({ hint }) => hint), ...ofChecks];
  const lines = hints.flatMap((hint) => [
    ...hint.matchAll(/sotto (?:--?[a-z-]+|[a-z{])[^,`]*?(?=$| {3}|,|\. )/g),
  ]);
  const commands = lines.map(([line]) => line);
  expect(commands.length).toBeGreaterThan(20);
  expect(commands.filter((line) => !known(line))).toEqual([]);
  expect(known('sotto backup')).toBe(false);
  expect(known('sotto start --turbo')).toBe(false);
});
