import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ANA, NUMBER, TIME } from './fake-daemon.suite.ts';
import { Terminal } from './terminal.suite.ts';

let terminal: Terminal;
beforeAll(() => void (terminal = new Terminal()));
afterEach(() => terminal.closeDaemons());
afterAll(() => terminal.close());

const verify = ['contacts', 'verify', 'ana'];
const ROWS = '01234 56789 01234 56789\n'.repeat(3);

test('[CLI-29] the number in rows, and what may change is said', async () => {
  await terminal.daemon();
  const { code, stdout, stderr } = await terminal.run(verify);
  expect([code, stdout]).toEqual([0, ROWS]);
  expect(stderr).toContain("They match: sotto contacts verify 'Ana Ruiz' --mark");
  expect(stderr).toContain("don't share anything private here yet");
  expect(stderr).toContain('A new ID that says it is Ana Ruiz has another number.');
  const marked = await terminal.run([...verify, '--mark']);
  expect(marked.stderr).toMatch(/^Verified on 3 Dec 2026 14:02\./);
  expect(marked.stderr).not.toContain('They match');
});

test('[IDN-19] the QR code holds the 60 digits and nothing else', async () => {
  await terminal.daemon();
  const { stdout } = await terminal.run([...verify, '--qr'], { env: { LANG: 'C' } });
  const rows = stdout.trimEnd().split('\n');
  // 60 digits in numeric mode: version 2, 25 modules and a border of 2 on each side.
  expect(rows.length).toBe(29 + 3);
  expect(`${rows.slice(-3).join('\n')}\n`).toBe(ROWS);
  expect(new Set(rows.slice(0, 29).map((row) => row.length))).toEqual(new Set([58]));
});

test('[CLI-29] digits are compared: 0 where they match, 8 and advice where not', async () => {
  const daemon = await terminal.daemon();
  const grouped = NUMBER.match(/.{5}/g)!.join(' ');
  const other = grouped.replace('01234', '11234');
  const [same, differ, json] = await terminal.runAll([
    [...verify, '--compare', grouped],
    [...verify, '--compare', other, '--mark'],
    [...verify, '--compare', other, '--json'],
  ]);
  expect([same!.code, same!.stderr.startsWith('They match.\nNot verified yet.')]).toEqual([
    0,
    true,
  ]);
  expect([differ!.code, differ!.stdout]).toEqual([8, '']);
  expect(differ!.stderr).toMatch(/someone in the middle.* \[E54\]\nhint: .*contacts block/);
  expect(JSON.parse(json!.stderr)).toMatchObject({ error: { reason: 'numbers-differ' } });
  const piped = await terminal.run([...verify, '--compare', '-', '--mark'], {
    input: `${grouped.replaceAll(' ', '\n')}\n`,
  });
  expect(piped.code).toBe(0);
  expect(daemon.calls.at(-1)).toEqual({
    method: 'contacts.verify',
    params: { to: 'ana', digits: grouped.replaceAll(' ', '\n'), mark: true },
  });
  const both = await terminal.run([...verify, '--mark', '--unmark']);
  expect([both.code, both.stderr.includes('[E45]')]).toEqual([2, true]);
});

test('[CLI-19] verified contacts are marked in the list', async () => {
  const contact = { ...ANA, verifiedAt: TIME, waiting: 2 };
  await terminal.daemon({
    'contacts.list': () => ({ contacts: [contact] }),
    'contacts.show': () => contact,
  });
  const [list, show, plain] = await terminal.runAll([
    ['contacts', 'list'],
    ['contacts', 'show', 'ana'],
    ['contacts', 'list', '--plain'],
  ]);
  expect(list!.stdout).toContain('c_7k2  verified, 2 waiting\n');
  expect(show!.stdout).toContain('Verified      On 3 Dec 2026 14:02\n');
  expect(plain!.stdout.trimEnd().split('\t').at(-1)).toBe(TIME);
});
