import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ID } from './fake-daemon.suite.ts';
import { isAlive, readApiFile } from './profile.ts';
import { bundle, Terminal } from './terminal.suite.ts';

let terminal: Terminal;
beforeAll(() => {
  terminal = new Terminal();
  bundle(new URL('./fake-program.suite.ts', import.meta.url), join(terminal.root, 'daemon.mjs'));
});
afterEach(async () => {
  // Only a daemon of this test can have written this file.
  const pid = readApiFile(terminal.folder)?.pid;
  if (pid !== undefined && pid !== process.pid) process.kill(pid, 'SIGKILL');
  await terminal.closeDaemons();
});
afterAll(() => terminal.close());

const TALK =
  'Offline so far. Messages you write wait here and go out by themselves.\n' +
  'Try: sotto send echo hi\n';

describe('[CLI-16] start', () => {
  test('returns when the app is ready, which goes on by itself; twice is said and ok', async () => {
    const first = await terminal.run(['start', '--set', 'net.port=4000', '--set', 'a=b c']);
    expect(first).toEqual({
      code: 0,
      stdout: `${ID}\n`,
      stderr: `Sotto is running. Your ID:\n${TALK}`,
    });
    const pid = readApiFile(terminal.folder)!.pid;
    expect(isAlive(pid)).toBe(true);
    const second = await terminal.run(['start']);
    expect(second).toEqual({
      code: 0,
      stdout: `${ID}\n`,
      stderr: `Sotto is running already. Your ID:\n${TALK}`,
    });
    expect(readApiFile(terminal.folder)!.pid).toBe(pid);
    const [args, cwd] = JSON.parse(readFileSync(join(terminal.folder, 'argv.json'), 'utf8')) as [
      string[],
      string,
    ];
    expect(args).toEqual([
      '--data-dir',
      terminal.folder,
      '--set',
      'net.port=4000',
      '--set',
      'a=b c',
    ]);
    expect(cwd).toBe('/');
    const json = await terminal.run(['start', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      v: 1,
      ok: true,
      data: { id: ID, pid, online: false, alreadyRunning: true },
    });
    const late = await terminal.run(['start', '--set', 'net.port=1']);
    expect(late.stderr).toContain('--set counts for the next start only');
    expect((await terminal.run(['start', '--plain'])).stdout).toBe(`${ID}\t${pid}\ttrue\n`);
  });

  test('after a kill it starts anew: a file left behind stops nothing', async () => {
    await terminal.run(['start']);
    const pid = readApiFile(terminal.folder)!.pid;
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => isAlive(pid), { timeout: 20_000 }).toBe(false);
    expect((await terminal.run(['status'])).code).toBe(4);
    expect((await terminal.run(['start'])).code).toBe(0);
    expect(readApiFile(terminal.folder)!.pid).not.toBe(pid);
  });

  test('a refusal comes in the words and with the exit code of the app', async () => {
    const { code, stdout, stderr } = await terminal.run(['start', '--set', 'fake=newer']);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(
      /^This profile was last used by a newer version .* \[E31\]\nhint: .*\n$/,
    );
    const json = await terminal.run(['start', '--set', 'fake=newer', '--json']);
    expect(JSON.parse(json.stderr)).toMatchObject({ error: { reason: 'store-newer' } });
  });

  test('a crash is told with its first line, silence ends in time and leaves nobody', async () => {
    const crash = await terminal.run(['start', '--set', 'fake=crash']);
    expect(crash.code).toBe(1);
    expect(crash.stderr).toContain('exit code 1, TypeError: planted fault');
    expect(crash.stderr).toContain('[E39]');
    const silent = await terminal.run(['start', '--set', 'fake=silent', '--timeout', '700ms']);
    expect([silent.code, silent.stderr.includes('[E44]')]).toEqual([6, true]);
  });

  test('a missing bundle is told', async () => {
    const other = new Terminal();
    const { code, stderr } = await other.run(['start']);
    other.close();
    expect([code, stderr.includes('daemon.mjs is not there')]).toEqual([1, true]);
  });
});

describe('[CLI-24] passphrases', () => {
  const locked = ['start', '--set', 'fake=locked'];
  const argv = (): string => readFileSync(join(terminal.folder, 'argv.json'), 'utf8');

  test('without one: E36, exit 5; a wrong one: E15, exit 5', async () => {
    const none = await terminal.run(locked);
    expect([none.code, none.stderr.includes('[E36]')]).toEqual([5, true]);
    const wrong = await terminal.run([...locked, '--passphrase-file', '-'], { input: 'no\n' });
    expect([wrong.code, wrong.stderr]).toEqual([
      5,
      "That passphrase doesn't open this profile. Nobody can reset it; a backup is the only " +
        'other way in. 4 tries before a 30 s pause. [E15]\nhint: Try again: sotto start\n',
    ]);
  });

  test('with --locked nobody is asked: it runs locked, which a second start finds', async () => {
    const started = await terminal.run([...locked, '--locked']);
    expect([started.code, started.stdout]).toEqual([0, '']);
    expect(started.stderr).toContain('Sotto is running, locked.');
    const again = await terminal.run(['start', '--locked', '--plain']);
    expect(again.stdout).toBe(`locked\t${readApiFile(terminal.folder)!.pid}\n`);
    expect(argv()).toContain('--locked');
    await terminal.run(['stop']);
    const open = await terminal.run(['start', '--locked']);
    expect([open.code, open.stdout]).toEqual([0, `${ID}\n`]);
  });

  test('from a file or standard input, and never in arguments', async () => {
    const file = join(terminal.root, 'passphrase');
    writeFileSync(file, 'correct horse\n');
    expect((await terminal.run([...locked, '--passphrase-file', 'passphrase'])).code).toBe(0);
    expect(JSON.parse(argv())).toMatchObject([
      ['--data-dir', terminal.folder, '--set', 'fake=locked', '--passphrase-file', file],
      '/',
    ]);
    expect((await terminal.run(['stop'])).code).toBe(0);
    const typed = await terminal.run([...locked, '--passphrase-file', '-'], {
      input: 'correct horse\n',
    });
    expect(typed.code).toBe(0);
    expect(argv()).not.toContain('horse');
  });

  test('asked for at a terminal, not shown, asked again when wrong', async () => {
    const ran = await terminal.atTerminal(locked, {
      answers: [
        ['Passphrase: ', 'wrong'],
        ['Passphrase: ', 'correct horse'],
      ],
    });
    expect(ran.code).toBe(0);
    expect(ran.stdout).not.toMatch(/wrong|horse/);
    expect(ran.stdout).toContain('4 tries before a 30 s pause.');
    expect(ran.stdout).toContain(ID);
    expect(argv()).not.toContain('horse');
    const mute = await terminal.atTerminal([...locked, '--no-input', '--profile', 'other']);
    expect([mute.code, mute.stdout.includes('[E36]')]).toEqual([5, true]);
  });
});

describe('[CLI-17] stop', () => {
  test('returns when the process has ended; without one it is said and ok', async () => {
    await terminal.run(['start']);
    const pid = readApiFile(terminal.folder)!.pid;
    const stopped = await terminal.run(['stop']);
    expect(stopped).toEqual({
      code: 0,
      stdout: '',
      stderr: 'Stopped. Messages that wait are safe on disk.\n',
    });
    expect(isAlive(pid)).toBe(false);
    const [again, plain, json] = await Promise.all([
      terminal.run(['stop']),
      terminal.run(['stop', '--plain']),
      terminal.run(['stop', '--json']),
    ]);
    expect(again).toEqual({ code: 0, stdout: '', stderr: "Sotto isn't running.\n" });
    expect(plain.stdout).toBe('not running\n');
    expect(JSON.parse(json.stdout)).toEqual({ v: 1, ok: true, data: { stopped: false } });
  });

  test('one that does not end in time: E49 with its process', async () => {
    await terminal.run(['start', '--set', 'fake=stuck']);
    const pid = readApiFile(terminal.folder)!.pid;
    const { code, stderr } = await terminal.run(['stop', '--timeout', '2s']);
    expect(code).toBe(6);
    expect(stderr).toMatch(new RegExp(`^Process ${pid} was asked to stop .* \\[E49\\]`));
  });
});
