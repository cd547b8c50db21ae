import { describe, expect, test } from 'vitest';
import { CANARY } from './planted.ts';
import { ACCEPTED_MIN, FAULTS_MIN, type Outcome, run } from './run.ts';

const outcomes = new Map<number, Outcome>();

/** A run of the node as it ships; each seed once per test file. */
function outcomeOf(seed: number): Outcome {
  const known = outcomes.get(seed) ?? run({ seed });
  outcomes.set(seed, known);
  return known;
}

describe('runs', () => {
  test('a seed passes, and shows something', () => {
    const { accepted, faults, settledMs, violations } = outcomeOf(42);
    expect(violations).toEqual([]);
    expect(accepted).toBeGreaterThanOrEqual(ACCEPTED_MIN);
    const applied = [...faults.values()].reduce((sum, count) => sum + count, 0);
    expect(applied).toBeGreaterThanOrEqual(FAULTS_MIN);
    expect(settledMs).toBeLessThanOrEqual(60_000);
  });

  test('a seed gives the same run again, another seed another one', () => {
    expect(run({ seed: 42 }).hash).toBe(outcomeOf(42).hash);
    expect(outcomeOf(88).hash).not.toBe(outcomeOf(42).hash);
  });

  test('the canary fails', () => {
    const { violations } = run({ seed: 42, flaws: CANARY.flaws! });
    expect(violations.map(({ check }) => check)).toContain('no message key is used twice');
  });

  test('a run can be read along', () => {
    const lines: string[] = [];
    const { hash } = run({ seed: 42, flaws: CANARY.flaws!, print: (line) => lines.push(line) });
    expect(lines.some((line) => /h\d+ > vault \d+ seal/.test(line))).toBe(true);
    expect(hash).toBe(run({ seed: 42, flaws: CANARY.flaws! }).hash);
  });
});
