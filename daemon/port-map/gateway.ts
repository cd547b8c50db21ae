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
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { fromHex } from '@sotto/core/base/bytes.ts';
import { formatAddress, parseAddress, scopeOf } from '@sotto/core/base/endpoint.ts';
import type { Family } from '@sotto/core/base/endpoint.ts';

export interface Gateway {
  readonly family: Family;
  readonly host: string;
  readonly iface: string;
}

/** Up, and by way of a router. */
const FLAGS = 0x3;
const ZERO_4 = '00000000';
const ZERO_16 = '0'.repeat(32);
/** An address of everywhere else, never sent to: it tells which of our addresses we go out with. */
const ELSEWHERE = '2001:db8::1';

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

/** Our address as the router sees it; nothing is sent. Undefined where there is none. */
export function addressTowards({ family, host }: Gateway): Promise<string | undefined> {
  const socket = createSocket(family === 'v4' ? 'udp4' : 'udp6');
  return new Promise((done) => {
    let isDone = false;
    const end = (address: string | undefined): void => {
      if (isDone) return;
      isDone = true;
      socket.close();
      done(address);
    };
    socket.on('error', () => end(undefined));
    // A router of IPv6 is known by an address of this network alone, from which nobody is dialled.
    socket.connect(9, family === 'v4' ? host : ELSEWHERE, (error?: Error) => {
      if (error) return end(undefined);
      const bytes = parseAddress(socket.address().address);
      end(bytes && formatAddress(bytes));
    });
  });
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
