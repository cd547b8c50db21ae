import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { RELAY } from './fake-daemon.suite.ts';
import { readApiFile } from './profile.ts';
import { bundle, Terminal } from './terminal.suite.ts';

let terminal: Terminal;
/** Of the profile `relay`. */
let folder: string;
beforeAll(() => {
  terminal = new Terminal();
  folder = join(dirname(terminal.folder), 'relay');
  bundle(new URL('./fake-program.suite.ts', import.meta.url), join(terminal.root, 'daemon.mjs'));
});
afterEach(async () => {
  for (const each of [folder, terminal.folder]) {
    // Only a daemon of this test can have written this file.
    const pid = readApiFile(each)?.pid;
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
  }
  await terminal.closeDaemons();
});
afterAll(() => terminal.close());

const START = ['relay', 'start', '--set', 'fake=new'];
const argsIn = (profile: string): string[] =>
  (JSON.parse(readFileSync(join(profile, 'argv.json'), 'utf8')) as [string[]])[0];

describe('[CLI-43] relay start', () => {
  test('starts a profile of its own as a relay and nothing else, and shows it as `relay` does', async () => {
    const { code, stderr, stdout } = await terminal.run(START);
    expect([code, stdout.includes(RELAY)]).toEqual([0, true]);
    expect(stderr).toBe(
      'Show it again: sotto --profile relay relay\nStop it: sotto --profile relay stop\n',
    );
    const ours = ['relay.serve=public', 'echo.enabled=false', 'net.port=443'];
    const set = ['fake=new', ...ours].flatMap((setting) => ['--set', setting]);
    expect(argsIn(folder)).toEqual(['--data-dir', folder, ...set]);
    expect(readApiFile(terminal.folder)).toBeUndefined();
    for (const mode of ['--plain', '--json']) {
      const shown = await terminal.run(['--profile', 'relay', 'relay', mode]);
      expect(await terminal.run([...START, mode])).toEqual({ ...shown, stderr: '' });
    }
  });

  test('with another port, for contacts; a port by which nobody could name it is a mistake', async () => {
    const { code } = await terminal.run([...START, '--port', '20000', '--whom', 'contacts']);
    expect(code).toBe(0);
    expect(argsIn(folder)).toEqual(
      expect.arrayContaining(['relay.serve=contacts', 'net.port=20000']),
    );
    for (const port of ['80', '0', '65536', 'x']) {
      const no = await terminal.run([...START, '--port', port]);
      expect([no.code, no.stderr.includes('443, or one from 1024')]).toEqual([2, true]);
    }
  });

  test('one that runs with other settings is left as it is, and told with how to stop it', async () => {
    await terminal.run(START);
    const pid = readApiFile(folder)!.pid;
    const { code, stderr, stdout } = await terminal.run([...START, '--whom', 'contacts']);
    expect([code, stdout]).toEqual([9, '']);
    expect(stderr).toContain(`other settings (process ${pid})`);
    expect(stderr).toContain('hint: Stop: sotto --profile relay stop\n');
    expect(readApiFile(folder)!.pid).toBe(pid);
  });

  test('a profile with contacts or a name becomes one only where an option names it', async () => {
    const theirs = [
      ['relay', 'start'],
      [...START, '--set', 'profile.name=Ana'],
    ];
    for (const args of theirs) {
      const env = { SOTTO_PROFILE: 'default' };
      const { code, stderr, stdout } = await terminal.run(args, { env });
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(/stopped again.* \[E46\]\n.*sotto --profile NAME relay start/);
      expect(readApiFile(terminal.folder)).toBeUndefined();
    }
    expect(existsSync(folder)).toBe(false);
    const told = await terminal.run(['--profile', 'default', 'relay', 'start']);
    expect([told.code, told.stdout.includes(RELAY)]).toEqual([0, true]);
  });

  test('a port that the system keeps is told with what to do, and nothing runs', async () => {
    const { code, stderr, stdout } = await terminal.run(['relay', 'start', '--set', 'fake=denied']);
    expect([code, stdout]).toEqual([7, '']);
    expect(stderr).toContain('The system keeps port 443');
    expect(stderr).toContain('or: sotto --profile relay relay start --port NUMBER\n');
    expect(readApiFile(folder)).toBeUndefined();
  });
});

test('[CLI-22] a mistyped command behind `relay` is told with the one that was meant', async () => {
  const { code, stderr } = await terminal.run(['relay', 'strat']);
  expect([code, stderr.includes('sotto relay start')]).toEqual([2, true]);
});
