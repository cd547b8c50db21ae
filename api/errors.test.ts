import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ApiErrorBody } from './contract.ts';
import {
  errorBody,
  ERRORS,
  exitCodeOf,
  httpStatusOf,
  isErrorName,
  shellWord,
  terminalMessage,
} from './errors.ts';
import type { ErrorName } from './errors.ts';

const all = Object.entries(ERRORS);
const names = Object.keys(ERRORS) as ErrorName[];
const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

describe('[ERR-1] every entry is whole', () => {
  test.each(all)('%s', (name, entry) => {
    expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(entry.code).toMatch(/^E\d\d$/);
    expect([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 130]).toContain(entry.exit);
    expect(entry.sentence.length).toBeGreaterThan(10);
    expect(entry.hint.length).toBeGreaterThan(3);
    expect(typeof entry.retryable).toBe('boolean');
  });

  test('codes run from E01 without a hole, and only the forms of one thing share a code', () => {
    const byCode = new Map<string, string[]>();
    for (const [name, { code }] of all) byCode.set(code, [...(byCode.get(code) ?? []), name]);
    const codes = [...byCode.keys()].sort();
    expect(codes).toEqual(codes.map((_, i) => `E${String(i + 1).padStart(2, '0')}`));
    const shared = [...byCode].filter(([, forms]) => forms.length > 1).map(([code]) => code);
    expect(shared.sort()).toEqual([
      'E04',
      'E05',
      'E07',
      'E10',
      'E12',
      'E15',
      'E16',
      'E22',
      'E33',
      'E34',
      'E36',
      'E45',
      'E46',
      'E56',
      'E57',
    ]);
  });

  test('the page of the spec lists each name under its code', () => {
    const page = read('../docs/spec/errors.md');
    const rows = [...page.matchAll(/^\| (E\d\d) \| (.+) \|$/gm)];
    const listed = rows.flatMap((row) => row[2]!.split(', ').map((name) => `${row[1]} ${name}`));
    expect(listed.sort()).toEqual(all.map(([name, { code }]) => `${code} ${name}`).sort());
  });

  test('two entries never have the same sentence, exit code and hint', () => {
    const seen = all.map(([, { sentence, exit, hint }]) => `${sentence}|${exit}|${hint}`);
    expect(new Set(seen).size).toBe(seen.length);
  });
});

/** The design's words, copied from its table; figures and names as in its examples. */
const DESIGN: [ErrorName, Record<string, string | number>, string, number][] = [
  [
    'not-running',
    {},
    "The app isn't running on this computer. Your messages are safe on disk. Start it and this " +
      'page reconnects by itself.',
    4,
  ],
  [
    'offline',
    {},
    "You're offline. Keep reading and writing; messages wait here and go out when you're back.",
    6,
  ],
  [
    'network-blocked',
    {},
    "You're online, but this network blocks the chat network. Nothing is lost.",
    6,
  ],
  [
    'waits-here',
    { name: 'Ana' },
    "Ana isn't reachable now. It waits on this device, so keep the app running.",
    0,
  ],
  [
    'not-delivered-yet',
    { name: 'Ana' },
    "Ana isn't reachable now. It waits on this device, so keep the app running.",
    6,
  ],
  [
    'no-hidden-route',
    {},
    'Not sent. This chat is set to Hidden IP and no relay answers. Nothing went any other way.',
    7,
  ],
  [
    'not-picked-up',
    { days: 14 },
    'Not picked up in 14 days, so mailboxes dropped it. You still have it.',
    6,
  ],
  [
    'id-incomplete',
    { have: 51, want: 56 },
    'This ID is incomplete: 51 of 56 characters. Nothing was sent. Copy it again, or ask for ' +
      'code words.',
    2,
  ],
  [
    'id-typo',
    {},
    'This ID has a typing error. Nothing was sent. Copy it again, or ask for code words.',
    2,
  ],
  [
    'wrong-words',
    {},
    "These words don't match, so this code is used up. Each code allows one try so nobody can " +
      'guess it. Ask for a new code.',
    8,
  ],
  [
    'invite-expired',
    {},
    'This invite has expired or was withdrawn. Nothing was shared. Ask for a new one.',
    3,
  ],
  [
    'clock-off',
    { off: '14 minutes' },
    "Your computer's clock is 14 minutes off, so times may look wrong. Messages still go out.",
    6,
  ],
  [
    'no-space-for-file',
    { needed: '3.2 GB', free: '1.1 GB' },
    'Not enough space: 3.2 GB needed, 1.1 GB free. The file is paused, not lost.',
    1,
  ],
  [
    'file-changed',
    { file: 'report.pdf', name: 'Ana' },
    'report.pdf changed or moved while sending, so it stopped. Ana got nothing unfinished.',
    1,
  ],
  [
    'microphone-blocked',
    {},
    'The browser is blocking your microphone. Click the icon left of the address, choose Allow, ' +
      'then try again.',
    7,
  ],
  [
    'wrong-passphrase',
    { tries: 4, pause: 30 },
    "That passphrase doesn't open this profile. Nobody can reset it; a backup is the only other " +
      'way in. 4 tries before a 30 s pause.',
    5,
  ],
];

describe('[ERR-2] the wording of the design', () => {
  test.each(DESIGN)('%s', (name, detail, sentence, exit) => {
    expect(errorBody(name, detail).message).toBe(sentence);
    expect(ERRORS[name].exit).toBe(exit);
  });

  test('the terminal has its own words where the page speaks of itself', () => {
    expect(terminalMessage(errorBody('not-running'))).toBe(
      "The app isn't running on this computer. Your messages are safe on disk. " +
        'Start it, then repeat.',
    );
    expect(terminalMessage(errorBody('id-incomplete', { have: 51, want: 56 }))).toBe(
      'This ID is incomplete: 51 of 56 characters. Nothing was sent. Copy it again, or ask for ' +
        'an invite.',
    );
    expect(terminalMessage(errorBody('offline'))).toBe(errorBody('offline').message);
    for (const [, { terminal }] of all) expect(terminal ?? '').not.toContain('page');
  });
});

describe('[ERR-3] plain words', () => {
  const jargon =
    /\b(peers?|nodes?|DHT|NAT|swarms?|info-?hash(es)?|sockets?|daemons?|libsignal|SQLite)\b/i;

  test.each(all)('%s', (_, { sentence, terminal, hint }) => {
    for (const text of [sentence, terminal ?? '', hint]) expect(text).not.toMatch(jargon);
  });

  test('the check bites', () => {
    for (const text of ['No peer', 'the DHT', 'a NAT', 'two nodes']) expect(text).toMatch(jargon);
  });

  test.each(
    // A mistake in the command line is filled by its caller: typing it anew is all there is to do.
    all.filter(([, { code }]) => code !== 'E45'),
  )('%s says more than that it failed', (_, { sentence }) => {
    expect(sentence.split(/[.;,:] /).length).toBeGreaterThan(1);
    expect(sentence).toMatch(/\.$/);
  });
});

test('[ERR-4] every refusal of core has an entry of the same name', () => {
  const source = read('../core/commands.ts');
  const union = /export type CommandErrorCode =([\s\S]*?);/.exec(source)?.[1] ?? '';
  const codes = [...union.matchAll(/'([a-z-]+)'/g)].map((match) => match[1]!);
  expect(codes.length).toBeGreaterThan(10);
  expect(codes.filter((code) => !isErrorName(code))).toEqual([]);
});

describe('[ERR-5] hints', () => {
  test('a name from elsewhere stays one word of a shell', () => {
    const hint = (name: string): string => errorBody('not-delivered-yet', { name }).hint;
    expect(hint('Ana')).toMatch(/sotto read Ana$/);
    expect(hint('Ana; rm -rf ~')).toMatch(/sotto read 'Ana; rm -rf ~'$/);
    expect(hint("O'Neil $(id)")).toMatch(/sotto read 'O'\\''Neil \$\(id\)'$/);
    expect(shellWord('--force')).toBe(`-- '--force'`);
    expect(shellWord('a\nb')).toBe(`'a\nb'`);
    expect(shellWord('')).toBe(`''`);
  });

  test('none leads to a less private way', () => {
    const text = all.map(([, { hint }]) => hint).join('\n');
    expect(text).not.toMatch(/direct|less private|route set|show your (IP )?address/i);
  });
});

describe('[ERR-6] how errors travel', () => {
  test.each(names)('%s fits the schema', (name) => {
    const body = errorBody(name, { name: 'Ana', candidates: ['Ana R', 'Ana S'] });
    expect(ApiErrorBody.parse(JSON.parse(JSON.stringify(body)))).toEqual(body);
    expect(body.reason).toBe(name);
    expect(body.message).not.toMatch(/[{}]/);
  });

  test('values fill the sentence, absent ones show as a question mark', () => {
    const body = errorBody('ambiguous', { name: 'ana', candidates: ['Ana R', 'Ana S'] });
    expect(body.message).toContain('"ana" could be any of: Ana R, Ana S.');
    expect(errorBody('text-too-long', { bytes: 40_000 }).message).toContain(
      '40000 bytes, and ? fit',
    );
  });

  test('a reason of a newer daemon keeps its message and ends with 1', () => {
    const body = { ...errorBody('offline'), code: 'E99', reason: 'moon-phase', message: 'Wait.' };
    expect(exitCodeOf(body)).toBe(1);
    expect(terminalMessage(body)).toBe('Wait.');
    expect(isErrorName('toString')).toBe(false);
  });

  test('the HTTP status follows the exit code', () => {
    expect(names.filter((name) => httpStatusOf(name) < 400 || httpStatusOf(name) > 599)).toEqual(
      [],
    );
    expect(httpStatusOf('unauthorised')).toBe(401);
    expect(httpStatusOf('bad-input')).toBe(400);
    expect(httpStatusOf('not-found')).toBe(404);
    expect(httpStatusOf('already-exists')).toBe(409);
    expect(httpStatusOf('internal')).toBe(500);
  });
});

test('[ERR-7] no sentence takes a secret', () => {
  const values = all.flatMap(([, entry]) =>
    [...`${entry.sentence}${entry.terminal ?? ''}${entry.hint}`.matchAll(/\{(\w+)\}/g)].map(
      (match) => match[1]!,
    ),
  );
  expect([...new Set(values)].sort()).toEqual([
    'bytes',
    'candidates',
    'days',
    'file',
    'folder',
    'free',
    'have',
    'help',
    'key',
    'max',
    'name',
    'needed',
    'off',
    'ours',
    'pause',
    'pid',
    'port',
    'seconds',
    'source',
    'theirs',
    'tries',
    'until',
    'want',
    'what',
  ]);
});
