import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { RELAY } from './fake-daemon.suite.ts';
import { Terminal } from './terminal.suite.ts';

let terminal: Terminal;
beforeAll(() => void (terminal = new Terminal()));
afterEach(() => terminal.closeDaemons());
afterAll(() => terminal.close());

test('`relay` says whom this computer serves, how others name it, and what it uses', async () => {
  await terminal.daemon();
  const { code, stdout } = await terminal.run(['relay']);
  expect([code, stdout.includes('Everybody.'), stdout.includes(RELAY)]).toEqual([0, true, true]);
  expect(stdout).toContain('everybody can find it');
  expect(stdout).toContain('192.0.2.9:443, a public relay, run by a stranger, 41 ms');
  const plain = await terminal.run(['relay', '--plain']);
  const used = 'used\t192.0.2.9:443\tpublic\ttrue\t41\ttrue\n';
  expect(plain.stdout).toBe(`relay\tpublic\t2\t${RELAY}\topen\ttrue\n${used}`);
  const json = JSON.parse((await terminal.run(['--json', 'relay'])).stdout) as { data: object };
  const uses = [
    { address: '192.0.2.9:443', source: 'public', reserved: true, ms: 41, answers: true },
  ];
  const port443 = 'open';
  const serves = { serve: 'public', clients: 2, text: RELAY, port443, listed: true };
  expect(json.data).toEqual({ ...serves, uses });
});

test('`relay` says why it is not on port 443, and nothing where that is not wanted', async () => {
  const said = async (port443: 'denied' | 'taken' | 'off'): Promise<string> => {
    const shown = { serve: 'public', clients: 0, port443, listed: false, uses: [] } as const;
    await terminal.daemon({ 'relay.show': () => ({ ...shown, uses: [] }) });
    const { stdout } = await terminal.run(['relay']);
    await terminal.closeDaemons();
    return stdout;
  };
  expect(await said('denied')).toContain('Port 443  Not open: the system keeps it');
  expect(await said('taken')).toContain('Port 443  Not open: another program has it.');
  expect(await said('off')).not.toContain('443');
});

test('one without a public address has no text', async () => {
  const used = { address: '192.0.2.9:443', source: 'contact', reserved: false } as const;
  const uses = [
    { ...used, answers: false },
    { ...used, source: 'own', answers: true, ms: 12 } as const,
  ];
  const shown = { serve: 'contacts', clients: 1, port443: 'off', listed: false } as const;
  await terminal.daemon({
    'relay.show': () => ({ ...shown, uses: [...uses] }),
  });
  const { stdout } = await terminal.run(['relay']);
  expect(stdout).toContain('Your contacts.');
  expect(stdout).toContain('1 computer');
  expect(stdout).toContain('Not known');
  expect(stdout).toContain("192.0.2.9:443, a contact's, does not answer");
  expect(stdout).toContain('192.0.2.9:443, yours, answers and has given no place so far');
  expect(stdout).not.toContain('Listed');
});

test('who serves nobody is asked for no text', async () => {
  const shown = { serve: 'off', clients: 0, port443: 'off', listed: false, uses: [] } as const;
  await terminal.daemon({ 'relay.show': () => ({ ...shown, uses: [] }) });
  const { stdout } = await terminal.run(['relay']);
  expect(stdout).toContain('Nobody.');
  expect(stdout).not.toContain('Not known');
});
