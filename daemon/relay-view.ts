/**
 * What is shown of relays: the one that this computer is, and those that it uses.
 * @module
 */
import type { Result } from '@sotto/api/contract.ts';
import { endpointKey } from '@sotto/core/base/endpoint.ts';
import type { HealthView } from '@sotto/core/commands.ts';

export function relayOf({ relays, serving }: HealthView): Omit<Result<'relay.show'>, 'port443'> {
  const { clients, isListed: listed, text, whom: serve } = serving;
  const uses = relays.map(({ endpoint, isReserved, isUp: answers, rttMs, source }) => {
    // A place at one that is silent is none: nobody gets through to us by it.
    const reserved = isReserved && answers;
    const used = { address: endpointKey(endpoint), source, reserved, answers };
    return rttMs === undefined ? used : { ...used, ms: Math.round(rttMs) };
  });
  const shown = { serve, clients, listed, uses };
  return text === undefined ? shown : { ...shown, text };
}
