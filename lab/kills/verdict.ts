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
