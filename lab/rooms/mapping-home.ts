/**
 * A home whose router opens ports when it is asked: Debian's miniupnpd before a wall that lets in
 * nothing unasked. Outside of it a world of one cable, and no way out of this machine.
 *
 *   device 192.168.1.11 --+-- lan 192.168.1.1  router  wan 11.0.0.7 -- world 11.0.0.50, .51, ...
 *   device 192.168.1.12 --+
 *
 * The addresses outside are no reserved ones because miniupnpd takes those for a second router in
 * front of it. Nothing of this leaves its namespaces. Needs root.
 * @module
 */
import { execFileSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Room } from './internet.ts';

export const OUTSIDE = '11.0.0.7';
export const WORLD = ['11.0.0.50', '11.0.0.51'];
export const DEVICES = ['192.168.1.11', '192.168.1.12'];
const INSIDE = '192.168.1.1';
const INSIDE_6 = '2a00:1:1:1::1';
const INSIDE_LINK = 'fe80::1';
export const DEVICE_6 = '2a00:1:1:1::11';
const OUTSIDE_6 = '2a00:9::7';
export const WORLD_6 = '2a00:9::50';
/** On which somebody else in the home listens. */
export const OTHERS_PORT = 9_000;
const HTTP_PORT = 5_000;
const START_MS = 10_000;
const LOOK_EVERY_MS = 50;

/** What the router speaks. It hears PCP or NAT-PMP by the version in what comes to port 5351. */
export interface Speaks {
  readonly upnp?: boolean;
  readonly pcp?: boolean;
  readonly natPmp?: boolean;
}

export class MappingHome {
  readonly devices: readonly Room[];
  readonly router: Room;
  readonly world: Room;
  readonly #folder: string;
  #daemon: ChildProcess | undefined;
  #starts = 0;

  /** @param devices how many there are. */
  constructor(
    folder: string,
    private readonly speaks: Speaks,
    { devices = 1, six = false, outside = OUTSIDE } = {},
  ) {
    const name = `sm${process.pid % 10_000}${randomBytes(2).toString('hex')}`;
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
    const room = (part: string, addresses: readonly string[]): Room => {
      const made = new Room(`${name}-${part}`, addresses);
      run('ip', ['netns', 'add', made.namespace]);
      this.#ip(made, 'link set lo up');
      return made;
    };
    this.router = room('gw', [outside]);
    this.world = room('out', WORLD);
    this.devices = DEVICES.slice(0, devices).map((address, i) => room(`d${i}`, [address]));
    this.#ip(this.router, 'link add lan type bridge');
    this.#ip(this.router, 'link set lan up');
    this.#ip(this.router, `addr add ${INSIDE}/24 dev lan`);
    for (const [i, device] of this.devices.entries()) {
      this.#ip(this.router, `link add l${i} type veth peer name eth0 netns ${device.namespace}`);
      this.#ip(this.router, `link set l${i} master lan up`);
      this.#ip(device, 'link set eth0 up');
      this.#ip(device, `addr add ${device.address}/24 dev eth0`);
      this.#ip(device, `route add default via ${INSIDE}`);
    }
    this.#ip(this.router, `link add wan type veth peer name eth0 netns ${this.world.namespace}`);
    this.#ip(this.router, 'link set wan up');
    this.#ip(this.world, 'link set eth0 up');
    for (const address of WORLD) this.#ip(this.world, `addr add ${address}/8 dev eth0`);
    this.#ip(this.router, `addr add ${outside}/8 dev wan`);
    if (six) this.#addSix();
    for (const key of ['net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1']) {
      this.#in(this.router, 'sysctl', ['-qw', key]);
    }
    this.#in(this.router, 'nft', ['-f', '-'], this.#wall());
  }

  /** Starts the router's program; again after `stop` it has forgotten everything. */
  async start(): Promise<void> {
    const folder = join(this.#folder, `router${this.#starts++}`);
    mkdirSync(folder);
    const { natPmp, pcp, upnp } = this.speaks;
    const yes = (is: unknown): string => (is ? 'yes' : 'no');
    const leases = join(folder, 'leases');
    writeFileSync(leases, '');
    const lines = [
      'ext_ifname=wan',
      'listening_ip=lan',
      `enable_upnp=${yes(upnp)}`,
      `enable_natpmp=${yes(natPmp || pcp)}`,
      `http_port=${HTTP_PORT}`,
      `lease_file=${leases}`,
      'secure_mode=yes',
      'system_uptime=no',
      'notify_interval=60',
      'uuid=00000000-0000-4000-8000-000000000001',
      'min_lifetime=120',
      'max_lifetime=86400',
      'allow 1024-65535 192.168.1.0/24 1024-65535',
      'deny 0-65535 0.0.0.0/0 0-65535',
    ];
    const config = join(folder, 'miniupnpd.conf');
    writeFileSync(config, `${lines.join('\n')}\n`);
    const words = ['-d', '-f', config, '-P', join(folder, 'pid')];
    const child = this.router.spawn('miniupnpd', words);
    this.#daemon = child;
    let told = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text: Buffer) => (told = (told + text.toString()).slice(-2_000)));
    }
    const listens = upnp ? ['-Hltn', `sport = :${HTTP_PORT}`] : ['-Hlun', 'sport = :5351'];
    const endMs = performance.now() + START_MS;
    while (child.exitCode === null && performance.now() < endMs) {
      if (this.router.run('ss', listens).stdout !== '') return;
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
    throw new Error(`miniupnpd does not listen: ${told}`);
  }

  /** The router's program dies, and the kernel has none of its rules any more. */
  async stop(): Promise<void> {
    const child = this.#daemon;
    this.#daemon = undefined;
    if (child && child.exitCode === null) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    }
    this.#in(this.router, 'nft', ['-f', '-'], `flush ruleset\n${this.#wall()}`);
  }

  /** What is let in now: `udp 30301 192.168.1.11:30301`, sorted. */
  open(): string[] {
    const rules = this.rules();
    // As nft prints what miniupnpd wrote: byte 9 of the IPv4 header is the protocol.
    const line = /@nh,72,8 0x(11|6) th dport (\d+) dnat ip to ([\d.:]+)/g;
    return [...rules.matchAll(line)]
      .map(([, protocol, port, to]) => `${protocol === '6' ? 'tcp' : 'udp'} ${port} ${to}`)
      .sort();
  }

  /** Whom the wall of IPv6 lets in to now: `udp 30301 2a000001000100010000000000000011`, sorted. */
  holes(): string[] {
    // Of the IPv6 header: 16 bytes from byte 24 are who it is for, byte 6 is the protocol.
    const line = /th dport (\d+) @nh,192,128 0x([0-9a-f]+) @nh,48,8 0x(11|6) accept/g;
    return [...this.rules().matchAll(line)]
      .map(([, port, to, protocol]) => `${protocol === '6' ? 'tcp' : 'udp'} ${port} ${to}`)
      .sort();
  }

  /** The rules as the kernel has them. */
  rules(): string {
    return this.router.run('nft', ['-n', 'list', 'ruleset']).stdout;
  }

  /** Somebody else in the home has this port of the router. */
  take(port: number, device: Room): void {
    const { address } = device;
    const service = 'urn:schemas-upnp-org:service:WANIPConnection:1';
    for (const kind of ['UDP', 'TCP']) {
      const values = {
        NewRemoteHost: '',
        NewExternalPort: port,
        NewProtocol: kind,
        NewInternalPort: OTHERS_PORT,
        NewInternalClient: address,
        NewEnabled: 1,
        NewPortMappingDescription: 'x',
        NewLeaseDuration: 3_600,
      };
      const inside = Object.entries(values).map(([name, value]) => `<${name}>${value}</${name}>`);
      const action = 'u:AddPortMapping';
      const call = `<${action} xmlns:u="${service}">${inside.join('')}</${action}>`;
      const envelope = 'xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"';
      const body = `<s:Envelope ${envelope}><s:Body>${call}</s:Body></s:Envelope>`;
      const headers = { SOAPAction: `"${service}#AddPortMapping"`, 'Content-Type': 'text/xml' };
      const request = JSON.stringify({ method: 'POST', headers, body });
      const url = `http://${INSIDE}:${HTTP_PORT}/ctl/IPConn`;
      const check = '({ ok, status }) => { if (!ok) throw new Error(status) }';
      const script = `fetch('${url}', ${request}).then(${check})`;
      const { status, stderr } = device.run(process.execPath, ['-e', script]);
      if (status !== 0) throw new Error(stderr);
    }
  }

  async close(): Promise<void> {
    for (const room of [...this.devices, this.world, this.router]) await room.close();
  }

  #addSix(): void {
    // By that address alone the device knows it, as routers say of themselves.
    this.#ip(this.router, 'addr flush dev lan scope link');
    this.#ip(this.router, `addr add ${INSIDE_LINK}/64 dev lan nodad`);
    this.#ip(this.router, `addr add ${INSIDE_6}/64 dev lan nodad`);
    this.#ip(this.router, `addr add ${OUTSIDE_6}/64 dev wan nodad`);
    this.#ip(this.world, `addr add ${WORLD_6}/64 dev eth0 nodad`);
    this.#ip(this.world, `route add 2a00:1::/32 via ${OUTSIDE_6}`);
    const [device] = this.devices;
    this.#ip(device!, `addr add ${DEVICE_6}/64 dev eth0 nodad`);
    this.#ip(device!, `route add default via ${INSIDE_LINK} dev eth0`);
  }

  /** Nothing comes in unasked but by what miniupnpd writes into its chains. */
  #wall(): string {
    const versions = [this.speaks.pcp ? [] : [2], this.speaks.natPmp ? [] : [0]].flat();
    const deaf = versions.map((version) => `udp dport 5351 @th,64,8 ${version} drop`);
    return `table inet filter {
      chain miniupnpd { }
      chain prerouting_miniupnpd { }
      chain postrouting_miniupnpd { }
      chain input {
        type filter hook input priority 0
        ${deaf.join('\n')}
        ct state established,related accept
        iifname "wan" meta l4proto { tcp, udp } drop
      }
      chain forward {
        type filter hook forward priority 0; policy drop
        ct state established,related accept
        iifname "lan" accept
        meta l4proto ipv6-icmp accept
        jump miniupnpd
      }
      chain prerouting {
        type nat hook prerouting priority -100
        jump prerouting_miniupnpd
      }
      chain postrouting {
        type nat hook postrouting priority 99
        jump postrouting_miniupnpd
        meta nfproto ipv4 oifname "wan" masquerade
      }
    }
    `;
  }

  #ip(room: Room, words: string): void {
    run('ip', ['-n', room.namespace, ...words.split(' ')]);
  }

  #in(room: Room, command: string, words: readonly string[], input = ''): void {
    const { status, stderr } = room.run(command, words, { input });
    if (status !== 0) throw new Error(`${command} ${words.join(' ')}: ${stderr}`);
  }
}

function run(command: string, words: readonly string[]): void {
  execFileSync(command, words, { stdio: ['ignore', 'ignore', 'pipe'] });
}
