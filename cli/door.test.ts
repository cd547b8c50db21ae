import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ANA, DOOR } from './fake-daemon.suite.ts';
import { Terminal } from './terminal.suite.ts';

let terminal: Terminal;
beforeAll(() => void (terminal = new Terminal()));
afterEach(() => terminal.closeDaemons());
afterAll(() => terminal.close());

const SHUT = { open: false, hidden: false, copies: 0, slotsTaken: 0, slots: 8 };
const HIDDEN = 'Relays keep your IP address from those who have your ID.';
const SENTENCE = 'Someone who has your ID could find your IP address. Open anyway?';

describe('[CLI-32] what may show the IP address asks first', () => {
  test('a door opens by a yes or by --anyway, and not otherwise', async () => {
    const daemon = await terminal.daemon({ 'door.status': () => SHUT });
    const opened = (): number => daemon.calls.filter(({ method }) => method === 'door.open').length;
    const refused = await terminal.run(['door', 'open']);
    expect([refused.code, refused.stderr.includes('[E23]'), opened()]).toEqual([7, true, 0]);
    const no = await terminal.atTerminal(['door', 'open'], { answers: [['[y/N]', 'no']] });
    expect([no.code, no.stdout.includes(SENTENCE), opened()]).toEqual([7, true, 0]);
    expect(no.stdout).toContain('You said no, so nothing was changed.');
    const yes = await terminal.atTerminal(['door', 'open'], { answers: [['[y/N]', 'yes']] });
    expect([yes.code, opened()]).toEqual([0, 1]);
    expect((await terminal.run(['door', 'open', '--anyway'])).code).toBe(0);
    expect(daemon.calls.at(-1)).toEqual({ method: 'door.open', params: { anyway: true } });
  });

  test('a door that relays hide opens without a question, and says so', async () => {
    const hidden = { ...SHUT, hidden: true };
    const daemon = await terminal.daemon({
      'door.status': () => hidden,
      'door.open': () => ({ ...hidden, open: true }),
    });
    const opened = await terminal.run(['door', 'open']);
    expect([opened.code, opened.stderr.includes(HIDDEN)]).toEqual([0, true]);
    expect(opened.stderr).not.toContain('could find');
    expect(daemon.calls.at(-1)).toEqual({ method: 'door.open', params: { anyway: false } });
    const status = await terminal.run(['door', 'status']);
    expect(status.stdout + status.stderr).not.toContain('could find');
  });

  test('a request by ID is stored and told as not sent, until somebody agrees', async () => {
    const daemon = await terminal.daemon({
      'contacts.add': ({ anyway }) => ({
        ...ANA,
        state: 'added',
        online: false,
        asking: anyway ? 'seeking' : 'held',
      }),
    });
    const held = await terminal.run(['add', ANA.id]);
    expect([held.code, held.stdout]).toEqual([7, 'Ana Ruiz\n']);
    expect(held.stderr).toContain('[E05]');
    const sent = await terminal.run(['add', ANA.id, '--anyway', '--hello', 'It is me']);
    expect([sent.code, sent.stderr.includes('decides')]).toEqual([0, true]);
    const params = { text: ANA.id, anyway: true, hello: 'It is me' };
    expect(daemon.calls.at(-1)).toEqual({ method: 'contacts.add', params });
    const yes = await terminal.atTerminal(['add', ANA.id], { answers: [['[y/N]', 'yes']] });
    expect(yes.code).toBe(0);
    expect(daemon.calls.at(-1)!.params).toEqual({ text: ANA.id, anyway: true });
  });

  test('requests are looked for at the door, unless not wanted', async () => {
    const daemon = await terminal.daemon({
      'requests.list': () => ({ requests: [], doorOpen: false }),
      'door.status': () => DOOR,
    });
    const none = await terminal.run(['requests', 'list']);
    expect(none.stderr).toContain('No requests. People who have your ID can ask to chat');
    expect(none.stderr).toContain('door is shut');
    await terminal.run(['requests', 'list', '--no-look']);
    expect(daemon.calls.map(({ params }) => params)).toEqual([{ look: true }, { look: false }]);
  });
});
