/**
 * The addresses of this computer, and which of them others may be told (PTH-33).
 *
 *   all    whatever leads to what is bound; a change of it is a change of network
 *   told   of the public ones those alone by whose interface packets leave for the internet: while
 *          a VPN is up, an address past it is the one that its user wants hidden
 *
 * @module
 */
import { networkInterfaces } from 'node:os';
import type { NetworkInterfaceInfo } from 'node:os';
import { familyOf, formatAddress, parseAddress, scopeOf } from '@sotto/core/base/endpoint.ts';
import { waysOut } from './surroundings.ts';
import type { WaysOut } from './surroundings.ts';

const ADDRESSES_MAX = 16;
/** How often the system is asked for the ways out where no address has changed. */
export const WAYS_EVERY_MS = 5_000;

/** What the system says of itself; a test has its own. */
export interface OwnSystem {
  interfaces(): NodeJS.Dict<NetworkInterfaceInfo[]>;
  waysOut(): Promise<WaysOut>;
  monoMs(): number;
}

const SYSTEM: OwnSystem = {
  interfaces: networkInterfaces,
  waysOut,
  monoMs: () => performance.now(),
};

interface Own {
  readonly host: string;
  readonly iface: string;
}

export class OwnAddresses {
  readonly #bound: readonly string[];
  readonly #allowReserved: boolean;
  readonly #system: OwnSystem;
  #ways: WaysOut = {};
  #askedAtMs = -Infinity;
  /** The addresses there were when the ways were asked for. */
  #askedOf = '';

  /**
   * Call `look` before the first use.
   * @param bound the addresses listened on, `::` and `0.0.0.0` for all; it may grow.
   */
  constructor(bound: readonly string[], allowReserved: boolean, system: OwnSystem = SYSTEM) {
    this.#bound = bound;
    this.#allowReserved = allowReserved;
    this.#system = system;
  }

  /** Asks for the ways out, where an address changed or some time has passed. */
  async look(): Promise<void> {
    const nowMs = this.#system.monoMs();
    const all = this.all().join(' ');
    if (all === this.#askedOf && nowMs < this.#askedAtMs + WAYS_EVERY_MS) return;
    this.#askedOf = all;
    this.#askedAtMs = nowMs;
    this.#ways = await this.#system.waysOut();
  }

  /** Addresses that others might reach, told or not. */
  all(): string[] {
    return hostsOf(this.#own());
  }

  told(): string[] {
    return hostsOf(this.#own().filter((one) => this.#mayTell(one)));
  }

  /** Networks that this computer is on, as address and mask: `192.168.1.7/24`. */
  networks(): string[] {
    const all = Object.values(this.#system.interfaces()).flatMap((entries) => entries ?? []);
    const inside = all.filter(({ address }) => scopeOf(address) === 'private');
    return inside.flatMap(({ cidr }) => cidr ?? []).slice(0, ADDRESSES_MAX);
  }

  #own(): Own[] {
    const found: Own[] = [];
    for (const [iface, entries = []] of Object.entries(this.#system.interfaces())) {
      for (const { address } of entries) {
        const bytes = parseAddress(address);
        const host = bytes && formatAddress(bytes);
        if (host !== undefined && this.#isUsable(host)) found.push({ host, iface });
      }
    }
    return found;
  }

  #isUsable(host: string): boolean {
    const scope = scopeOf(host);
    if (scope === 'link-local') return false;
    if (scope !== 'public' && scope !== 'private' && !this.#allowReserved) return false;
    return this.#bound.includes(host) || this.#bound.includes(anyOf(host));
  }

  /** An address that a person has named to listen on is told wherever it is. */
  #mayTell({ host, iface }: Own): boolean {
    if (scopeOf(host) !== 'public' || this.#bound.includes(host)) return true;
    return this.#ways[familyOf({ host, port: 0 })] === iface;
  }
}

function anyOf(host: string): string {
  return host.includes(':') ? '::' : '0.0.0.0';
}

function hostsOf(own: readonly Own[]): string[] {
  return [...new Set(own.map(({ host }) => host))].slice(0, ADDRESSES_MAX);
}
