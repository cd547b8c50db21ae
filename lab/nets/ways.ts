/**
 * What two homes can have between them where nobody helps but the DHT, by what their routers do.
 *
 *   direct      a way that opens without luck
 *   luck        one router gives a new port for each address by chance, and the other lets nothing
 *               in from a port that was not written to: it takes many guesses
 *   inside      on one carrier's network, by an address inside it that one of them knows
 *   remembered  by TCP to an address known from before; by UDP nothing is found or reached
 *   none        only through somebody else
 * @module
 */
import { KINDS, type HomeKind, type Kind } from './kinds.ts';
import type { Four } from './rules.ts';

export type Way = 'direct' | 'luck' | 'inside' | 'remembered' | 'none';

type Udp = Pick<Four, 'mapping' | 'filtering'>;

export function wayBetween(a: HomeKind, b: HomeKind): Way {
  const [one, two] = [KINDS[a], KINDS[b]];
  if (one.six && two.six) return 'direct';
  const [x, y] = [udpOf(one), udpOf(two)];
  if (!x || !y) return callsIn(one, two) || callsIn(two, one) ? 'remembered' : 'none';
  if (one.carrier && two.carrier)
    return isKnownInside(one) || isKnownInside(two) ? 'inside' : 'none';
  if (x.filtering === 'anybody' || y.filtering === 'anybody') return 'direct';
  const random = [x, y].filter(({ mapping }) => mapping === 'dependent');
  if (random.length === 0) return 'direct';
  if (random.length === 2) return 'none';
  const steady = x === random[0] ? y : x;
  return steady.filtering === 'address' ? 'direct' : 'luck';
}

/** What becomes of UDP in IPv4; undefined where none leaves. */
function udpOf({ carrier, four, open, service }: Kind): Udp | undefined {
  if (open) return { mapping: 'independent', filtering: 'anybody' };
  if (carrier) return { mapping: 'independent', filtering: 'port' };
  if (!four) return undefined;
  if (four.out !== 'everything') return undefined;
  return service === 'upnp' ? { ...four, filtering: 'anybody' } : four;
}

/** Without UDP, but with TCP to where anybody may call. */
function callsIn(caller: Kind, called: Kind): boolean {
  const isOpen = called.open === true || (called.service === 'upnp' && !called.carrier);
  return caller.four?.out === 'tcp' && isOpen;
}

/** It hangs there itself, or has a router that tells its address and opens ports. */
function isKnownInside({ four, service }: Kind): boolean {
  return !four || service === 'upnp';
}
