/**
 * The networks this computer is in, and by what each is known again: the hardware address of its
 * router with the network's prefix; over IPv6 alone, the router's address with the prefix it gives
 * out (LAN-16). A network without a router, or whose router does not show itself, has nothing.
 *
 *   /proc/net/route, /proc/net/arp, /proc/net/ipv6_route   on Linux; elsewhere nothing is known
 *   /sys/class/net/NAME/carrier_changes                    how often it was plugged in or out
 *
 * @module
 */
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import type { NetworkInterfaceInfo } from 'node:os';
import { utf8 } from '@sotto/core/base/bytes.ts';
import {
  formatAddress,
  hostOf,
  isWithin,
  parseAddress,
  scopeOf,
} from '@sotto/core/base/endpoint.ts';

/** Interfaces looked at, and addresses of one. */
const INTERFACES_MAX = 16;
const ADDRESSES_MAX = 8;
const NO_HARDWARE = '00:00:00:00:00:00';
/** Discard (RFC 863): what is sent there makes the system ask for the router's hardware address. */
const DISCARD_PORT = 9;

export interface LanInterface {
  readonly name: string;
  /** How the system writes it behind `%` in an address. */
  readonly zone: string;
  /** Our addresses, as `host/bits`. */
  readonly addresses: readonly string[];
  /** Set where the network can be known again. */
  readonly print: Uint8Array | undefined;
  /** Its router, where that has not shown its hardware address yet. */
  readonly silentRouter: string | undefined;
  /** What the network looks like for as long as it lasts. */
  readonly look: string;
  /** The same while this computer stays plugged into it; undefined where that is not told. */
  readonly plug: string | undefined;
}

/** Where routers and neighbours are read; a test has files of its own. */
export interface SystemTables {
  read(path: string): string;
  interfaces(): NodeJS.Dict<NetworkInterfaceInfo[]>;
}

/**
 * What routers have shown once, for while they are silent: one that is switched off takes neither
 * its network nor who else is in it along. It ends where the router's place is another's, and where
 * this computer was unplugged: the next network may have the same addresses.
 */
export class ShownPrints {
  #prints = new Map<string, Uint8Array>();

  /** @returns the interfaces there are now, those of a silent router with the print it had. */
  fill(interfaces: readonly LanInterface[]): LanInterface[] {
    const before = this.#prints;
    this.#prints = new Map();
    return interfaces.map((one) => {
      const { plug, silentRouter } = one;
      const shown = plug === undefined || silentRouter === undefined ? undefined : before.get(plug);
      const print = one.print ?? shown;
      if (plug !== undefined && print) this.#prints.set(plug, print);
      return { ...one, print };
    });
  }
}

export const SYSTEM: SystemTables = {
  read: (path) => {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return '';
    }
  },
  interfaces: networkInterfaces,
};

/** Interfaces that lead to a network of neighbours: none of tunnels, none to ourselves. */
export function lanInterfaces(system: SystemTables = SYSTEM): LanInterface[] {
  const found: LanInterface[] = [];
  const routes = system.read('/proc/net/route');
  const neighbours = system.read('/proc/net/arp');
  const routes6 = system.read('/proc/net/ipv6_route');
  for (const [name, entries = []] of Object.entries(system.interfaces())) {
    const own = entries.filter(({ internal, mac }) => !internal && mac !== NO_HARDWARE);
    const addresses = own.flatMap(({ cidr }) => networkOf(cidr)).slice(0, ADDRESSES_MAX);
    if (addresses.length === 0 || found.length >= INTERFACES_MAX) continue;
    const router = routerOf(name, routes);
    const hardware = router && hardwareOf(name, router, neighbours);
    const router6 = router6Of(name, routes6);
    const print = hardware
      ? print4(hardware, router, addresses)
      : router === undefined && router6 !== undefined
        ? print6(router6, addresses)
        : undefined;
    const scope = own.find(({ scopeid }) => scopeid !== undefined && scopeid > 0)?.scopeid;
    const zone = process.platform === 'win32' && scope !== undefined ? String(scope) : name;
    const silentRouter = router !== undefined && hardware === undefined ? router : undefined;
    const look = [name, own[0]!.mac, router ?? router6 ?? '', ...prefixesOf(addresses)].join(' ');
    const plug = router && plugOf(system, [name, own[0]!.mac, router], addresses);
    found.push({ name, zone, addresses, print, silentRouter, look, plug });
  }
  return found;
}

/** Makes the system ask for the hardware address of a router. */
export function askRouter(host: string): void {
  const socket = createSocket('udp4');
  const close = (): void => void socket.close();
  socket.once('error', close);
  socket.send(new Uint8Array(1), DISCARD_PORT, host, (error) => {
    if (!error) close();
  });
}

/** `host/bits` without a zone, which the interface's name says already. */
function networkOf(cidr: string | null): string[] {
  const [host, bits] = cidr?.split('/') ?? [];
  const canonical = host === undefined ? undefined : hostOf(host);
  return canonical === undefined || bits === undefined ? [] : [`${canonical}/${bits}`];
}

/** Iface Destination Gateway Flags ... Mask: hexadecimal, the lowest byte first. */
function routerOf(name: string, table: string): string | undefined {
  for (const line of table.split('\n')) {
    const [iface, destination, gateway, , , , , mask] = line.trim().split(/\s+/);
    const isDefault = destination === '00000000' && mask === '00000000';
    if (iface !== name || !isDefault || gateway === '00000000') continue;
    const bytes = gateway?.match(/../g)?.map((byte) => parseInt(byte, 16));
    if (bytes?.length === 4) return bytes.reverse().join('.');
  }
  return undefined;
}

/** Address, type, flags (2: complete), hardware address, mask, device. */
function hardwareOf(name: string, router: string, table: string): string | undefined {
  for (const line of table.split('\n')) {
    const [address, , flags, hardware, , device] = line.trim().split(/\s+/);
    const isComplete = (Number(flags) & 2) !== 0 && hardware !== NO_HARDWARE;
    if (address === router && device === name && isComplete) return hardware;
  }
  return undefined;
}

/** Destination, bits, source, bits, next hop, ..., device: hexadecimal. */
function router6Of(name: string, table: string): string | undefined {
  for (const line of table.split('\n')) {
    const fields = line.trim().split(/\s+/);
    const [destination, bits, , , hop] = fields;
    if (fields.at(-1) !== name || bits !== '00' || !/^0{32}$/.test(destination ?? '')) continue;
    const bytes = hop?.match(/../g)?.map((byte) => parseInt(byte, 16));
    if (bytes?.length === 16 && bytes.some((byte) => byte !== 0)) {
      return formatAddress(Uint8Array.from(bytes));
    }
  }
  return undefined;
}

function print4(hardware: string, router: string, addresses: readonly string[]): Uint8Array {
  return utf8(`v4 ${hardware} ${router} ${prefixTowards(router, addresses)}`);
}

/** Whatever print4 is made of but the hardware address, on one and the same wire. */
function plugOf(
  system: SystemTables,
  [name, mac, router]: readonly [string, string, string],
  addresses: readonly string[],
): string | undefined {
  const changes = /^\d+/.exec(system.read(`/sys/class/net/${name}/carrier_changes`))?.[0];
  const prefix = prefixTowards(router, addresses);
  return changes && [name, mac, router, prefix, changes].join(' ');
}

function prefixTowards(router: string, addresses: readonly string[]): string {
  const own = addresses.find((address) => isWithin(router, address));
  return own === undefined ? '' : prefixOf(own);
}

/** Many routers call themselves fe80::1: only the prefix makes one known. */
function print6(router: string, addresses: readonly string[]): Uint8Array | undefined {
  const given = prefixesOf(addresses.filter((address) => isGiven(address)));
  return given.length === 0 ? undefined : utf8(`v6 ${router} ${given[0]!}`);
}

function isGiven(address: string): boolean {
  const host = address.slice(0, address.indexOf('/'));
  return host.includes(':') && ['public', 'private'].includes(scopeOf(host));
}

function prefixesOf(addresses: readonly string[]): string[] {
  return [...new Set(addresses.map(prefixOf))].sort();
}

/** `192.168.1.7/24` is of `192.168.1.0/24`. */
function prefixOf(address: string): string {
  const [host, bits] = address.split('/') as [string, string];
  const bytes = [...(parseAddress(host) ?? [])];
  const kept = bytes.map((byte, i) => {
    const left = Math.max(0, Math.min(8, Number(bits) - 8 * i));
    return byte & (0xff00 >> left) & 0xff;
  });
  return `${formatAddress(Uint8Array.from(kept))}/${bits}`;
}
