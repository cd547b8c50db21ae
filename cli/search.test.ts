import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Hit } from '@sotto/api/contract.ts';
import { ANA, message, PORT } from './fake-daemon.suite.ts';
import { readFindWords, readWhen } from './find-words.ts';
import { Terminal } from './terminal.suite.ts';

let terminal: Terminal;
beforeAll(() => {
  terminal = new Terminal();
});
afterEach(() => terminal.closeDaemons());
afterAll(() => terminal.close());

const NOW = new Date(2026, 10, 21, 14, 2);

const found = (...hits: Hit[]) => ({ 'messages.find': () => ({ hits, more: false }) });
const hit = (...changes: Parameters<typeof message>): Hit => ({
  message: message(...changes),
  name: ANA.name,
});

describe('[CLI-37] filters among the words', () => {
  const none = { from: undefined, within: undefined, before: undefined, after: undefined };
  test.each([
    [['see you'], { text: 'see you' }],
    [['see', 'you', 'from:me'], { text: 'see you', from: 'me' }],
    [['From:THEM plan'], { text: 'plan', from: 'them' }],
    [['from:bo', 'plan'], { text: 'plan', from: 'them', within: 'bo' }],
    [['in:ana plan'], { text: 'plan', within: 'ana' }],
    [['in:Ana Ruiz', 'plan'], { text: 'plan', within: 'Ana Ruiz' }],
    [['in:"Ana Ruiz" plan'], { text: 'plan', within: 'Ana Ruiz' }],
    [['in:a in:b x'], { text: 'x', within: 'b' }],
    [['inform:me at 6:30'], { text: 'inform:me at 6:30' }],
    [['x before:2026-11-03'], { text: 'x', before: new Date(2026, 10, 3) }],
    [['x after:2h'], { text: 'x', after: new Date(2026, 10, 21, 12, 2) }],
    [['from:me'], { text: '', from: 'me' }],
  ])('%j', (words, expected) => {
    expect(readFindWords(words, NOW)).toEqual({ ...none, ...expected });
  });

  test('a filter that names nobody is said, not guessed', () => {
    for (const typed of ['plan in:', 'from: plan']) {
      expect(() => readFindWords([typed], NOW)).toThrow('names nobody');
    }
  });

  test('days, months and years begin here', () => {
    const days = ['2026', '2026-11', '2026-11-03', 'today', 'Yesterday'];
    expect(days.map((day) => readWhen(day, NOW))).toEqual([
      new Date(2026, 0, 1),
      new Date(2026, 10, 1),
      new Date(2026, 10, 3),
      new Date(2026, 10, 21),
      new Date(2026, 10, 20),
    ]);
    for (const wrong of ['soon', '20', '2026-13', '']) expect(() => readWhen(wrong, NOW)).toThrow();
  });
});

describe('[CLI-37] search', () => {
  test('hands on what was typed; options count more', async () => {
    const daemon = await terminal.daemon(found());
    await terminal.runAll([
      ['search', 'see', 'you', 'in:ana', 'after:2026-11-03', '-n', '7'],
      [
        'search',
        'x in:ana from:me before:2026',
        '--in',
        'bo',
        '--from',
        'them',
        '--before',
        '2025',
      ],
    ]);
    expect(daemon.calls.map(({ params }) => params)).toEqual([
      { text: 'see you', limit: 7, in: 'ana', after: '2026-11-03T00:00:00.000Z' },
      { text: 'x', limit: 50, in: 'bo', from: 'them', before: '2025-01-01T00:00:00.000Z' },
    ]);
  });

  test('shows when, whose and what stands around it, in one line', async () => {
    const long = `${'before '.repeat(40)}the NEEDLE ${'after '.repeat(60)}`;
    await terminal.daemon(
      found(
        hit({ text: 'A needle\nin two lines' }),
        hit({ text: long, outgoing: true, time: '2026-11-28T09:05:00.000Z' }),
        hit({ text: 'İ needle', author: 'Bo' }),
      ),
    );
    const { code, stdout, stderr } = await terminal.run(['search', 'Needle']);
    expect([code, stderr]).toEqual([0, '']);
    const lines = stdout.split('\n');
    expect(lines[0]).toBe(' 3 Dec 2026 14:02  Ana Ruiz  A needle in two lines');
    expect(lines[1]).toMatch(/^28 Nov 2026 09:05 {2}Ana Ruiz {2}You: ….* the NEEDLE after .*…$/);
    expect(lines[1]!.length).toBeLessThan(220);
    expect(lines[2]).toContain('İ needle');
    const ascii = await terminal.run(['search', 'needle'], { env: { LANG: 'C' } });
    expect(ascii.stdout).toMatch(/^[\x20-\x7e\n]*$/);
    const styled = await terminal.atTerminal(['search', 'needle']);
    expect(styled.stdout).toContain('A \u001b[1mneedle\u001b[22m in two lines');
  });

  test('says where nothing was found, and where there is more', async () => {
    await terminal.daemon({
      'messages.find': ({ text }) => ({
        hits: text === 'three' ? [hit({ text: 'three' })] : [],
        more: text !== 'none',
      }),
    });
    const [none, short, more] = await terminal.runAll(
      ['none', 'xy', 'three'].map((text) => ['search', text]),
    );
    const tail = 'Part-words work; try fewer letters.\n';
    expect(none).toEqual({ code: 0, stdout: '', stderr: `Nothing found for "none". ${tail}` });
    expect(short!.stderr).toBe(`Nothing found for "xy" among the newest messages. ${tail}`);
    expect(more!.stderr).toMatch(/^There are more/);
  });

  test('refuses what it does not understand, before it asks', async () => {
    const daemon = await terminal.daemon();
    const wrong = [
      ['search', 'from:me'],
      ['search', 'x', 'before:soon'],
      ['search', 'x', '--after', 'soon'],
      ['search', 'x', '--from', 'ana'],
      ['search', 'x', '-n', '0'],
      ['search', 'x', '-n', '101'],
      ['search'],
    ];
    const runs = await terminal.runAll(wrong);
    expect(runs.map(({ code }) => code)).toEqual(wrong.map(() => 2));
    expect(daemon.calls).toEqual([]);
  });

  test('prints records and one object; nothing in a text acts', async () => {
    const hostile = '\u001b[31mneedle\u202e\tx';
    await terminal.daemon(found(hit({ text: hostile })));
    const [plain, json, human] = await terminal.runAll([
      ['search', 'needle', '--plain'],
      ['search', 'needle', '--json'],
      ['search', 'needle'],
    ]);
    const fields = plain!.stdout.trimEnd().split('\t');
    expect(fields.slice(0, 4)).toEqual(['Ana Ruiz', '41', message().event, 'c_7k2']);
    expect(fields.at(-1)).toBe('\\u{1b}[31mneedle\\u{202e}\\tx');
    const { data } = JSON.parse(json!.stdout) as { data: { hits: Hit[]; more: boolean } };
    expect([data.hits[0]!.message.text, data.more]).toEqual([hostile, false]);
    for (const { stdout } of [plain!, json!, human!]) expect(stdout).not.toMatch(/[\u001b\u202e]/);
  });
});

test('[CLI-26] listen prints what came later than scripts only where it is asked for', async () => {
  const daemon = await terminal.daemon();
  daemon.eventLines = () => [
    { v: 1, type: 'network', cursor: '40', data: { online: true, helpers: 1 } },
    { v: 1, type: 'requests', data: { requests: 2 } },
    { v: 1, type: 'setting', data: PORT },
    { v: 1, type: 'read', data: { conversation: 'c_7k2', readUpTo: '41', unread: 0 } },
    { v: 1, type: 'draft', data: { conversation: 'c_7k2', text: 'half a' } },
    { v: 1, type: 'removed', data: { conversation: 'c_7k2' } },
    { v: 1, type: 'message', cursor: '41', data: message({ text: 'the last' }) },
  ];
  const listen = async (...args: string[]): Promise<string> => {
    const child = terminal.start(['listen', ...args]);
    let stdout = '';
    child.stdout.on('data', (text: string) => {
      stdout += text;
      if (stdout.includes('the last')) child.kill('SIGINT');
    });
    await new Promise((done) => child.once('close', done));
    return stdout;
  };
  const types = (lines: string): unknown[] =>
    lines
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { type: string }).type);
  expect(types(await listen('--json'))).toEqual(['network', 'message']);
  const later = 'read,removed,requests,setting,draft,message';
  const asked = await listen('--json', '--type', later);
  expect(types(asked)).toEqual(['requests', 'setting', 'read', 'draft', 'removed', 'message']);
  expect(await listen('--plain', '--type', later)).toContain(
    'requests\t\t2\nsetting\t\tnet.port\t20000\tfile\nread\t\tc_7k2\t41\t0\n' +
      'draft\t\tc_7k2\thalf a\nremoved\t\tc_7k2\n',
  );
  expect(await listen('--type', later)).toContain(
    '  2 people ask to chat\n  net.port is now 20000\n  Ana Ruiz: 0 unread\n' +
      '  Typed to Ana Ruiz: half a\n  Ana Ruiz was removed\n',
  );
});
