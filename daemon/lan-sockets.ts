/**
 * The sockets of BEP 14: for each family an ear on port 6771, in the group on every interface; for
 * each of our addresses a mouth, which speaks to the group there and hears what is answered.
 *
 *   ear     0.0.0.0:6771 | [::]:6771, shared with other programs, joined interface by interface
 *   mouth   our address, any port; time to live 1, not heard by ourselves
 *
 * An interface that knows no multicast is none of ours, and no error.
 * @module
 */
import { createSocket } from 'node:dgram';
import type { RemoteInfo, Socket } from 'node:dgram';
import { hostOf, isWithin, scopeOf, zoneOf, type Family } from '@sotto/core/base/endpoint.ts';
import type { Endpoint } from '@sotto/core/base/endpoint.ts';
import { LAN_GROUPS, LAN_PORT } from '@sotto/core/discovery/lan-message.ts';
import { plain } from './byte-stream.ts';
import type { LanInterface } from './lan-interfaces.ts';

const FAMILIES = ['v4', 'v6'] as const;

export type OnLanMessage = (network: string, from: Endpoint, bytes: Uint8Array) => void;

interface Mouth {
  readonly network: string;
  readonly family: Family;
  readonly socket: Socket;
}

export class LanSockets {
  readonly #interfaces: readonly LanInterface[];
  readonly #onMessage: OnLanMessage;
  readonly #sockets = new Set<Socket>();
  #mouths: Mouth[] = [];
  /** Interfaces whose group was joined, by family. */
  readonly #joined = new Set<string>();
  #closed = false;

  private constructor(interfaces: readonly LanInterface[], onMessage: OnLanMessage) {
    this.#interfaces = interfaces;
    this.#onMessage = onMessage;
  }

  /** Opens what opens. */
  static async open(
    interfaces: readonly LanInterface[],
    onMessage: OnLanMessage,
  ): Promise<LanSockets> {
    const sockets = new LanSockets(interfaces, onMessage);
    await Promise.all(FAMILIES.map((family) => sockets.#openEar(family)));
    await Promise.all(interfaces.flatMap((one) => sockets.#openMouths(one)));
    return sockets;
  }

  /** Networks in which we both speak and listen. */
  get networks(): LanInterface[] {
    return this.#interfaces.filter((one) =>
      this.#mouths.some(
        ({ family, network }) => network === one.name && this.#joined.has(`${family} ${one.name}`),
      ),
    );
  }

  multicast(family: Family, bytes: Uint8Array): void {
    for (const mouth of this.#mouths) {
      if (mouth.family === family)
        send(mouth.socket, { host: LAN_GROUPS[family], port: LAN_PORT }, bytes);
    }
  }

  /** To a neighbour, by a mouth in the same network. */
  send(network: string, to: Endpoint, bytes: Uint8Array): void {
    const family = to.host.includes(':') ? 'v6' : 'v4';
    const mouth = this.#mouths.find((one) => one.network === network && one.family === family);
    if (mouth) send(mouth.socket, to, bytes);
  }

  close(): void {
    this.#closed = true;
    for (const socket of this.#sockets) socket.close();
    this.#sockets.clear();
    this.#mouths = [];
  }

  async #openEar(family: Family): Promise<void> {
    const places = this.#interfaces.filter(
      ({ addresses }) => addressesOf(addresses, family).length > 0,
    );
    if (places.length === 0) return;
    const ear = await this.#open(family, { port: LAN_PORT, shared: true });
    if (!ear) return;
    for (const { addresses, name, zone } of places) {
      const hosts = family === 'v6' ? [`::%${zone}`] : addressesOf(addresses, 'v4');
      for (const host of hosts) {
        try {
          ear.addMembership(LAN_GROUPS[family], host);
          this.#joined.add(`${family} ${name}`);
        } catch {
          // No multicast there, or joined by another of its addresses.
        }
      }
    }
  }

  /** Over IPv6 one will do: the system chooses among the addresses. */
  #openMouths({ addresses, name, zone }: LanInterface): Promise<void>[] {
    const four = addressesOf(addresses, 'v4').map((host) => this.#openMouth(name, 'v4', host));
    const hasSix = addressesOf(addresses, 'v6').length > 0;
    return hasSix ? [...four, this.#openMouth(name, 'v6', `::%${zone}`)] : four;
  }

  async #openMouth(network: string, family: Family, by: string): Promise<void> {
    const host = family === 'v4' ? { host: by } : {};
    const socket = await this.#open(family, { port: 0, shared: false, ...host });
    if (!socket) return;
    try {
      socket.setMulticastInterface(by);
      socket.setMulticastTTL(1);
      socket.setMulticastLoopback(false);
      this.#mouths.push({ network, family, socket });
    } catch {
      this.#drop(socket);
    }
  }

  #open(
    family: Family,
    at: { readonly port: number; readonly shared: boolean; readonly host?: string },
  ): Promise<Socket | undefined> {
    const type = family === 'v4' ? 'udp4' : 'udp6';
    const socket = createSocket({ type, reuseAddr: at.shared, ipv6Only: family === 'v6' });
    this.#sockets.add(socket);
    socket.on('message', (bytes, from) => this.#hear(plain(bytes), from));
    return new Promise((done) => {
      socket.on('error', () => {
        this.#drop(socket);
        done(undefined);
      });
      const address = at.host ?? (family === 'v4' ? '0.0.0.0' : '::');
      socket.bind({ port: at.port, address, exclusive: true }, () => done(socket));
    });
  }

  #drop(socket: Socket): void {
    this.#mouths = this.#mouths.filter((mouth) => mouth.socket !== socket);
    if (this.#sockets.delete(socket)) socket.close();
  }

  #hear(bytes: Uint8Array, { address, port }: RemoteInfo): void {
    const host = hostOf(address);
    if (this.#closed || host === undefined || port === 0) return;
    const zone = zoneOf(host);
    // Without a zone a link-local neighbour could not be answered.
    if (zone === undefined && host.includes(':') && scopeOf(host) === 'link-local') return;
    const network = this.#interfaces.find((one) =>
      zone === undefined
        ? one.addresses.some((own) => isWithin(host, own))
        : one.zone === zone || one.name === zone,
    );
    if (network) this.#onMessage(network.name, { host, port }, bytes);
  }
}

function addressesOf(addresses: readonly string[], family: Family): string[] {
  return addresses
    .map((address) => address.slice(0, address.indexOf('/')))
    .filter((host) => host.includes(':') === (family === 'v6'));
}

/** A hope, like every datagram. */
function send(socket: Socket, to: Endpoint, bytes: Uint8Array): void {
  try {
    socket.send(bytes, to.port, to.host, () => undefined);
  } catch {
    // The network went away this moment.
  }
}
