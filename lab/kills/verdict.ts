/**
 * What a campaign found, in lines and requirements, and the oracle's own control: lists from
 * which something was taken, or put there twice, must not pass.
 * @module
 */
import type { Campaign, Outcome } from './campaign.ts';
import type { Faults, Shown } from './journal.ts';

export interface Requirement {
  readonly met: boolean;
  readonly what: string;
}

/** Campaigns side by side as one. */
export function together(outcomes: readonly Outcome[]): Outcome {
  const faults = { lost: 0, doubled: 0, disordered: 0, strange: 0, undelivered: 0 };
  for (const outcome of outcomes) {
    for (const key of Object.keys(faults) as (keyof Faults)[]) faults[key] += outcome.faults[key];
  }
  const sum = (of: (one: Outcome) => number): number =>
    outcomes.reduce((total, one) => total + of(one), 0);
  return {
    random: sum(({ random }) => random),
    kth: addUp(outcomes.map(({ kth }) => kth)),
    where: addUp(outcomes.map(({ where }) => where)),
    acknowledged: sum(({ acknowledged }) => acknowledged),
    inFlight: outcomes.flatMap(({ inFlight }) => inFlight),
    readyMs: outcomes.flatMap(({ readyMs }) => readyMs),
    linkedMs: outcomes.flatMap(({ linkedMs }) => linkedMs),
    faults,
    wrong: outcomes.flatMap(({ wrong }) => wrong),
    images: sum(({ images }) => images),
    logs: {
      refused: sum(({ logs }) => logs.refused),
      errors: outcomes.flatMap(({ logs }) => logs.errors),
      others: addUp(outcomes.map(({ logs }) => logs.others)),
    },
  };
}

function addUp(maps: readonly ReadonlyMap<string, number>[]): Map<string, number> {
  const total = new Map<string, number>();
  for (const [name, count] of maps.flatMap((map) => [...map])) {
    total.set(name, (total.get(name) ?? 0) + count);
  }
  return total;
}

/** Everything that must hold after a campaign. */
export function requirementsOf(outcome: Outcome, inFlightMin: number): Requirement[] {
  const { faults, images, inFlight, logs, wrong } = outcome;
  const fewest = Math.min(...inFlight);
  const lines = [...wrong, ...logs.errors].slice(0, 5).join('; ');
  return [
    { met: fewest >= inFlightMin, what: `≥ ${inFlightMin} letters in flight (${fewest})` },
    { met: faults.lost === 0, what: `0 acknowledged lost (${faults.lost})` },
    { met: faults.doubled === 0, what: `0 shown twice (${faults.doubled})` },
    { met: faults.disordered === 0, what: `order of each author kept (${faults.disordered})` },
    { met: faults.strange === 0, what: `nothing that nobody wrote (${faults.strange})` },
    { met: faults.undelivered === 0, what: `everything delivered (${faults.undelivered} not)` },
    { met: logs.refused === 0, what: `0 broken sessions (${logs.refused} messages refused)` },
    { met: logs.errors.length === 0, what: `no fault in the logs (${logs.errors.length})` },
    {
      met: wrong.length === 0,
      what: `${images} vaults opened whole, all changes kept, linked again: ${lines || 'yes'}`,
    },
  ];
}

/** Feeds the oracle with what a loss, a doubling and a swap would look like. */
export function oracleNotices(campaign: Campaign): Requirement[] {
  const { own, far } = campaign.shown(0);
  const [author] = campaign.names;
  const judge = (list: readonly Shown[]): Faults => campaign.journal.judge(author, own, list);
  const middle = Math.floor(far.length / 2);
  const swapped = [...far];
  [swapped[middle], swapped[middle - 1]] = [far[middle - 1]!, far[middle]!];
  return [
    { met: judge(far.toSpliced(middle, 1)).lost === 1, what: 'one acknowledged letter missing' },
    { met: judge([...far, far[middle]!]).doubled === 1, what: 'one letter shown twice' },
    { met: judge(swapped).disordered === 1, what: 'two letters swapped' },
  ];
}
