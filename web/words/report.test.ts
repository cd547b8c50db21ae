import { checkOf } from '@sotto/api/checks.ts';
import { expect, test } from 'vitest';
import { reportOf } from './report.ts';

test('a report says what was found, and neither who nor where', () => {
  const report = reportOf({
    verdict: "You're well connected.",
    version: '0.1.0',
    checks: [checkOf('helpers', 'known', { helpers: 148 }), checkOf('internet', 'offline')],
    way: [checkOf('answers', 'linked', { name: 'Ana Ruiz' })],
    names: ['Ana Ruiz'],
  });
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
