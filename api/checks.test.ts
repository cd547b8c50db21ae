import { describe, expect, test } from 'vitest';
import { checkOf, CHECKS, VERDICT_EXITS, VERDICTS, verdictOf } from './checks.ts';
import type { CheckName } from './checks.ts';
import { Check } from './contract.ts';
import { isErrorName } from './errors.ts';

interface AnyFinding {
  readonly state: string;
  readonly sentence?: string;
  readonly hint?: string;
  readonly error?: string;
}
const all = Object.entries(CHECKS).flatMap(([name, { findings }]) =>
  Object.entries(findings as Record<string, AnyFinding>).map(
    ([finding, words]) => [name, finding, words] as const,
  ),
);
const make = checkOf as (name: string, finding: string, detail?: object) => Check;

describe('[ERR-8] findings', () => {
  const jargon = /\b(peers?|nodes?|DHT|NAT|swarms?|info-?hash(es)?|sockets?|daemons?)\b/i;

  test.each(all)('%s %s', (name, finding, { error, hint, sentence, state }) => {
    const check = make(name, finding, { name: 'Ana', helpers: 2 });
    expect(Check.parse(check)).toEqual(check);
    expect([check.check, check.finding, check.state]).toEqual([name, finding, state]);
    expect(check.message).toMatch(/[.]$/);
    for (const text of [check.title, check.message, check.hint ?? '']) {
      expect(text).not.toMatch(jargon);
    }
    if (error !== undefined) expect([isErrorName(error), check.code]).toEqual([true, check.code]);
    else expect(sentence ?? '').not.toMatch(/\{(id|address|endpoint|host|to)\}/);
    if (state === 'fail' && error === undefined) expect(hint).toBeTruthy();
  });

  test('a name is one word of a shell in a hint, and only those of a person have one', () => {
    const { hint } = make('found', 'blocked', { name: 'Ana; rm -rf ~' });
    expect(hint).toBe("Unblock: sotto contacts block --undo 'Ana; rm -rf ~'");
    const named = all.filter(([, , words]) => /\{name\}/.test(words.sentence ?? ''));
    const about: CheckName[] = ['found', 'answers', 'route', 'waiting'];
    expect(new Set(named.map(([name]) => name))).toEqual(new Set(about));
  });
});

describe('[ERR-8] the verdict', () => {
  const good = [
    checkOf('app', 'running', { version: '1' }),
    checkOf('internet', 'online'),
    checkOf('helpers', 'known', { helpers: 9 }),
    checkOf('direct', 'mapped'),
  ];
  const UNSURE = [checkOf('internet', 'unknown'), checkOf('helpers', 'proxied')];
  const rows: [string, Check[]][] = [
    ['well-connected', []],
    ['hard-to-reach', [checkOf('direct', 'varied')]],
    ['starting', [checkOf('direct', 'varied'), checkOf('helpers', 'starting')]],
    ['trouble', [checkOf('helpers', 'starting'), checkOf('folder', 'open')]],
    ['only-relays', [checkOf('direct', 'varied'), checkOf('helpers', 'relayed')]],
    ['no-relay', [checkOf('helpers', 'hidden'), checkOf('relays', 'none', { count: 2 })]],
    ['no-relay', [checkOf('helpers', 'hidden-few')]],
    ['through-proxy', [checkOf('helpers', 'proxied'), checkOf('proxy', 'works')]],
    ['proxy-silent', [...UNSURE, checkOf('proxy', 'untried')]],
    ['proxy-silent', [...UNSURE, checkOf('proxy', 'stalled')]],
    ['through-proxy', [checkOf('helpers', 'proxied'), checkOf('proxy', 'untried')]],
    ['proxy-fails', [checkOf('helpers', 'proxied'), checkOf('proxy', 'password')]],
    ['sign-in', [checkOf('internet', 'sign-in')]],
    ['no-helpers', [checkOf('helpers', 'silent'), checkOf('disk', 'full')]],
    ['two-copies', [checkOf('device', 'copy'), checkOf('helpers', 'silent')]],
    ['blocked', [checkOf('helpers', 'blocked'), checkOf('device', 'copy')]],
    ['offline', [checkOf('internet', 'offline')]],
    ['not-running', [checkOf('app', 'not-running'), checkOf('internet', 'offline')]],
    ['no-answer', [checkOf('app', 'no-answer')]],
    ['well-connected', [checkOf('found', 'no-record'), checkOf('answers', 'no-answer')]],
  ];

  test.each(rows)('%s', (verdict, changes) => {
    const changed = new Set(changes.map(({ check }) => check));
    const checks = [...changes, ...good.filter(({ check }) => !changed.has(check))];
    expect(verdictOf(checks)).toBe(verdict);
  });

  test('whoever works through relays alone ends with 0, whoever waits for one does not', () => {
    expect([VERDICT_EXITS['only-relays'], VERDICT_EXITS['no-relay']]).toEqual([undefined, 6]);
  });

  test('whatever failed never ends with 0', () => {
    for (const [name, finding, { state }] of all) {
      if (state !== 'fail') continue;
      const others = good.filter(({ check }) => check !== name);
      const verdict = verdictOf([make(name, finding), ...others]);
      expect([name, finding, VERDICT_EXITS[verdict] ?? 0]).not.toEqual([name, finding, 0]);
      expect(VERDICTS[verdict]).toMatch(/[.]$/);
    }
  });
});
