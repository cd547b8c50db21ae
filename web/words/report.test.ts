import { checkOf, CHECKS, sentenceOf } from '@sotto/api/checks.ts';
import type { Check } from '@sotto/api/contract.ts';
import { expect, test } from 'vitest';
import { reportOf } from './report.ts';

const said = (way: readonly Check[], checks: readonly Check[] = []): string =>
  reportOf({ verdict: "You're well connected.", version: '0.1.0', checks, way });

test('a report says what was found, and neither who nor where', () => {
  const report = said(
    [checkOf('answers', 'linked', { name: 'Ana Ruiz' })],
    [checkOf('helpers', 'known', { helpers: 148 }), checkOf('internet', 'offline')],
  );
  expect(report.split('\n').slice(0, 4)).toEqual([
    'Sotto 0.1.0',
    "You're well connected.",
    '',
    'ok    Finding people: Helpers known: 148.',
  ]);
  expect(report).toContain('[E02]');
  expect(report).toContain('ok    Answers: [name] is linked now.');
  expect(report).not.toContain('Ana');
});

test('a name goes however short it is, and takes no other word along', () => {
  for (const name of ['a', '.', '李', 'router', '{failures}', 'Bo messages wait for a']) {
    const report = said([
      checkOf('answers', 'no-answer', { name, failures: 3 }),
      checkOf('waiting', 'some', { name, waiting: 2 }),
    ]);
    expect(report).toContain(
      'warn  Answers: Nothing answered at the last address of [name], 3 times in a row. ' +
        'Their app does not run, or a router between you blocks direct links.',
    );
    expect(report).toContain('warn  Waiting: 2 messages wait for [name] on this device.');
  }
});

test('every finding about a person is said without the name', () => {
  for (const check of ['found', 'answers', 'waiting'] as const) {
    for (const finding of Object.keys(CHECKS[check].findings)) {
      const told = checkOf(check, finding as never, { name: 'Qq', failures: 3, ago: 'today' });
      const report = said([told]);
      expect(report).not.toContain('Qq');
      expect(report).not.toContain(`: ${finding}`);
      expect(report).toContain(sentenceOf(check, finding)!.split('{')[0]);
    }
  }
});

test('what a newer app says of a person is told by its short name alone', () => {
  const newer = { ...checkOf('answers', 'linked', { name: 'Qq' }), finding: 'waves' };
  expect(said([newer])).toContain('ok    Answers: waves\n');
  const reworded = { ...checkOf('answers', 'linked'), message: 'Qq is here.' };
  expect(said([reworded])).toContain('ok    Answers: linked\n');
});
