import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ANA, EVENT, ID, message, NUMBER, TIME } from './fake-daemon.suite.ts';
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

/** NUMBER as people see it. */
const ROWS = '01234 56789 01234 56789\n'.repeat(3);

describe('[CLI-19] what each verb prints, for people and for programs', () => {
  const rows: [string, string, string][] = [
    [
      'status',
      `ID        ${ID}\n` +
        'Network   Online, 148 helpers known\n' +
        'Contacts  2, 1 reachable now\n' +
        'Waiting   3 messages\n' +
        'Running   since 3 Dec 2026 14:02, version 0.1.0, process PID\n',
      `id\t${ID}\nonline\ttrue\nhelpers\t148\nreadOnly\ttrue\ncontacts\t2\nlinked\t1\nwaiting\t3\nrequests\t0\ndoorOpen\tfalse\nsecondCopy\tfalse\n` +
        `version\t0.1.0\npid\tPID\nstartedAt\t${TIME}\n`,
    ],
    ['id', `${ID}\n`, `${ID}\n`],
    [
      'invite new',
      'sotto:i/abcdefghijkl\n',
      `00ff00ff\topen\t2026-12-10T14:02:05.000Z\tfalse\t\tsotto:i/abcdefghijkl\t${TIME}\n`,
    ],
    [
      'invite list',
      '00ff00ff  open  one person  until 10 Dec 2026 14:02\n',
      `00ff00ff\topen\t2026-12-10T14:02:05.000Z\tfalse\t\tsotto:i/abcdefghijkl\t${TIME}\n`,
    ],
    ['invite revoke 00ff00ff', '', '00ff00ff\trevoked\n'],
    [
      'add sotto:i/abc def --name Bo',
      'Bo\n',
      `c_7k2\tBo\tconnected\tfalse\tdirect\t0\t${ID}\t1\t${TIME}\t\n`,
    ],
    [
      'contacts list',
      '●━━●  Direct  Ana Ruiz  c_7k2\n',
      `c_7k2\tAna Ruiz\tconnected\ttrue\tdirect\t0\t${ID}\t1\t${TIME}\t\n`,
    ],
    [
      'contacts show ana',
      `Ana Ruiz\nID            ${ID}\nConversation  c_7k2\nState         Connected\n` +
        "Devices       1\nVerified      Not yet. Compare: sotto contacts verify 'Ana Ruiz'\n" +
        'Waiting       0 messages\n' +
        "●━━●    Direct   Straight from your device to Ana Ruiz's. No relay in between.\n" +
        'Ana Ruiz can see your IP address, which hints at your city and provider. You can see ' +
        'theirs. Providers can see you are connected, not what you say.\n',
      `c_7k2\tAna Ruiz\tconnected\ttrue\tdirect\t0\t${ID}\t1\t${TIME}\t\n`,
    ],
    [
      'contacts rename ana Annie',
      '',
      `c_7k2\tAnnie\tconnected\ttrue\tdirect\t0\t${ID}\t1\t${TIME}\t\n`,
    ],
    ['contacts block ana', '', `c_7k2\tAna Ruiz\tblocked\ttrue\tdirect\t0\t${ID}\t1\t${TIME}\t\n`],
    [
      'contacts block ana --undo',
      '',
      `c_7k2\tAna Ruiz\tconnected\ttrue\tdirect\t0\t${ID}\t1\t${TIME}\t\n`,
    ],
    [
      'requests list',
      `Bo  c_9x  3 Dec 2026 14:02\n  ${ID}\n  Hello, we met at the fair.\n`,
      `c_9x\tBo\t${ID}\t${TIME}\tfalse\tHello, we met at the fair.\n`,
    ],
    ['requests accept bo', 'Bo\n', 'c_7k2\tBo\tconnected\n'],
    ['requests decline bo', '', 'bo\tdeclined\n'],
    ['requests block bo', '', 'c_7k2\tBo\tblocked\n'],
    [
      'door status',
      'The door is open. Someone who has your ID could find your IP address.\n' +
        'Signed until  3 Dec 2026 14:02\nLast put      3 Dec 2026 14:02, held by 16\n' +
        'Last look     3 Dec 2026 14:02\nSlots         1 of 8 taken\n',
      `open\t${TIME}\t${TIME}\t16\t${TIME}\t1\t8\tfalse\n`,
    ],
    ['door open', '', `open\t${TIME}\t${TIME}\t16\t${TIME}\t1\t8\tfalse\n`],
    ['door shut', '', 'shut\t\t\t0\t\t0\t8\tfalse\n'],
    ['contacts remove ana --force', '', 'c_7k2\tremoved\n'],
    ['contacts verify ana --mark', ROWS, `c_7k2\t${NUMBER}\t${TIME}\tAna Ruiz\n`],
    ['send ana hi there', `${EVENT}\n`, `${EVENT}\tc_7k2\twaiting\n`],
    [
      'read ana',
      '── Thursday 3 December 2026 ──\n14:02  Ana Ruiz  hello\n',
      `41\t${EVENT}\tc_7k2\t${TIME}\tfalse\tAna Ruiz\treceived\ttext\thello\n`,
    ],
    [
      'route show ana',
      "●━━●    Direct   Straight from your device to Ana Ruiz's. No relay in between.\n" +
        'Ana Ruiz can see your IP address, which hints at your city and provider. You can see ' +
        'theirs. Providers can see you are connected, not what you say.\n' +
        'Automatic: The fastest safe way. Ana Ruiz may see your IP address.\n' +
        'over UDX, to 192.0.2.7:20000, 12 ms there and back\n',
      'c_7k2\tauto\tdirect\ttrue\t0\tudx\t192.0.2.7:20000\t12.4\tfalse\t\t\n',
    ],
    [
      'route set ana hidden',
      'Hidden IP: Always through a relay, calls and files too. Slower. If no relay works, ' +
        'messages wait.\nNot sent. This chat is set to Hidden IP and no relay answers. ' +
        'Nothing went any other way.\nAna Ruiz may remember your earlier address.\n',
      'c_7k2\thidden\twaiting\tfalse\t0\t\t\t\tfalse\t\tno-relay\n',
    ],
    [
      'config list',
      'net.port  20000  config file  UDP and TCP port.\n',
      'net.port\t20000\tfile\t0\ttrue\n',
    ],
    ['config get net.port', '20000\n', 'net.port\t20000\tfile\t0\ttrue\n'],
    ['config set net.port 4000', '', 'net.port\t4000\tfile\t0\ttrue\n'],
    ['config set net.port --default', '', 'net.port\t0\tfile\t0\ttrue\n'],
    ['config set nearby.home not-here', '', 'net.port\tnot-here\tfile\t0\ttrue\n'],
    ['logs', `${TIME} info ready  port=7340\n`, `${TIME}\tinfo\tready\tport=7340\n`],
  ];

  test('all of them, three ways each', async () => {
    const daemon = await terminal.daemon();
    const lines = rows.map(([line]) => line.split(' '));
    const runs = await terminal.runAll(
      lines.flatMap((args) => [args, [...args, '--plain'], [...args, '--json']]),
    );
    const pid = (text: string): string => text.replaceAll(String(process.pid), 'PID');
    for (const [i, [line, human, plain]] of rows.entries()) {
      const [forPeople, forPrograms, asJson] = runs.slice(3 * i, 3 * i + 3) as [Ran, Ran, Ran];
      expect([line, forPeople.code, pid(forPeople.stdout)]).toEqual([line, 0, human]);
      expect([line, pid(forPrograms.stdout), forPrograms.stderr]).toEqual([line, plain, '']);
      expect(data(asJson)).toBeTypeOf('object');
    }
    expect(new Set(daemon.calls.map(({ method }) => method)).size).toBeGreaterThan(14);
  });

  test('JSON carries the result of the method as it is', async () => {
    await terminal.daemon();
    expect(data(await terminal.run(['route', 'show', 'ana', '--json']))).toEqual({
      conversation: 'c_7k2',
      policy: 'auto',
      route: 'direct',
      transport: 'udx',
      endpoint: '192.0.2.7:20000',
      peerSeesMyIp: true,
      rttMs: 12.4,
      hops: 0,
      punched: false,
      changes: [],
    });
    expect(data(await terminal.run(['contacts', 'list', '--json']))).toMatchObject({
      contacts: [{ conversation: 'c_7k2', name: 'Ana Ruiz', lastSeenAt: TIME }],
    });
  });

  test('arguments reach the method as they were meant', async () => {
    const daemon = await terminal.daemon();
    await terminal.runAll([
      ['invite', 'new', '--expires', '10m', '--reusable'],
      ['add', 'Add', 'me:', 'sotto:i/x', '--name', 'Bo'],
      ['read', 'ana', '-n', '7', '--since', '2026-12-01T00:00Z', '--mark-read'],
      ['contacts', 'remove', 'ana', '-f'],
      ['contacts', 'block', 'ana', '--undo'],
    ]);
    expect(daemon.calls).toEqual([
      { method: 'invites.create', params: { expiresInMs: 600_000, reusable: true } },
      { method: 'contacts.add', params: { text: 'Add me: sotto:i/x', name: 'Bo' } },
      {
        method: 'messages.list',
        params: { to: 'ana', limit: 7, since: '2026-12-01T00:00:00.000Z' },
      },
      { method: 'messages.markRead', params: { to: 'c_7k2', cursor: '41' } },
      { method: 'contacts.show', params: { to: 'ana' } },
      { method: 'contacts.remove', params: { to: 'c_7k2' } },
      { method: 'contacts.unblock', params: { to: 'ana' } },
    ]);
  });

  test('a QR code has half blocks in UTF-8, two columns per module in ASCII', async () => {
    await terminal.daemon();
    const [utf8, ascii, invite] = await Promise.all([
      terminal.run(['id', '--qr']),
      terminal.run(['id', '--qr'], { env: { LANG: 'C' } }),
      terminal.run(['invite', 'new', '--qr']),
    ]);
    const rows = utf8.stdout.trimEnd().split('\n');
    expect(rows.at(-1)).toBe(ID);
    expect(rows[0]).toMatch(/^█+$/);
    // 62 letters and digits: version 3, 29 modules and a border of 2 on each side.
    expect([rows.length, [...rows[0]!].length]).toEqual([17 + 1, 33]);
    const wide = ascii.stdout.trimEnd().split('\n');
    expect([wide.length, wide[0]]).toEqual([33 + 1, '#'.repeat(66)]);
    expect(ascii.stdout).toMatch(/^[\x20-\x7e\n]*$/);
    expect(invite.stdout.trimEnd().split('\n').at(-1)).toBe('sotto:i/abcdefghijkl');
  });

  test('a link is shown when it is made, and later only to programs', async () => {
    await terminal.daemon();
    const listed = await terminal.run(['invite', 'list']);
    expect(listed.stdout + listed.stderr).not.toContain('sotto:i/');
    expect((await terminal.run(['invite', 'list', '--json'])).stdout).toContain('sotto:i/');
  });

  test('logs of an app that does not run come from its files', async () => {
    const daemon = await terminal.daemon({ 'logs.tail': () => ({ lines: [], next: '1' }) });
    await daemon.close();
    mkdirSync(join(terminal.folder, 'logs'), { recursive: true });
    const line = (text: string): string =>
      `{"time":"${TIME}","level":"warn","message":"${text}"}\n`;
    const text = line('one') + line('two') + 'not json\n' + line('thr').slice(0, 30);
    writeFileSync(join(terminal.folder, 'logs', 'daemon.log'), text);
    const { code, stdout, stderr } = await terminal.run(['logs', '-n', '3']);
    expect([code, stdout]).toEqual([0, `${TIME} warn one\n${TIME} warn two\n`]);
    expect(stderr).toContain("isn't running");
    writeFileSync(join(terminal.folder, 'logs', 'daemon.1.log'), line('before'));
    const all = await terminal.run(['logs']);
    expect(all.stdout).toBe(['before', 'one', 'two'].map((it) => `${TIME} warn ${it}\n`).join(''));
    expect((await terminal.run(['logs', '-n', '1'])).stdout).toBe(`${TIME} warn two\n`);
    expect((await terminal.run(['logs', '-f'])).code).toBe(4);
  });

  test('logs -f goes on after what it has shown', async () => {
    let asked = 0;
    const daemon = await terminal.daemon({
      'logs.tail': () => {
        asked += 1;
        const lines =
          asked < 3 ? [{ time: TIME, level: 'info' as const, message: `n${asked}` }] : [];
        return { lines, next: String(asked) };
      },
    });
    const child = terminal.start(['logs', '-f', '--json']);
    const run = ended(child);
    await expect.poll(() => asked, { timeout: 20_000 }).toBeGreaterThan(3);
    child.kill('SIGINT');
    const { code, stdout } = await run;
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect([code, lines]).toEqual([
      130,
      ['n1', 'n2'].map((message) => ({
        v: 1,
        type: 'log',
        data: { time: TIME, level: 'info', message },
      })),
    ]);
    expect(daemon.calls.slice(0, 3).map(({ params }) => params)).toEqual([
      { limit: 50 },
      { limit: 1000, after: '1' },
      { limit: 1000, after: '2' },
    ]);
  });
});

describe('[CLI-20] hostile names and texts on their way to the terminal', () => {
  const ACTS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200f\u202a-\u202e\u2066\u2067]/u;

  const hostile =
    '\u001b[2J\u001b]0;x\u0007\u009b31m\r14:02  You       I owe you 100\n' +
    '14:03  You       forged\u202egnp.exe\u2066\u200f';

  test.each([
    ['read', 'ana'],
    ['contacts', 'show', 'ana'],
    ['contacts', 'list'],
    ['route', 'show', 'ana'],
    ['send', 'ana', 'hi'],
    ['contacts', 'rename', 'ana', 'x'],
  ])('%s %s', async (...args) => {
    const evil = { ...ANA, name: hostile };
    await terminal.daemon({
      'contacts.show': () => evil,
      'contacts.rename': () => evil,
      'contacts.list': () => ({ contacts: [evil] }),
      'messages.list': () => ({
        conversation: 'c_7k2',
        name: hostile,
        messages: [message({ author: hostile, text: hostile })],
        more: false,
        newer: false,
      }),
    });
    const modes = [[], ['--plain'], ['--json']];
    const runs = await terminal.runAll(modes.map((mode) => [...args, ...mode]));
    const atTerminal = await terminal.atTerminal([...args, '--no-color']);
    for (const { stdout, stderr } of [...runs, atTerminal]) {
      const shown = (stdout + stderr).replaceAll('\r\n', '\n');
      expect(shown).not.toMatch(ACTS);
      expect(shown).not.toMatch(/^14:0[23] {2}You/m);
    }
  });

  test('--json gives the text back as it was', async () => {
    await terminal.daemon({
      'messages.list': () => ({
        conversation: 'c_7k2',
        name: 'Ana Ruiz',
        messages: [message({ text: hostile })],
        more: false,
        newer: false,
      }),
    });
    const { messages } = data(await terminal.run(['read', 'ana', '--json'])) as {
      messages: { text: string }[];
    };
    expect(messages[0]!.text).toBe(hostile);
  });
});

describe('[CLI-28] deleting asks', () => {
  test('where nobody can be asked it needs --force', async () => {
    const daemon = await terminal.daemon();
    for (const args of [[], ['--no-input']]) {
      const { code, stderr } = await terminal.run(['contacts', 'remove', 'ana', ...args]);
      expect([code, stderr.includes('[E46]')]).toEqual([2, true]);
    }
    expect(daemon.calls.some(({ method }) => method === 'contacts.remove')).toBe(false);
  });

  test('a dry run tells what would go, asks nobody and deletes nothing', async () => {
    const daemon = await terminal.daemon({ 'contacts.show': () => ({ ...ANA, waiting: 2 }) });
    for (const args of [['-n'], ['--dry-run', '--force']]) {
      expect(await terminal.run(['contacts', 'remove', 'ana', ...args])).toEqual({
        code: 0,
        stdout:
          'Would delete Ana Ruiz and all messages with them on this device; ' +
          'of those not delivered yet: 2. Nothing was deleted.\n',
        stderr: '',
      });
    }
    const plain = await terminal.run(['contacts', 'remove', 'ana', '-n', '--plain']);
    expect(plain.stdout).toBe('c_7k2\twould-remove\n');
    const json = await terminal.run(['contacts', 'remove', 'ana', '-n', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      data: { conversation: 'c_7k2', name: 'Ana Ruiz', waiting: 2, removed: false },
    });
    expect(daemon.calls.some(({ method }) => method === 'contacts.remove')).toBe(false);
  });

  test('at a terminal only yes means yes', async () => {
    const daemon = await terminal.daemon();
    const args = ['contacts', 'remove', 'ana'];
    const no = await terminal.atTerminal(args, { answers: [['[y/N]', '']] });
    expect([no.code, no.stdout.includes('Delete Ana Ruiz and all messages')]).toEqual([7, true]);
    expect(daemon.calls.some(({ method }) => method === 'contacts.remove')).toBe(false);
    const yes = await terminal.atTerminal(args, { answers: [['[y/N]', 'yes']] });
    expect(yes.code).toBe(0);
    expect(daemon.calls.at(-1)).toEqual({
      method: 'contacts.remove',
      params: { to: 'c_7k2' },
    });
  });
});
