import { expect, test } from 'vitest';
import { judge, type ConnectRow } from './d7.ts';

const row = (pair: ConnectRow['pair'], ours: number, theirs: number | undefined): ConnectRow => ({
  pair,
  ours: [ours, ours],
  direct: [],
  theirs: [theirs, theirs],
  again: [theirs, theirs],
  tries: 2,
});
const WITHOUT = row(['symmetric', 'symmetric'], 300, undefined);

function judged(rows: readonly ConnectRow[]): string[] {
  const missed: string[] = [];
  const report = {
    say: () => undefined,
    require: (met: boolean, what: string) => void (met || missed.push(what)),
  };
  judge(report, rows, ['open → open']);
  return missed;
}

test('as quick beside a hyperdht that connects, and linked where it gives up: met', () => {
  expect(judged([row(['open', 'open'], 100, 100), WITHOUT])).toEqual([]);
  expect(judged([row(['open', 'open'], 120, 100), WITHOUT])).toHaveLength(1);
});

test('a hyperdht that connects to nobody was not compared with', () => {
  expect(judged([row(['open', 'open'], 100, undefined), WITHOUT])[0]).toContain('open → open');
  expect(judged([])[0]).toContain('open → open');
});
