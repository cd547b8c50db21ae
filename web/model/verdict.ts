/**
 * The last verdict of the doctor, for the mark on the rail; undefined before the first.
 * @module
 */
import type { Verdict } from '@sotto/api/checks.ts';
import type { Status } from '@sotto/api/contract.ts';
import { Store } from './store.ts';

export const lastVerdict = new Store<Verdict | undefined>(undefined);

export type Health = 'ok' | 'limited' | 'offline';

/** The worst of what is known now and what the doctor found last. */
export function healthOf(
  status: Pick<Status, 'online' | 'helpers' | 'secondCopy'> | undefined,
  verdict: Verdict | undefined,
): Health {
  if (status?.online !== true) return 'offline';
  if (status.helpers === 0 || status.secondCopy) return 'limited';
  // What it said of being offline or just started is over by now.
  const lasting: readonly (Verdict | undefined)[] = [
    'blocked',
    'proxy-fails',
    'trouble',
    'hard-to-reach',
  ];
  return lasting.includes(verdict) ? 'limited' : 'ok';
}
