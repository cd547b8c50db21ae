/**
 * What `relays.list` may name (RLY-16): what reads as a relay, at an address where one may be
 * (RLY-11). The schema of the settings knows the form of it alone; core leaves out in silence what
 * is no relay, so a person hears of a mistake here or never.
 * @module
 */
import { parts as listOf } from '@sotto/api/settings.ts';
import { isRelayEndpoint } from '@sotto/core/relay/address.ts';
import { parseRelay } from '@sotto/core/relay/relay-text.ts';

/**
 * What is wrong with the first part that can be no relay; undefined where all can be.
 * @param isLab addresses for documentation and benchmarks count as public.
 */
export function faultOfRelays(list: string, isLab: boolean): string | undefined {
  for (const part of listOf(list)) {
    const relay = parseRelay(part);
    if (!relay) return `${part} is no relay: a letter of its key, or its address, is wrong`;
    if (!isRelayEndpoint(relay.endpoint, isLab)) {
      return `${part} can be no relay: it needs a public address, and port 443 or one from 1024 up`;
    }
  }
  return undefined;
}
