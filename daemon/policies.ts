/**
 * Names of policies: the contract says `lan` where core says `local`, which is also the name of
 * the route inside this computer.
 * @module
 */
import type { Policy as Shown } from '@sotto/api/contract.ts';
import type { Policy } from '@sotto/core/base/policy.ts';

export function shownPolicy(policy: Policy): Shown {
  return policy === 'local' ? 'lan' : policy;
}

export function readPolicy(shown: Shown): Policy {
  return shown === 'lan' ? 'local' : shown;
}
