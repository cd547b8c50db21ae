import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { RELAY } from './fake-daemon.suite.ts';
import { Terminal } from './terminal.suite.ts';

let terminal: Terminal;
beforeAll(() => void (terminal = new Terminal()));
afterEach(() => terminal.closeDaemons());
afterAll(() => terminal.close());

test('`relay` says whom this computer serves, and how others name it', async () => {
  await terminal.daemon();
  const { code, stdout } = await terminal.run(['relay']);
  expect([code, stdout.includes('Everybody.'), stdout.includes(RELAY)]).toEqual([0, true, true]);
  const plain = await terminal.run(['relay', '--plain']);
  expect(plain.stdout).toBe(`relay\tpublic\t2\t${RELAY}\topen\n`);
  const json = JSON.parse((await terminal.run(['--json', 'relay'])).stdout) as { data: object };
  expect(json.data).toEqual({ serve: 'public', clients: 2, text: RELAY, port443: 'open' });
});

test('`relay` says why it is not on port 443, and nothing where that is not wanted', async () => {
  const said = async (port443: 'denied' | 'taken' | 'off'): Promise<string> => {
    await terminal.daemon({ 'relay.show': () => ({ serve: 'public', clients: 0, port443 }) });
    const { stdout } = await terminal.run(['relay']);
    await terminal.closeDaemons();
    return stdout;
  };
  expect(await said('denied')).toContain('Port 443  Not open: the system keeps it');
  expect(await said('taken')).toContain('Port 443  Not open: another program has it.');
  expect(await said('off')).not.toContain('443');
});

test('one without a public address has no text', async () => {
  await terminal.daemon({
    'relay.show': () => ({ serve: 'contacts', clients: 1, port443: 'off' }),
  });
  const { stdout } = await terminal.run(['relay']);
  expect(stdout).toContain('Your contacts.');
  expect(stdout).toContain('1 computer');
  expect(stdout).toContain('Not known');
});
