/**
 * Measures what a network does, from inside and against the mirror: a NAT counts as what it is
 * found to be, not as what its rules say.
 * @module
 */
import { LineProcess } from '../dht/line-process.ts';
import type { Room } from '../rooms/internet.ts';
import { MIRROR_FOUR, MIRROR_SIX, type Home } from './homes.ts';
import { KINDS, type HomeKind } from './kinds.ts';
import { bundled } from '../rooms/bundled.ts';
import { WEB_PORTS, type Filtering, type Mapping } from './rules.ts';

export interface Spot {
  readonly host: string;
  readonly port: number;
}

export interface UdpFacts {
  readonly mapping: Mapping;
  readonly filtering: Filtering;
  readonly keepsPort: boolean;
  /** A mapping stays what it is where packets came to it that nobody asked for. */
  readonly holds: boolean;
  /** Its outside address leads back inside. */
  readonly hairpin: boolean;
  readonly seen: Spot;
}

/** What a network was found to do; absent: nothing of that kind goes through. */
export interface NetFacts {
  readonly four: UdpFacts | undefined;
  readonly six: UdpFacts | undefined;
  /** Ports of the mirror that TCP reaches in IPv4, and in IPv6. */
  readonly tcp: readonly number[];
  readonly tcpSix: readonly number[];
}

/** What a probe may be told to do. */
export type Asked =
  | { do: 'udp'; hosts: readonly [string, string] }
  | { do: 'tcp'; host: string; ports: readonly number[] }
  | { do: 'open'; mirror: string }
  | { do: 'punch'; socket: number; to: readonly Spot[]; ms: number }
  | { do: 'hear'; socket: number; ms: number }
  | { do: 'say'; mirror: Spot; to: Spot; say: string }
  | { do: 'tunnel'; proxy: Spot; to: Spot; user: string | undefined }
  | { do: 'map'; gateway: string; own: string; port: number };

/** A socket that the mirror has seen. */
export interface Opened {
  readonly socket: number;
  readonly port: number;
  readonly mapped: Spot | undefined;
}

const INSIDE = new URL('probe-inside.ts', import.meta.url);
const TCP_PORTS = [...WEB_PORTS, 7001];
const PUNCH_MS = 3_000;
const PROBE_PORT = 7001;

/** A probe on a host; end it with `stop`. */
export class Probe {
  readonly #program: LineProcess;

  private constructor(readonly room: Room) {
    this.#program = new LineProcess(room.spawn(process.execPath, [bundled(INSIDE)]));
  }

  /** On a new host of this home. */
  static async in(home: Home): Promise<Probe> {
    await home.mirror();
    const probe = new Probe(home.host());
    await probe.#program.ready;
    return probe;
  }

  async #ask<T>(asked: Asked): Promise<T> {
    return (await this.#program.ask({ ...asked })) as T;
  }

  async measure(): Promise<NetFacts> {
    const [four, six, tcp, tcpSix] = await Promise.all([
      this.#ask<{ facts?: UdpFacts }>({ do: 'udp', hosts: MIRROR_FOUR }),
      this.#ask<{ facts?: UdpFacts }>({ do: 'udp', hosts: MIRROR_SIX }),
      this.#ask<{ open: number[] }>({ do: 'tcp', host: MIRROR_FOUR[0], ports: TCP_PORTS }),
      this.#ask<{ open: number[] }>({ do: 'tcp', host: MIRROR_SIX[0], ports: TCP_PORTS }),
    ]);
    return { four: four.facts, six: six.facts, tcp: tcp.open, tcpSix: tcpSix.open };
  }

  open(mirror: string = MIRROR_FOUR[0]): Promise<Opened> {
    return this.#ask({ do: 'open', mirror });
  }

  async punch(socket: number, to: readonly Spot[]): Promise<Spot | undefined> {
    return (await this.#ask<{ reached?: Spot }>({ do: 'punch', socket, to, ms: PUNCH_MS })).reached;
  }

  /** The text of the next datagram to this socket. */
  async hear(socket: number, ms: number): Promise<string | undefined> {
    return (await this.#ask<{ text?: string }>({ do: 'hear', socket, ms })).text;
  }

  /** Has the mirror write to somebody; from its second address, where it is not told which. */
  async sayByMirror(to: Spot, say: string, from: string = MIRROR_FOUR[1]): Promise<void> {
    const mirror = { host: from, port: PROBE_PORT };
    await this.#ask({ do: 'say', mirror, to, say });
  }

  /** Asks a proxy for a tunnel. @param user `name:password` */
  tunnel(proxy: Spot, to: Spot, user?: string): Promise<{ status: number; said: string }> {
    return this.#ask({ do: 'tunnel', proxy, to, user });
  }

  /** Asks the router for outside ports: this one by NAT-PMP, the next by PCP. */
  mapPorts(gateway: string, port: number): Promise<{ natPmp?: number; pcp?: Spot; upnp?: string }> {
    return this.#ask({ do: 'map', gateway, own: this.room.address, port });
  }

  stop(): Promise<void> {
    return this.#program.stop();
  }
}

/**
 * Two hosts who know each other's outside addresses write to each other at the same time.
 * @param inner also by these addresses, which they have on the network of one carrier.
 */
export async function punched(
  a: Probe,
  b: Probe,
  inner?: readonly [string, string],
): Promise<boolean> {
  const [one, two] = [await a.open(), await b.open()];
  const spots = ({ mapped, port }: Opened, host: string | undefined): Spot[] => [
    ...(mapped ? [mapped] : []),
    // Routers of homes keep the port.
    ...(host === undefined ? [] : [{ host, port }]),
  ];
  const [fromA, fromB] = await Promise.all([
    a.punch(one.socket, spots(two, inner?.[1])),
    b.punch(two.socket, spots(one, inner?.[0])),
  ]);
  return fromA !== undefined && fromB !== undefined;
}

/** What a network of this kind must be found to do. */
export function expectedFacts(kind: HomeKind): {
  four: Pick<UdpFacts, 'mapping' | 'filtering'> | undefined;
  six: Pick<UdpFacts, 'mapping' | 'filtering'> | undefined;
  tcp: readonly number[];
  tcpSix: readonly number[];
} {
  const { carrier, four, open, six } = KINDS[kind];
  const exposed = { mapping: 'none', filtering: 'anybody' } as const;
  const firewalled = { mapping: 'none', filtering: 'port' } as const;
  const sixUdp = six ? (open ? exposed : firewalled) : undefined;
  const tcpSix = six ? TCP_PORTS : [];
  if (open) return { four: exposed, six: sixUdp, tcp: TCP_PORTS, tcpSix };
  if (!four && carrier) {
    const udp = { mapping: 'independent', filtering: 'port' } as const;
    return { four: udp, six: undefined, tcp: TCP_PORTS, tcpSix };
  }
  if (!four) return { four: undefined, six: sixUdp, tcp: [], tcpSix };
  const { filtering, mapping, out } = four;
  const udp = out === 'everything' ? { mapping, filtering } : undefined;
  const tcp = { everything: TCP_PORTS, tcp: TCP_PORTS, web: WEB_PORTS, nothing: [] }[out];
  return { four: udp, six: sixUdp, tcp, tcpSix };
}
