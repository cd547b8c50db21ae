import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { LockStatus, Profile } from '@sotto/api/contract.ts';
import { ID, No, STATUS } from './fake-daemon.suite.ts';
import type { FakeDaemon } from './fake-daemon.suite.ts';
import { Terminal } from './terminal.suite.ts';

const RIGHT = 'correct horse';
let terminal: Terminal;
beforeAll(() => void (terminal = new Terminal()));
afterEach(() => terminal.closeDaemons());
afterAll(() => terminal.close());

/** A daemon with a lock: the least that these verbs can tell from a real one. */
function withLock(passphrase: string | undefined, locked = false): Promise<FakeDaemon> {
  let present = passphrase;
  let isLocked = locked;
  const status = (): LockStatus => ({
    hasPassphrase: present !== undefined,
    locked: isLocked,
    afterMinutes: 0,
    triesLeft: 5,
    pauseSeconds: 0,
  });
  const check = (given: string | undefined): void => {
    if (given !== present) throw new No('wrong-passphrase', { tries: 4, pause: 30 });
  };
  return terminal.daemon({
    'status.get': () => {
      if (isLocked) throw new No('locked');
      return STATUS;
    },
    'lock.status': status,
    'lock.now': () => {
      if (present === undefined) throw new No('no-passphrase');
      isLocked = true;
      return status();
    },
    'lock.open': (params) => {
      check(params.passphrase);
      isLocked = false;
      return status();
    },
    'lock.set': ({ current, next }) => {
      if (present !== undefined) check(current);
      present = next;
      return status();
    },
  });
}

const file = (text: string): string => {
  const path = join(terminal.root, 'passphrase');
  writeFileSync(path, text);
  return path;
};

describe('[CLI-38] lock and unlock', () => {
  test('lock says what it means; what is locked is told with 5', async () => {
    await withLock(RIGHT);
    const locked = await terminal.run(['lock']);
    expect(locked).toEqual({
      code: 0,
      stdout: '',
      stderr: 'Locked. Messages wait with the people who sent them.\n',
    });
    const status = await terminal.run(['status']);
    expect([status.code, status.stderr]).toEqual([
      5,
      'Locked. Messages wait with the people who sent them, and everything here is safe. ' +
        'Give the passphrase to open it. [E36]\nhint: Unlock: sotto unlock\n',
    ]);
    expect((await terminal.run(['lock', '--plain'])).stdout).toBe('true\ttrue\n');
  });

  test('without a passphrase there is nothing to lock: E55', async () => {
    await withLock(undefined);
    const { code, stderr } = await terminal.run(['lock']);
    expect([code, stderr.includes('[E55]')]).toEqual([7, true]);
  });

  test('unlock takes a file or standard input, and asks nobody where nobody is', async () => {
    const daemon = await withLock(RIGHT, true);
    const none = await terminal.run(['unlock']);
    expect([none.code, none.stderr.includes('[E36]')]).toEqual([5, true]);
    const wrong = await terminal.run(['unlock', '--passphrase-file', '-'], { input: 'no\n' });
    expect([wrong.code, wrong.stderr.includes('[E15]')]).toEqual([5, true]);
    const json = await terminal.run(['unlock', '--json', '--passphrase-file', file(`${RIGHT}\n`)]);
    expect(JSON.parse(json.stdout)).toMatchObject({ ok: true, data: { locked: false } });
    expect(daemon.calls.at(-1)).toEqual({ method: 'lock.open', params: { passphrase: RIGHT } });
    expect((await terminal.run(['unlock'])).stderr).toBe('Unlocked.\n');
    expect(daemon.calls.at(-1)!.method).toBe('lock.status');
  });

  test('at a terminal it asks, shows nothing, and asks again when wrong', async () => {
    await withLock(RIGHT, true);
    const ran = await terminal.atTerminal(['unlock'], {
      answers: [
        ['Passphrase: ', 'wrong'],
        ['Passphrase: ', RIGHT],
      ],
    });
    expect([ran.code, /wrong|horse/.test(ran.stdout)]).toEqual([0, false]);
    expect(ran.stdout).toContain('4 tries before a 30 s pause.');
    expect(ran.stdout).toContain('Unlocked.');
  });

  test('start unlocks an app that runs and is locked', async () => {
    await withLock(RIGHT, true);
    const none = await terminal.run(['start']);
    expect([none.code, none.stderr.includes('[E36]')]).toEqual([5, true]);
    const started = await terminal.run(['start', '--passphrase-file', file(RIGHT)]);
    expect([started.code, started.stdout]).toEqual([0, `${ID}\n`]);
    expect(started.stderr).toContain('Sotto is running already.');
  });
});

describe('[CLI-38] passphrase', () => {
  test('set, change and remove, from files', async () => {
    const daemon = await withLock(undefined);
    const set = await terminal.run(['passphrase', 'set', '--new-file', '-'], { input: 'one\nx' });
    expect([set.code, set.stderr]).toEqual([0, 'The passphrase is set.\n']);
    expect((await terminal.run(['passphrase', 'set', '--new-file', '-'])).code).toBe(2);
    const args = ['passphrase', 'change', '--new-file', '-', '--passphrase-file'];
    const changed = await terminal.run([...args, file('one')], { input: 'two\n' });
    expect(changed.stderr).toBe('The passphrase is changed.\n');
    expect(daemon.calls.at(-1)!.params).toEqual({ current: 'one', next: 'two' });
    expect((await terminal.run([...args, '-'], { input: 'two' })).code).toBe(2);
    const wrong = await terminal.run(['passphrase', 'remove', '--passphrase-file', file('one')]);
    expect([wrong.code, wrong.stderr.includes('[E15]')]).toEqual([5, true]);
    const removed = await terminal.run(['passphrase', 'remove', '--passphrase-file', file('two')]);
    expect(removed.stderr).toBe('There is no passphrase any more.\n');
    expect((await terminal.run(['passphrase', 'remove'])).code).toBe(7);
    expect((await terminal.run(['passphrase', 'change'])).code).toBe(7);
  });

  test('nobody to ask: E36; at a terminal twice, and not shown', async () => {
    const daemon = await withLock(undefined);
    const nobody = await terminal.run(['passphrase', 'set']);
    expect([nobody.code, nobody.stderr]).toEqual([
      5,
      'No new passphrase was given, and nobody can be asked here. Nothing was changed. ' +
        'Give it in a file. [E36]\nhint: Repeat with: --new-file FILE\n',
    ]);
    const differs = await terminal.atTerminal(['passphrase', 'set'], {
      answers: [
        ['New passphrase: ', 'one'],
        ['Once more: ', 'two'],
      ],
    });
    expect([differs.code, differs.stdout.includes('[E18]')]).toEqual([2, true]);
    const set = await terminal.atTerminal(['passphrase', 'set'], {
      answers: [
        ['New passphrase: ', RIGHT],
        ['Once more: ', RIGHT],
      ],
    });
    expect([set.code, set.stdout.includes('horse')]).toEqual([0, false]);
    expect(daemon.calls.at(-1)!.params).toEqual({ next: RIGHT });
  });

  test.each([
    ['no UTF-8', Uint8Array.of(0xff, 0x0a)],
    ['too long', 'x'.repeat(5_000)],
  ])('%s is no passphrase', async (_, input) => {
    await withLock(RIGHT, true);
    const { code, stderr } = await terminal.run(['unlock', '--passphrase-file', '-'], { input });
    expect([code, stderr.includes('[E48]')]).toEqual([2, true]);
  });
});

test('[CLI-39] profiles are listed and made', async () => {
  const one: Profile = {
    name: 'default',
    current: true,
    running: true,
    port: 7340,
    hasPassphrase: true,
  };
  const two: Profile = { name: 'work', current: false, running: false, hasPassphrase: false };
  await terminal.daemon({
    'profiles.list': () => ({ profiles: [one, two] }),
    'profiles.create': ({ name }) => {
      if (name === 'default') throw new No('profile-exists', { name });
      return { ...two, name };
    },
  });
  const list = await terminal.run(['profiles', 'list']);
  expect(list.stdout).toMatch(/^default +running +passphrase +this one\nwork +not running +no pas/);
  const plain = await terminal.run(['profiles', 'list', '--plain']);
  expect(plain.stdout).toBe('default\ttrue\t7340\ttrue\ttrue\nwork\tfalse\t\tfalse\tfalse\n');
  const json = await terminal.run(['profiles', 'list', '--json']);
  expect(JSON.parse(json.stdout)).toEqual({ v: 1, ok: true, data: { profiles: [one, two] } });
  const made = await terminal.run(['profiles', 'create', 'home']);
  expect([made.code, made.stderr]).toEqual([
    0,
    'There is a profile home now. Its identity is made when it starts.\n' +
      'Open it: sotto --profile home open\n',
  ]);
  const again = await terminal.run(['profiles', 'create', 'default']);
  expect([again.code, again.stderr.includes('[E22]')]).toEqual([9, true]);
  expect((await terminal.run(['profiles', 'create', '../x'])).code).toBe(2);
});
