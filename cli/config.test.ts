import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Terminal } from './terminal.suite.ts';

let terminal: Terminal;
beforeAll(() => void (terminal = new Terminal()));
afterEach(() => terminal.closeDaemons());
afterAll(() => terminal.close());

test('[PRX-4] a password comes from standard input, and never from the command line', async () => {
  const entry = { key: 'proxy.password', value: '(hidden)', source: 'file', default: '' } as const;
  const daemon = await terminal.daemon({
    'config.set': () => ({ ...entry, about: 'A secret.', restart: true }),
  });
  const set = ['config', 'set', 'proxy.password'];
  const typed = await terminal.run([...set, 'geheim']);
  expect([typed.code, daemon.calls]).toEqual([2, []]);
  expect(typed.stderr).toContain('sotto config set proxy.password -');
  expect((await terminal.run([...set, '-'], { input: 'geheim\n' })).code).toBe(0);
  const params = { key: 'proxy.password', value: 'geheim' };
  expect(daemon.calls.at(-1)).toEqual({ method: 'config.set', params });
  expect((await terminal.run([...set, '-'], { input: 'x'.repeat(300) })).code).toBe(2);
  const asked = await terminal.atTerminal([...set, '-'], {
    answers: [['proxy.password: ', 'gut']],
  });
  expect([asked.code, asked.stdout.includes('gut')]).toEqual([0, false]);
  expect(daemon.calls.at(-1)!.params).toEqual({ key: 'proxy.password', value: 'gut' });
  expect((await terminal.run([...set, '--default'])).code).toBe(0);
  expect(daemon.calls.at(-1)!.params).toEqual({ key: 'proxy.password', value: null });
});
