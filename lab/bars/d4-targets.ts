/**
 * What somebody names to a relay who wants it to reach a service that is none of his: every kind
 * of place where no relay may be, and places where there is none.
 * @module
 */
import { concat, uintBE } from '@sotto/core/base/bytes.ts';
import { parseAddress } from '@sotto/core/base/endpoint.ts';
import type { Prng } from '@sotto/core/base/prng.ts';

/** Networks that are nobody's on the public internet (IANA special-purpose registries). */
const RESERVED = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16'],
  ...['172.16.0.0/12', '192.0.0.0/24', '192.0.2.0/24', '192.168.0.0/16', '198.18.0.0/15'],
  ...['198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4', '255.255.255.255/32'],
  ...['::/128', '::1/128', '100::/64', '2001::/23', '2001:db8::/32', '3fff::/20', '5f00::/16'],
  ...['fc00::/7', 'fd00::/8', 'fe80::/10', 'fec0::/10', 'ff00::/8', '64:ff9b:1::/48'],
] as const;

/** IPv4 inside IPv6: what comes before it, and after it. */
const CARRIERS: readonly (readonly [string, number])[] = [
  ['::', 96],
  ['::ffff:0:0', 96],
  ['::ffff:0:0:0', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 96],
  ['2002::', 16],
  ['2001::', 96],
];

/** Where the bar has services that count who comes. */
export interface Services {
  /** Ports at which they all listen. */
  readonly ports: readonly number[];
  /** On the relay's own computer. */
  readonly local: readonly string[];
  /** In networks that only the relay can reach. */
  readonly inner: readonly string[];
  /** On the public internet. */
  readonly outer: readonly string[];
  /** The relay's own public address, and another relay's. */
  readonly own: string;
  readonly relay: { readonly host: string; readonly port: number };
}

export interface Named {
  readonly kind: string;
  /** As it stands in `extend`. */
  readonly compact: Uint8Array;
  readonly key: 'random' | 'own' | 'relay';
}

/** One in so many names a public service: the relay asks each of those whether it is a relay. */
const OUTER_SHARE = 0.02;

export function nameOne(prng: Prng, services: Services): Named {
  const kinds = [reserved, reserved, carried, carried, known, known, lowPort, itself];
  if (prng.chance(OUTER_SHARE)) return outside(prng, services);
  return prng.pick(kinds)(prng, services);
}

function portOf(prng: Prng, { ports }: Services): number {
  return prng.chance(0.7) ? prng.pick(ports) : prng.pick([443, prng.int(1_024, 65_535)]);
}

function named(
  kind: string,
  address: Uint8Array,
  port: number,
  key: Named['key'] = 'random',
): Named {
  return { kind, compact: concat(address, uintBE(port, 2)), key };
}

function reserved(prng: Prng, services: Services): Named {
  const network = prng.pick(RESERVED);
  const address = within(prng, network);
  return named(`in ${network}`, address, portOf(prng, services), prng.pick(['random', 'relay']));
}

/** A random address of a network. */
function within(prng: Prng, network: string): Uint8Array {
  const [host, bits] = network.split('/') as [string, string];
  const address = parseAddress(host)!;
  const chance = prng.bytes(address.length);
  for (let bit = Number(bits); bit < 8 * address.length; bit++) {
    address[bit >> 3]! |= chance[bit >> 3]! & (128 >> (bit & 7));
  }
  return address;
}

function carried(prng: Prng, services: Services): Named {
  const [prefix, bits] = prng.pick(CARRIERS);
  const host = prng.pick([...services.local, ...services.inner, ...services.outer, services.own]);
  const inside = parseAddress(host)!;
  const four = inside.length === 4 ? inside : within(prng, '127.0.0.0/8');
  const address = parseAddress(prefix)!;
  address.set(four, bits / 8);
  // Teredo holds it with all its bits turned over.
  if (prefix === '2001::') for (let i = 12; i < 16; i++) address[i]! ^= 255;
  return named(`${host} in ${prefix}`, address, portOf(prng, services));
}

/** Where services really listen. */
function known(prng: Prng, services: Services): Named {
  const host = prng.pick([...services.local, ...services.inner]);
  return named('a private service', parseAddress(host)!, prng.pick(services.ports));
}

function lowPort(prng: Prng, services: Services): Named {
  const host = prng.pick(services.outer);
  const low = services.ports.filter((port) => port < 1_024 && port !== 443);
  const port = prng.chance(0.7) ? prng.pick(low) : prng.pick([1, 442, 444, 1_023]);
  return named('a privileged port', parseAddress(host)!, port, prng.pick(['random', 'relay']));
}

function itself(prng: Prng, services: Services): Named {
  const host = parseAddress(services.own)!;
  return named('the relay itself', host, portOf(prng, services), prng.pick(['random', 'own']));
}

/** Places where a relay may be, and there is none, or none of that key. */
function outside(prng: Prng, services: Services): Named {
  const { host, port } = services.relay;
  if (prng.chance(0.1)) return named('a relay under another key', parseAddress(host)!, port);
  if (prng.chance(0.1)) {
    return named('a relay at another port', parseAddress(host)!, portOf(prng, services), 'relay');
  }
  const high = services.ports.filter((one) => one === 443 || one >= 1_024);
  const victim = parseAddress(prng.pick(services.outer))!;
  return named('a public service', victim, prng.pick(high), prng.pick(['random', 'relay']));
}
