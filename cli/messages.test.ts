import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ANA, EVENT, message, NETWORK, No, TIME } from './fake-daemon.suite.ts';
import { ended, Terminal } from './terminal.suite.ts';
import type { Ran } from './terminal.suite.ts';

let terminal: Terminal;
beforeAll(() => void (terminal = new Terminal()));
afterEach(() => terminal.closeDaemons());
afterAll(() => terminal.close());

const data = (ran: Ran): unknown => {
  const parsed = JSON.parse(ran.stdout) as { v: number; ok: boolean; data: unknown };
  expect([parsed.v, parsed.ok, ran.code, ran.stderr]).toEqual([1, true, 0, '']);
  return parsed.data;
};

describe('[CLI-15] text from standard input', () => {
  const sent = async (args: string[], input: string | Uint8Array) => {
    const daemon = await terminal.daemon();
    const ran = await terminal.run(['send', 'ana', ...args], { input });
    const call = daemon.calls.find(({ method }) => method === 'messages.send');
    const text = (call?.params as { text: string } | undefined)?.text;
    await terminal.closeDaemons();
    return { ...ran, text };
  };

  test('keeps newlines and loses the last one', async () => {
    expect((await sent(['-'], 'one\n two\n\n')).text).toBe('one\n two\n');
    expect((await sent([], 'one\r\n')).text).toBe('one');
    expect((await sent(['-'], '$(id) `x` "q" \u001b[31m')).text).toBe('$(id) `x` "q" \u001b[31m');
  });

  test('holds the limit of 32 KiB to the byte', async () => {
    const most = 'é'.repeat(16 * 1024);
    const fits = await sent(['-'], `${most}\n`);
    expect([fits.code, fits.text]).toEqual([0, most]);
    const over = await sent(['-'], `${most}x`);
    expect([over.code, over.text]).toEqual([2, undefined]);
    expect(over.stderr).toContain('This message is too long: 32769 bytes, and 32768 fit.');
  });

  test('nothing, and what is not UTF-8, is told and not sent', async () => {
    const empty = await sent(['-'], '\n');
    expect([empty.code, empty.stderr.includes('[E26]')]).toEqual([2, true]);
    const binary = await sent(['-'], new Uint8Array([0x68, 0xff, 0x0a]));
    expect([binary.code, binary.stderr.includes('[E48]'), binary.text]).toEqual([
      2,
      true,
      undefined,
    ]);
  });

  test('an invite comes in the same way, so that it stands in no list of processes', async () => {
    const daemon = await terminal.daemon();
    const ran = await terminal.run(['add', '-'], { input: 'Add me on Bo:\nsotto:i/x\n' });
    expect(ran.code).toBe(0);
    expect(daemon.calls[0]).toEqual({
      method: 'contacts.add',
      params: { text: 'Add me on Bo:\nsotto:i/x' },
    });
  });
});

describe('[CLI-18] send', () => {
  const delivered = {
    v: 1,
    type: 'state',
    cursor: '42',
    data: {
      event: EVENT,
      conversation: 'c_7k2',
      state: 'delivered',
      deliveredAt: TIME,
      route: 'direct',
    },
  } as const;

  test('a message that waits says so, and counts as ok', async () => {
    await terminal.daemon({
      'contacts.show': () => ({ ...ANA, name: 'Lena', route: 'waiting', online: false }),
    });
    const { code, stdout, stderr } = await terminal.run(['send', 'ana', 'Call me'], {
      env: { LANG: 'C' },
    });
    expect([code, stdout]).toEqual([0, `${EVENT}\n`]);
    expect(stderr).toBe(
      "o    o  Waiting  Lena isn't reachable now. It waits on this device, so keep the app " +
        'running. Check later: sotto read Lena\n',
    );
  });

  test('--wait delivered prints the id at once, and then the state', async () => {
    const daemon = await terminal.daemon({
      'messages.send': () => {
        setTimeout(() => {
          daemon.emit({ ...delivered, data: { ...delivered.data, event: 'f'.repeat(32) } });
          daemon.emit(delivered);
        }, 50);
        return { event: EVENT, conversation: 'c_7k2', duplicate: false };
      },
    });
    const args = ['send', 'ana', 'See you at 6', '--wait', 'delivered'];
    const human = await terminal.run(args, { env: { LANG: 'C' } });
    expect(human).toEqual({
      code: 0,
      stdout: `${EVENT}\n`,
      stderr: 'o--o    Direct   delivered to Ana Ruiz, 14:02\n',
    });
    expect(data(await terminal.run([...args, '--json']))).toEqual({
      event: EVENT,
      conversation: 'c_7k2',
      duplicate: false,
      state: 'delivered',
      route: 'direct',
      deliveredAt: TIME,
    });
  });

  test('[CLI-21] a relay is called Hidden IP only where the rule of the chat is', async () => {
    for (const [policy, said] of [
      ['auto', 'Relay  '],
      ['hidden', 'Hidden IP'],
    ] as const) {
      const daemon = await terminal.daemon({
        'contacts.show': () => ({ ...ANA, route: 'relay', policy }),
        'messages.send': () => {
          daemon.emit({ ...delivered, data: { ...delivered.data, route: 'relay' } });
          return { event: EVENT, conversation: 'c_7k2', duplicate: false };
        },
      });
      const args = ['send', 'ana', 'hi', '--wait', 'delivered'];
      const { stderr } = await terminal.run(args, { env: { LANG: 'C' } });
      expect(stderr).toBe(`o-<>-o  ${said}  delivered to Ana Ruiz, 14:02\n`);
    }
  });

  test('the stream is open before the message goes: no delivery is missed', async () => {
    const daemon = await terminal.daemon({
      'messages.send': () => {
        expect(daemon.eventRequests.length).toBe(1);
        daemon.emit(delivered);
        return { event: EVENT, conversation: 'c_7k2', duplicate: false };
      },
    });
    const ran = await terminal.run(['send', 'ana', 'hi', '--wait', 'delivered', '-q']);
    expect(ran).toEqual({ code: 0, stdout: `${EVENT}\n`, stderr: '' });
  });

  test('--wait delivered ends with 6 when the time is up, and the message stays', async () => {
    await terminal.daemon();
    const args = ['send', 'ana', 'hi', '--wait', 'delivered', '--timeout', '2s'];
    const [human, json] = await Promise.all([
      terminal.run(args),
      terminal.run([...args, '--json']),
    ]);
    expect([human.code, human.stdout]).toEqual([6, `${EVENT}\n`]);
    expect(human.stderr).toBe(
      "Ana Ruiz isn't reachable now. It waits on this device, so keep the app running. [E04]\n" +
        'hint: It goes out by itself; do not send it again. Check later: ' +
        "sotto read 'Ana Ruiz'\n",
    );
    expect([json.code, json.stdout]).toEqual([6, '']);
    expect(JSON.parse(json.stderr)).toMatchObject({
      ok: false,
      error: { code: 'E04', retryable: true, detail: { event: EVENT } },
    });
  });

  describe('whatever fails once it is stored, --wait delivered tells the id to programs', () => {
    const stored = { event: EVENT, conversation: 'c_7k2', duplicate: false };
    const args = ['send', 'ana', 'hi', '--wait', 'delivered', '--timeout', '2s'];
    const told = (ran: Ran): unknown =>
      (JSON.parse(ran.stderr) as { error: { reason: string; detail: unknown } }).error;
    const detail = { event: EVENT, conversation: 'c_7k2' };

    test('the time is up, also where a rule holds it', async () => {
      for (const [held, exit] of [
        [undefined, 6],
        ['no-relay', 7],
      ] as const) {
        const daemon = await terminal.daemon({
          'route.show': () => ({
            ...{ conversation: 'c_7k2', policy: 'hidden', route: 'waiting', peerSeesMyIp: false },
            ...{ hops: 0, punched: false, changes: [], ...(held && { held }) },
          }),
        });
        const plain = await terminal.run([...args, '--plain']);
        expect([plain.code, plain.stdout]).toEqual([exit, `${EVENT}\tc_7k2\twaiting\n`]);
        expect(told(await terminal.run([...args, '--json']))).toMatchObject({ detail });
        await daemon.close();
      }
    });

    test('it was taken back', async () => {
      const daemon = await terminal.daemon({
        'messages.send': () => {
          daemon.emit({ ...delivered, data: { ...delivered.data, state: 'cancelled' } });
          return stored;
        },
      });
      const plain = await terminal.run([...args, '--plain']);
      expect([plain.code, plain.stdout]).toEqual([1, `${EVENT}\tc_7k2\tcancelled\n`]);
      const json = await terminal.run([...args, '--json']);
      expect(told(json)).toMatchObject({ reason: 'cancelled', detail });
    });

    test('the app went away', async () => {
      for (const mode of ['--plain', '--json']) {
        const daemon = await terminal.daemon({
          'messages.send': () => {
            setTimeout(() => void daemon.close(), 50);
            return stored;
          },
        });
        const ran = await terminal.run([...args.slice(0, -1), '5s', mode]);
        if (mode === '--json') expect(told(ran)).toMatchObject({ detail });
        else expect(ran.stdout).toBe(`${EVENT}\tc_7k2\twaiting\n`);
      }
    });

    test('Ctrl-C', async () => {
      for (const mode of ['--plain', '--json']) {
        const daemon = await terminal.daemon({
          'messages.send': () => {
            setTimeout(() => child.kill('SIGINT'), 200);
            return stored;
          },
        });
        const child = terminal.start([...args.slice(0, -1), '20s', mode]);
        const ran = await ended(child);
        expect(ran.code).toBe(130);
        if (mode === '--json') expect(told(ran)).toMatchObject({ reason: 'interrupted', detail });
        else expect(ran.stdout).toBe(`${EVENT}\tc_7k2\twaiting\n`);
        await daemon.close();
      }
    });
  });

  test('a request that broke is made again as the same message', async () => {
    const ids: string[] = [];
    await terminal.daemon({
      'messages.send': ({ clientId }, response) => {
        ids.push(clientId);
        if (ids.length === 1) response.destroy();
        return { event: EVENT, conversation: 'c_7k2', duplicate: ids.length > 1 };
      },
    });
    const { code, stdout } = await terminal.run(['send', 'ana', 'hi']);
    expect([code, stdout]).toEqual([0, `${EVENT}\n`]);
    expect(ids.length).toBe(2);
    expect(ids[0]).toBe(ids[1]);
    await terminal.run(['send', 'ana', 'hi']);
    expect(ids[2]).not.toBe(ids[0]);
  });

  test('taken back elsewhere: said so', async () => {
    const daemon = await terminal.daemon({
      'messages.send': () => {
        daemon.emit({ ...delivered, data: { ...delivered.data, state: 'cancelled' } });
        return { event: EVENT, conversation: 'c_7k2', duplicate: false };
      },
    });
    const { code, stderr } = await terminal.run(['send', 'ana', 'hi', '--wait', 'delivered']);
    expect([code, stderr.includes('[E51]')]).toEqual([1, true]);
  });
});

describe('[CLI-25] read', () => {
  const page = (messages: ReturnType<typeof message>[], more = false) => ({
    'messages.list': () => ({
      conversation: 'c_7k2',
      name: 'Ana Ruiz',
      messages,
      more,
      newer: false,
    }),
  });

  test('shows days, gaps, doubtful messages, states, and what it cannot show', async () => {
    await terminal.daemon(
      page([
        message(),
        message({ outgoing: true, state: 'delivered', text: 'two\nlines' }),
        message({ time: '2026-12-04T00:01:00.000Z', gapBefore: true, text: 'after a gap' }),
        message({ time: '2026-12-04T00:02:00.000Z', fork: true, text: 'one of two' }),
        message({ time: '2026-12-04T00:03:00.000Z', kind: 'poll', text: '' }),
        message({ time: '2026-12-04T00:04:00.000Z', outgoing: true, state: 'waiting', text: 'x' }),
        message({
          time: '2026-12-04T00:05:00.000Z',
          outgoing: true,
          state: 'cancelled',
          text: 'y',
        }),
      ]),
    );
    const [utf8, ascii] = await Promise.all([
      terminal.run(['read', 'ana']),
      terminal.run(['read', 'ana'], { env: { LANG: 'C' } }),
    ]);
    expect(utf8.stdout).toBe(
      `── Thursday 3 December 2026 ──
14:02  Ana Ruiz  hello
14:02  You       two
                 lines  ✓ Delivered
── Friday 4 December 2026 ──
  … Earlier messages of Ana Ruiz have not arrived yet.
00:01  Ana Ruiz  after a gap
  ! Ana Ruiz wrote two different messages in this place; both are shown.
00:02  Ana Ruiz  one of two
00:03  Ana Ruiz  (This needs a newer version of the app.)
00:04  You       x  ◌ Waiting
00:05  You       y  ! Not sent
`,
    );
    expect(ascii.stdout).toMatch(/^[\x20-\x7e\n]*$/);
    expect(ascii.stdout).toContain('lines  [Delivered]\n-- Friday 4');
  });

  test('goes back page by page for many', async () => {
    const all = Array.from({ length: 700 }, (_, i) => message({ cursor: String(i + 1) }));
    const daemon = await terminal.daemon({
      'messages.list': ({ limit, before }) => {
        const end = before === undefined ? all.length : Number(before) - 1;
        const from = Math.max(0, end - limit);
        const messages = all.slice(from, end);
        return { conversation: 'c_7k2', name: 'Ana Ruiz', messages, more: from > 0, newer: false };
      },
    });
    const { messages, more } = data(await terminal.run(['read', 'ana', '-n', '600', '--json'])) as {
      messages: { cursor: string }[];
      more: boolean;
    };
    expect([messages.length, messages[0]!.cursor, messages.at(-1)!.cursor, more]).toEqual([
      600,
      '101',
      '700',
      true,
    ]);
    expect(daemon.calls.length).toBe(2);
  });

  test('an empty conversation is no error, and is not marked', async () => {
    const daemon = await terminal.daemon(page([]));
    const { code, stdout, stderr } = await terminal.run(['read', 'ana', '--mark-read']);
    expect([code, stdout, stderr]).toEqual([0, '', 'No messages with Ana Ruiz yet.\n']);
    expect(daemon.calls.map(({ method }) => method)).toEqual(['messages.list']);
  });
});

describe('[CLI-26] listen', () => {
  test('prints what the stream says, for people, with names', async () => {
    const daemon = await terminal.daemon();
    daemon.eventLines = () => [
      NETWORK,
      { v: 1, type: 'message', cursor: '41', data: message() },
      {
        v: 1,
        type: 'message',
        cursor: '42',
        data: message({ outgoing: true, state: 'waiting', text: 'yes' }),
      },
      { v: 1, type: 'contact', data: { ...ANA, name: 'Annie' } },
      {
        v: 1,
        type: 'state',
        cursor: '43',
        data: { event: EVENT, conversation: 'c_7k2', state: 'delivered' },
      },
      {
        v: 1,
        type: 'route',
        data: { conversation: 'c_7k2', route: 'lan', peerSeesMyIp: true, policy: 'auto' },
      },
      { v: 1, type: 'network', data: { online: false, helpers: 0 } },
    ];
    const child = terminal.start(['listen'], { env: { LANG: 'C' } });
    const run = ended(child);
    child.stdout.on('data', (text: string) => text.includes('Offline') && child.kill('SIGINT'));
    const { code, stdout, stderr } = await run;
    expect([code, stderr]).toEqual([130, 'Listening. Ctrl-C ends it.\n']);
    expect(stdout).toBe(
      `  Online, 148 helpers known
14:02  Ana Ruiz  hello
14:02  to Ana Ruiz: You       yes  [Waiting]
  Annie: connected
  [Delivered] to Annie
  o==o    Same network  Annie
  Offline
`,
    );
  });

  test('--json resumes after the last cursor, over a restart on another port', async () => {
    const daemon = await terminal.daemon();
    const text = (cursor: string) =>
      ({ v: 1, type: 'message', cursor, data: message({ cursor }) }) as const;
    daemon.eventLines = () => [NETWORK, text('41')];
    const args = ['listen', '--json', '--type', 'message', '--from', '40'];
    const child = terminal.start(args);
    const run = ended(child);
    let lines = 0;
    child.stdout.on('data', () => (lines += 1));
    await expect.poll(() => lines, { timeout: 20_000 }).toBe(1);
    await daemon.close();
    const again = await terminal.daemon();
    again.eventLines = () => [{ ...NETWORK, cursor: '41' }, text('42')];
    await expect.poll(() => lines, { timeout: 20_000 }).toBe(2);
    child.kill('SIGINT');
    const { code, stdout } = await run;
    const cursors = stdout
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { cursor: string }).cursor);
    expect([code, cursors]).toEqual([130, ['41', '42']]);
    expect([daemon.eventRequests, again.eventRequests]).toEqual([['40'], ['41']]);
  });

  test('an app that does not come back ends it with E01', async () => {
    const daemon = await terminal.daemon();
    const child = terminal.start(['listen', '--timeout', '400ms']);
    const run = ended(child);
    await new Promise((done) => child.stdout.once('data', done));
    await daemon.close();
    const { code, stderr } = await run;
    expect(code).toBe(4);
    expect(stderr).toContain('Waiting for it to come back.');
    expect(stderr).toContain('[E01]');
  });

  test('--conv and --type choose', async () => {
    const daemon = await terminal.daemon();
    daemon.eventLines = () => [
      NETWORK,
      { v: 1, type: 'message', cursor: '41', data: message({ conversation: 'c_other' }) },
      { v: 1, type: 'message', cursor: '42', data: message({ cursor: '42' }) },
      {
        v: 1,
        type: 'state',
        cursor: '43',
        data: { event: EVENT, conversation: 'c_7k2', state: 'delivered' },
      },
    ];
    const child = terminal.start(['listen', '--plain', '--conv', 'ana', '--type', 'message,state']);
    const run = ended(child);
    child.stdout.on('data', (text: string) => text.includes('state') && child.kill('SIGINT'));
    expect((await run).stdout).toBe(
      `message\t42\t${EVENT}\tc_7k2\t${TIME}\tfalse\tAna Ruiz\treceived\ttext\thello\n` +
        `state\t43\t${EVENT}\tc_7k2\tdelivered\t\t\n`,
    );
  });
});

describe('[CLI-40] cancel', () => {
  test('a message that waits is held back, one that was delivered is not', async () => {
    let isDelivered = false;
    const daemon = await terminal.daemon({
      'messages.cancel': () => {
        if (isDelivered) throw new No('too-late');
        return {};
      },
    });
    const done = await terminal.run(['cancel', EVENT, '--json']);
    expect(data(done)).toEqual({ event: EVENT, state: 'cancelled' });
    expect(daemon.calls).toContainEqual({ method: 'messages.cancel', params: { event: EVENT } });
    isDelivered = true;
    const late = await terminal.run(['cancel', EVENT]);
    expect([late.code, late.stderr.includes('delivered already')]).toEqual([7, true]);
  });

  test('what is no id is told before anything is asked', async () => {
    const daemon = await terminal.daemon();
    const ran = await terminal.run(['cancel', 'ana']);
    expect([ran.code, ran.stderr.includes('no id of a message')]).toEqual([2, true]);
    expect(daemon.calls).toEqual([]);
  });
});
