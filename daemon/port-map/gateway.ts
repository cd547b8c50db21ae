/**
 * The way out of this computer: its default router and our address towards it, per family. Linux
 * tells it in /proc; on other systems nothing is known and no port is mapped, which is said.
 *
 *   /proc/net/route        iface dest gateway flags . . metric mask ...   hex, low byte first
 *   /proc/net/ipv6_route   dest len source len next-hop metric . . flags iface   hex
 *
 * Spec: docs/spec/port-map.md MAP-1.
 * @module
 */
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { fromHex } from '@sotto/core/base/bytes.ts';
import { formatAddress, hostOf, scopeOf } from '@sotto/core/base/endpoint.ts';
import type { Family } from '@sotto/core/base/endpoint.ts';
import { NOBODY, ownAddress } from '../surroundings.ts';

export interface Gateway {
  readonly family: Family;
  readonly host: string;
  readonly iface: string;
}

/** Up, and by way of a router. */
const FLAGS = 0x3;
const ZERO_4 = '00000000';
const ZERO_16 = '0'.repeat(32);

/** What the system would do with a packet; a test has ways of its own. */
export interface SystemRoutes {
  /** The address from which a packet to `to` leaves; undefined where no way leads there. */
  from(family: Family, to: string): Promise<string | undefined>;
  has(iface: string, address: string | undefined): boolean;
}

const SYSTEM_ROUTES: SystemRoutes = {
  from: ownAddress,
  has: (iface, address) =>
    (networkInterfaces()[iface] ?? []).some((entry) => hostOf(entry.address) === address),
};

/** The default routers; undefined where this system does not tell. */
export function readGateways(): Gateway[] | undefined {
  const four = readText('/proc/net/route');
  if (four === undefined) return undefined;
  const found = [parseRoutes(four), parseRoutes6(readText('/proc/net/ipv6_route') ?? '')];
  return found.filter((gateway) => gateway !== undefined);
}

/** The default router of /proc/net/route with the lowest metric. */
export function parseRoutes(text: string): Gateway | undefined {
  const rows = text.split('\n').flatMap((line) => {
    const [iface, destination, gateway, flags, , , metric, mask] = line.trim().split(/\s+/);
    if (destination !== ZERO_4 || mask !== ZERO_4 || !isRouted(flags)) return [];
    const address = fromHex(gateway ?? '')?.reverse();
    if (address?.length !== 4) return [];
    return [{ host: formatAddress(address), iface: iface!, metric: Number(metric) }];
  });
  return best('v4', rows);
}

/** The default router of /proc/net/ipv6_route with the lowest metric. */
export function parseRoutes6(text: string): Gateway | undefined {
  const rows = text.split('\n').flatMap((line) => {
    const [destination, length, , , hop, metric, , , flags, iface] = line.trim().split(/\s+/);
    if (destination !== ZERO_16 || length !== '00' || !isRouted(flags)) return [];
    const address = fromHex(hop ?? '');
    if (address?.length !== 16 || hop === ZERO_16) return [];
    return [{ host: formatAddress(address), iface: iface!, metric: parseInt(metric!, 16) }];
  });
  return best('v6', rows);
}

function isRouted(flags: string | undefined): boolean {
  return (parseInt(flags ?? '', 16) & FLAGS) === FLAGS;
}

function best(
  family: Family,
  rows: readonly { host: string; iface: string; metric: number }[],
): Gateway | undefined {
  const [first] = [...rows].sort((a, b) => a.metric - b.metric);
  return first && { family, host: first.host, iface: first.iface };
}

/**
 * Our address as the router sees it; nothing is sent.
 * @returns undefined where there is none, or where what leaves for elsewhere leaves by another way:
 *   past a VPN the router would open a port, and tell the address, that a person wants hidden.
 */
export async function addressTowards(
  { family, host, iface }: Gateway,
  routes: SystemRoutes = SYSTEM_ROUTES,
): Promise<string | undefined> {
  const out = await routes.from(family, NOBODY[family]);
  const local = out === undefined ? undefined : hostOf(out);
  // A router of IPv6 is known by an address of this network alone, from which nobody is dialled.
  const isBy =
    family === 'v6' ? routes.has(iface, local) : (await routes.from(family, host)) === local;
  return isBy ? local : undefined;
}

/** How the system names this router: those of one network alone need the interface with it. */
export function dialName(host: string, { iface }: Gateway): string {
  const isOfLink = host.startsWith('ff02:') || scopeOf(host) === 'link-local';
  return isOfLink && host.includes(':') ? `${host}%${iface}` : host;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
