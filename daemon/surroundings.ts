/**
 * Surroundings: what this computer can tell of the network it is in without asking anybody
 * (PRX-12, PRX-13).
 *
 *   wayOut       which interface leads to the internet; the system's routes are asked by
 *                connecting a UDP socket, which sends nothing
 *   intercepted  does something answer for a host that cannot exist? 192.0.2.1 belongs to nobody
 *                (RFC 5737), so only the network itself can answer: a page to sign in at, mostly
 *
 * No server of anybody's is needed or told.
 * @module
 */
import { createSocket } from 'node:dgram';
import { Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Family } from '@sotto/core/base/endpoint.ts';

/** Addresses for documentation: routed by default, held by nobody. */
export const NOBODY: Readonly<Record<Family, string>> = { v4: '192.0.2.1', v6: '2001:db8::1' };
const ANY_PORT = 9;
const HTTP_PORT = 80;
const INTERCEPT_MS = 2_000;
const ROUTE_MS = 500;
/** Names that VPNs give their interfaces. */
const VPN = /^(tun|tap|wg|ppp|tailscale|zt|proton|nordlynx|mullvad)/;

/** The interface by which packets of a family leave for the internet; absent: there is no way. */
export type WaysOut = Readonly<Partial<Record<Family, string>>>;

export async function waysOut(): Promise<WaysOut> {
  const [v4, v6] = await Promise.all([wayOut('v4'), wayOut('v6')]);
  return { ...(v4 !== undefined && { v4 }), ...(v6 !== undefined && { v6 }) };
}

async function wayOut(family: Family): Promise<string | undefined> {
  const own = await ownAddress(family, NOBODY[family]);
  const all = Object.entries(networkInterfaces());
  return all.find(([, entries]) => entries?.some(({ address }) => address === own))?.[0];
}

/** What of the ways out is a VPN's: none, all, or all but that of one family. */
export function vpnOf(ways: WaysOut): 'none' | 'all' | { readonly past: Family } {
  const families = (['v4', 'v6'] as const).filter((family) => ways[family] !== undefined);
  const past = families.filter((family) => !VPN.test(ways[family]!));
  if (past.length === families.length) return 'none';
  return past[0] === undefined ? 'all' : { past: past[0] };
}

/** From which address packets to `to` would leave; undefined where no route leads there. */
export function ownAddress(family: Family, to: string): Promise<string | undefined> {
  const socket = createSocket(family === 'v4' ? 'udp4' : 'udp6');
  return new Promise((done) => {
    const end = (address: string | undefined): void => {
      clearTimeout(timer);
      socket.removeAllListeners('error').on('error', () => undefined);
      socket.close();
      done(address);
    };
    const timer = setTimeout(() => end(undefined), ROUTE_MS);
    const connected = (error?: Error): void => end(error ? undefined : socket.address().address);
    socket.once('error', () => end(undefined));
    // Its type leaves out that what fails is told here, and as an event only where nobody asked.
    socket.connect(ANY_PORT, to, connected);
  });
}

/** Does this network answer in the name of others? */
export function isIntercepted(host = NOBODY.v4, port = HTTP_PORT): Promise<boolean> {
  const socket = new Socket();
  return new Promise((done) => {
    const end = (answered: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      done(answered);
    };
    const timer = setTimeout(() => end(false), INTERCEPT_MS);
    socket.on('error', () => end(false));
    socket.connect({ host, port }, () => end(true));
  });
}
