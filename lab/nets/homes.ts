/**
 * Homes on the small internet, each behind what its kind says (kinds.ts). Every home uses the same
 * addresses inside, as in real life, so that a peer's often exists here too.
 *
 *   open      host 192.0.2.11 ----------------------------------------------+
 *   open-dual host 192.0.2.12, 2001:db8:cc::c ------------------------------+
 *   port      host 192.168.1.11 -- gateway 203.0.113.11 --------------------+-- router
 *   carrier   host 192.168.1.11 -- gateway 100.64.0.11 -- 203.0.113.12 -----+
 *   mobile    host 100.64.0.12 -----------------------/                     |
 *   dual      host 192.168.1.11, 2001:db8:66::11 -- gateway 203.0.113.13 ---+
 *   mirror    192.0.2.1, 192.0.2.2, 2001:db8:ee::1, 2001:db8:ee::2 ---------+
 *
 * The mirror answers from where it is asked to, for probe.ts and as a STUN server.
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LineProcess } from '../dht/line-process.ts';
import type { Internet, Room } from '../rooms/internet.ts';
import { KINDS, type HomeKind, type Kind } from './kinds.ts';
import { Lan } from './lan.ts';
import { bundled } from '../rooms/bundled.ts';
import { nft, RULES_OF_SIX, RULES_OF_UPNP, rulesOfFour } from './rules.ts';
import { startProxy, startUpnp } from './services.ts';

export const MIRROR_FOUR = ['192.0.2.1', '192.0.2.2'] as const;
export const MIRROR_SIX = ['2001:db8:ee::1', '2001:db8:ee::2'] as const;
const MIRROR = new URL('mirror.ts', import.meta.url);
const FIRST = 11;
const CARRIER: Kind = {
  about: 'carrier',
  four: { mapping: 'independent', filtering: 'port', out: 'everything' },
};
const CARRIER_NET = '100.64.0.';
/** The carrier answers STUN too, for routers that would else be told its outside address. */
const CARRIER_MIRROR = [`${CARRIER_NET}1`, `${CARRIER_NET}2`] as const;

export class Homes {
  readonly #scratch = mkdtempSync(join(tmpdir(), 'sotto-homes-'));
  /** Outside addresses given so far, and those of people without a gateway. */
  #outside = 0;
  #open = 0;
  #made = 0;
  #mirror: Promise<Room> | undefined;
  #carrier: Promise<Lan> | undefined;

  constructor(readonly internet: Internet) {
    process.once('exit', () => rmSync(this.#scratch, { recursive: true, force: true }));
  }

  /** Another home of this kind. Those on a carrier's network share one carrier. */
  async add(kind: HomeKind): Promise<Home> {
    const number = this.#made++;
    const about = KINDS[kind];
    const carrier = about.carrier ? await this.#carriersLan() : undefined;
    const isHouse = about.four !== undefined || (about.six && !about.open);
    const lan = isHouse ? await this.#house(number, about, carrier) : carrier;
    return new Home(this, number, kind, lan, lan === carrier ? undefined : lan?.gateway);
  }

  /** The host outside that tells what it sees. */
  mirror(): Promise<Room> {
    this.#mirror ??= this.#startMirror(
      this.internet.room('mirror', [...MIRROR_FOUR, ...MIRROR_SIX]),
      [...MIRROR_FOUR, ...MIRROR_SIX],
    );
    return this.#mirror;
  }

  /** Addresses for somebody without a gateway. */
  openAddresses(hasSix: boolean): string[] {
    const number = FIRST + (this.#open++ % 240);
    return [`192.0.2.${number}`, ...(hasSix ? [`2001:db8:cc::${number.toString(16)}`] : [])];
  }

  /** An outside address that nobody has. */
  outsideAddress(): string {
    return `203.0.113.${FIRST + (this.#outside++ % 240)}`;
  }

  close(): void {
    rmSync(this.#scratch, { recursive: true, force: true });
  }

  async #startMirror(room: Room, addresses: readonly string[]): Promise<Room> {
    const program = bundled(MIRROR);
    await new LineProcess(room.spawn(process.execPath, [program, ...addresses])).ready;
    return room;
  }

  #carriersLan(): Promise<Lan> {
    this.#carrier ??= (async () => {
      const gateway = this.internet.inside('carrier');
      this.internet.plug(gateway, [this.outsideAddress()], 'wan');
      const lan = new Lan(this.internet, gateway, { four: CARRIER_NET });
      secondAddress(gateway, CARRIER_MIRROR[1]);
      rule(gateway, CARRIER, [...lan.own, CARRIER_MIRROR[1]], []);
      await this.#startMirror(gateway, CARRIER_MIRROR);
      return lan;
    })();
    return this.#carrier;
  }

  async #house(number: number, kind: Kind, carrier: Lan | undefined): Promise<Lan> {
    const { four, service, six } = kind;
    const gateway = this.internet.inside(`h${number}-gw`);
    const net = `2001:db8:${(FIRST + number).toString(16)}::`;
    const nets = six ? [`${net}/64`] : [];
    const outside = [
      ...(four ? [this.outsideAddress()] : []),
      ...(six ? [`2001:db8:ff::${(FIRST + number).toString(16)}`] : []),
    ];
    if (carrier) carrier.plug(gateway, 'wan');
    else this.internet.plug(gateway, outside, 'wan', nets);
    const inside = { ...(four && { four: '192.168.1.' }), ...(six && { six: net }) };
    const lan = new Lan(this.internet, gateway, inside);
    const mirrors = carrier ? CARRIER_MIRROR : MIRROR_FOUR;
    rule(gateway, kind, lan.own, service === 'upnp' ? mirrors : []);
    const scratch = join(this.#scratch, String(number));
    if (service === 'upnp') {
      if (!carrier) await this.mirror();
      nft(gateway, RULES_OF_UPNP);
      await startUpnp(gateway, lan.own[0]!, mirrors[0], scratch);
    } else if (service) {
      await startProxy(gateway, lan.own[0]!, service === 'proxy-password', scratch);
    }
    return lan;
  }
}

/** One home: hosts move in, its router is given other addresses and forgets. */
export class Home {
  #named = 0;

  constructor(
    private readonly homes: Homes,
    private readonly number: number,
    readonly kind: HomeKind,
    private readonly lan: Lan | undefined,
    /** Its router, where it has one of its own. */
    readonly gateway: Room | undefined,
  ) {}

  /** The host outside that tells what it sees. */
  mirror(): Promise<Room> {
    return this.homes.mirror();
  }

  /** Another computer in it. */
  host(name = `${this.number}-${this.#named++}`): Room {
    const room = this.homes.internet.inside(name);
    this.take(room);
    return room;
  }

  /** A computer that hangs nowhere, or did so elsewhere, joins. */
  take(room: Room): void {
    if (this.lan) this.lan.plug(room);
    else this.homes.internet.plug(room, this.homes.openAddresses(KINDS[this.kind].six === true));
  }

  /** A computer leaves; it keeps running without a network. */
  release(room: Room): void {
    if (this.lan) this.lan.unplug(room);
    else this.homes.internet.unplug(room);
  }

  /** The provider gives the router another outside address; what was mapped is gone. */
  renumber(): void {
    const { gateway } = this;
    if (!gateway || KINDS[this.kind].carrier) throw new Error(`${this.kind} is not renumbered`);
    this.homes.internet.move(gateway, this.homes.outsideAddress());
  }

  /** The router is restarted: it forgets what it mapped. */
  forget(): void {
    const { gateway } = this;
    if (!gateway) return;
    const { status, stderr } = gateway.run('conntrack', ['-F']);
    if (status !== 0) throw new Error(`conntrack: ${stderr.trim()}`);
    // Only the cones that remember have such a map.
    gateway.run('nft', ['flush', 'map', 'ip', 'nat', 'asked']);
  }

  /** For so long the router keeps a mapping that nothing goes through, seconds. */
  mappingsLive(seconds: number): void {
    const names = ['udp_timeout', 'udp_timeout_stream'];
    const values = names.map((name) => `net.netfilter.nf_conntrack_${name}=${seconds}`);
    const { status, stderr } = this.gateway!.run('sysctl', ['-qw', ...values]);
    if (status !== 0) throw new Error(`sysctl: ${stderr.trim()}`);
  }

  /** What is left of the mappings from a host to a port of one outside, seconds: one for each. */
  mappingsLeft(host: Room, other: Room, port: number): number[] {
    const ends = ['-s', host.address, '-d', other.address, '--dport', String(port)];
    const words = ['-L', '-p', 'udp', ...ends];
    const lines = this.gateway!.run('conntrack', words).stdout.matchAll(/^udp +17 (\d+) /gm);
    return [...lines].map(([, left]) => Number(left));
  }
}

function secondAddress(gateway: Room, address: string): void {
  const { status, stderr } = gateway.run('ip', ['addr', 'add', `${address}/24`, 'dev', 'lan']);
  if (status !== 0) throw new Error(`ip: ${stderr.trim()}`);
}

/** What a gateway lets through, and that it passes anything on at all. */
function rule(gateway: Room, kind: Kind, own: readonly string[], mirrors: readonly string[]): void {
  const forwards = kind.four?.out === 'nothing' ? 0 : 1;
  const six = kind.six ? ['net.ipv6.conf.all.forwarding=1'] : [];
  // What goes from host to host over the bridge is none of the firewall's business.
  const bridge = 'net.bridge.bridge-nf-call-iptables=0';
  gateway.run('sysctl', ['-qew', `net.ipv4.ip_forward=${forwards}`, bridge, ...six]);
  if (kind.four) nft(gateway, rulesOfFour(kind.four, own, mirrors));
  if (kind.six) nft(gateway, RULES_OF_SIX);
}
