/**
 * Health: the mark on the rail, by how things are now and what the doctor found last.
 * @module
 */
import type { Verdict } from '@sotto/api/checks.ts';
import type { Status } from '@sotto/api/contract.ts';

export type Health = 'ok' | 'limited' | 'offline';

/** The worst of what is known now and what the doctor found last. */
export function healthOf(
  status: Pick<Status, 'online' | 'helpers' | 'secondCopy'> | undefined,
  verdict: Verdict | undefined,
): Health {
  if (status?.online !== true) return 'offline';
  if (status.helpers === 0 || status.secondCopy) return 'limited';
  // What it said of helpers, of being offline or just started is told by the status by now.
  const lasting: readonly (Verdict | undefined)[] = ['proxy-fails', 'trouble', 'hard-to-reach'];
  return lasting.includes(verdict) ? 'limited' : 'ok';
}
