/**
 * A small internet: one router namespace, and rooms (hosts) on point-to-point cables to it, so
 * that no two share a broadcast domain. None of it has a way out of this machine.
 *
 *   room a (198.51.100.101) --veth--+
 *   room b (198.51.100.102) --veth--+-- router --veth-- DHT room (198.18.0.1 ... 198.18.29.1)
 *   home   (203.0.113.11)   --veth--+       a gateway, and behind it more rooms: lab/nets
 *
 * Addresses of both families; `weather` delays and loses what crosses the router (weather.c).
 * Needs root. What is left when the process ends, it takes with it.
 * @module
 */
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));
const ROUTER_ADDRESS = '198.51.100.1';
/** The router and who hangs on it, on each cable. */
const ROUTER_SIX = 'fe80::1';
const ROOM_SIX = 'fe80::2';
const END_AFTER_MS = 3_000;

/** Runs `ip` or another tool and returns what it printed; throws with its words. */
function tool(command: string, ...args: string[]): string {
  return fed('', command, ...args);
}

/** The same for a tool that reads. */
function fed(input: string, command: string, ...args: string[]): string {
  const { status, stderr, stdout, error } = spawnSync(command, args, { encoding: 'utf8', input });
  if (error) throw new Error(`${command}: ${error.message}`);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr.trim()}`);
  return stdout;
}

/** Lines of `ip` carried out in a namespace. */
export function ipLines(namespace: string, lines: readonly string[]): void {
  fed(`${lines.join('\n')}\n`, 'ip', '-n', namespace, '-batch', '-');
}

/** Where a room or a gateway hangs on the router. */
interface Cable {
  readonly leg: string;
  readonly device: string;
}

const open = new Set<Internet>();
process.on('exit', () => {
  for (const internet of open) internet.abandon();
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // Not once: a second one, as a whole group of processes is sent, would end it halfway.
  process.on(signal, () => process.exit(1));
}

export class Internet {
  readonly #prefix = `st${process.pid % 10_000}${randomBytes(2).toString('hex')}`;
  /** The namespace through which all packets go. */
  readonly router: string;
  readonly #rooms: Room[] = [];
  readonly #cables = new Map<Room, Cable>();
  readonly #programs: ChildProcess[] = [];
  #legs = 0;
  #hasSix = false;
  #weather: ChildProcess | undefined;

  constructor() {
    this.router = `${this.#prefix}-r`;
    open.add(this);
    tool('ip', 'netns', 'add', this.router);
    tool('ip', '-n', this.router, 'link', 'set', 'lo', 'up');
    const forward = ['net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1'];
    tool('ip', 'netns', 'exec', this.router, 'sysctl', '-qw', ...forward);
  }

  /** A host with these addresses. */
  room(name: string, addresses: readonly string[]): Room {
    const room = this.inside(name);
    this.plug(room, addresses);
    return room;
  }

  /** A host without a cable; it ends with the others. */
  inside(name: string): Room {
    const room = new Room(`${this.#prefix}-${name}`, []);
    this.#rooms.push(room);
    tool('ip', 'netns', 'add', room.namespace);
    ipLines(room.namespace, ['link set lo up']);
    return room;
  }

  /**
   * Gives a host a cable to the router, and these addresses.
   * @param nets networks of version 6 that lie behind it.
   */
  plug(
    room: Room,
    addresses: readonly string[],
    device = 'eth0',
    nets: readonly string[] = [],
  ): void {
    const leg = `l${this.#legs++}`;
    this.#cables.set(room, { leg, device });
    room.addresses = addresses;
    const six = nets.length > 0 || addresses.some(isSix);
    this.#hasSix ||= six;
    const four = addresses.find((address) => !isSix(address));
    const peer = `type veth peer name ${device} netns ${room.namespace}`;
    const sixOfRouter = `addr add ${ROUTER_SIX}/64 dev ${leg} nodad`;
    ipLines(this.router, [
      `link add ${leg} ${peer}`,
      `link set ${leg} up`,
      ...(four === undefined ? [] : [`addr add ${ROUTER_ADDRESS}/32 dev ${leg}`]),
      ...(six ? [sixOfRouter] : []),
      ...addresses.map((address) => `route add ${whole(address)} dev ${leg}`),
      ...nets.map((net) => `route add ${net} via ${ROOM_SIX} dev ${leg}`),
    ]);
    const viaRouter = `route add ${ROUTER_ADDRESS}/32 dev ${device}`;
    const sixOfRoom = `addr add ${ROOM_SIX}/64 dev ${device} nodad`;
    const viaSix = `route add ::/0 via ${ROUTER_SIX} dev ${device}`;
    ipLines(room.namespace, [
      `link set ${device} up`,
      ...addresses.map((address) => addAddress(address, device)),
      ...(four === undefined ? [] : [viaRouter]),
      ...(four === undefined ? [] : [`route add default via ${ROUTER_ADDRESS} src ${four}`]),
      ...(six ? [sixOfRoom, viaSix] : []),
    ]);
  }

  /** Takes the cable away, and with it the addresses. */
  unplug(room: Room): void {
    const cable = this.#cables.get(room);
    if (!cable) return;
    this.#cables.delete(room);
    ipLines(this.router, [`link del ${cable.leg}`]);
    room.addresses = [];
  }

  /**
   * Delay and loss of every packet from one room to another, each way: a round trip takes twice
   * the delay. Packets wait in the router, where nothing tracks connections.
   */
  async weather(delayMs: number, lossPercent: number): Promise<void> {
    await this.#endWeather();
    const program = buildTool('weather', ['-lnetfilter_queue', '-lmnl']);
    const queue = ['-j', 'NFQUEUE', '--queue-num', '0'];
    for (const table of this.#tables()) tool('ip', ...table, '-A', 'PREROUTING', ...queue);
    const args = ['netns', 'exec', this.router, program, String(delayMs), String(lossPercent)];
    const child = spawn('ip', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#weather = child;
    await new Promise<void>((resolve, reject) => {
      child.stdout.once('data', () => resolve());
      child.once('exit', (code) => reject(new Error(`weather ended with ${code}`)));
    });
  }

  /**
   * Gives a room another address in place of the first that it has of that family, as a new lease
   * or network would.
   */
  move(room: Room, address: string): void {
    const { device, leg } = this.#cables.get(room)!;
    const former = room.addresses.find((one) => isSix(one) === isSix(address))!;
    ipLines(this.router, [`route add ${whole(address)} dev ${leg}`]);
    const way = `route replace default via ${ROUTER_ADDRESS} src ${address}`;
    ipLines(room.namespace, [
      addAddress(address, device),
      ...(isSix(address) ? [] : [way]),
      `addr del ${whole(former)} dev ${device}`,
    ]);
    ipLines(this.router, [`route del ${whole(former)} dev ${leg}`]);
    room.addresses = room.addresses.map((one) => (one === former ? address : one));
  }

  /**
   * A router that gives the port of a room's UDP another number, and forgets it when it is given
   * a new one: what a home router does to a mapping. Nothing is tracked.
   */
  mapPort(room: Room, port: number, outside: number): void {
    this.#rules('mapping', -300, [
      `ip daddr ${room.address} udp dport ${port} drop`,
      `ip daddr ${room.address} udp dport ${outside} udp dport set ${port}`,
      `ip saddr ${room.address} udp sport ${port} udp sport set ${outside}`,
    ]);
  }

  /** Takes a room off the net, or gives it back. */
  cut(room: Room, isCut: boolean): void {
    const { address } = room;
    const rules = [`ip saddr ${address} drop`, `ip daddr ${address} drop`];
    this.#rules('cut', -310, isCut ? rules : []);
  }

  /**
   * Two rooms do not reach each other, whatever their addresses: nothing passes between them, or
   * nothing of one protocol; with `nothing`, all passes again.
   */
  apart(one: Room, other: Room, lost: 'everything' | 'udp' | 'tcp' | 'nothing'): void {
    const [a, b] = [one, other].map((room) => this.#cables.get(room)!.leg);
    const what = lost === 'everything' ? '' : `meta l4proto ${lost}`;
    const ways = [`iifname ${a} oifname ${b}`, `iifname ${b} oifname ${a}`];
    const rules = lost === 'nothing' ? [] : ways.map((way) => `${way} ${what} drop`);
    this.#rules(`apart-${a}-${b}`, 0, rules, 'forward');
  }

  /** Loses every packet to and from these networks and no others; none: nothing is lost. */
  block(nets: readonly string[]): void {
    const rules = nets.flatMap((net) => {
      const family = isSix(net) ? 'ip6' : 'ip';
      return [`${family} saddr ${net} drop`, `${family} daddr ${net} drop`];
    });
    this.#rules('blocked', -320, rules);
  }

  /** What happens to packets that cross; a name has one list of rules. */
  #rules(name: string, priority: number, rules: readonly string[], hook = 'prerouting'): void {
    const lines = [
      `table inet ${name}`,
      `delete table inet ${name}`,
      `table inet ${name} { chain crossing { type filter hook ${hook} priority ${priority};`,
      ...rules,
      '}',
      '}',
    ];
    fed(`${lines.join('\n')}\n`, 'ip', 'netns', 'exec', this.router, 'nft', '-f', '-');
  }

  /** Starts a program on the wire, where all packets cross. */
  spawn(command: string, args: readonly string[]): ChildProcessWithoutNullStreams {
    const child = spawn('ip', ['netns', 'exec', this.router, command, ...args]);
    this.#programs.push(child);
    return child;
  }

  /**
   * Counts what crosses the router from an address to a network; where nothing leads to that
   * network it is lost there, as answers to forged addresses are.
   */
  tally(from: string, network: string): () => { packets: number; bytes: number } {
    const table = ['netns', 'exec', this.router, 'iptables-legacy', '-t', 'mangle'];
    tool('ip', ...table, '-A', 'PREROUTING', '-s', from, '-d', network);
    return () => {
      const list = tool('ip', ...table, '-L', 'PREROUTING', '-nvx').split('\n');
      const fields = list.map((line) => line.trim().split(/\s+/));
      const mine = fields.find((words) => words.includes(from) && words.includes(network));
      return { packets: Number(mine?.[0]), bytes: Number(mine?.[1]) };
    };
  }

  /** Ends every process in the rooms and removes them. */
  async close(): Promise<void> {
    await this.#endWeather();
    for (const program of this.#programs) await endProcess(program);
    for (const room of this.#rooms) await room.close();
    removeNamespace(this.router);
    open.delete(this);
  }

  /** The same at once, for a process that ends without it. */
  abandon(): void {
    for (const { namespace } of this.#rooms) removeNamespace(namespace);
    removeNamespace(this.router);
  }

  /** Where packets that cross are caught; those of version 6 only where there are any. */
  #tables(): string[][] {
    const programs = ['iptables-legacy', ...(this.#hasSix ? ['ip6tables-legacy'] : [])];
    return programs.map((program) => ['netns', 'exec', this.router, program, '-t', 'mangle']);
  }

  async #endWeather(): Promise<void> {
    if (!this.#weather) return;
    for (const table of this.#tables()) tool('ip', ...table, '-F');
    await endProcess(this.#weather);
    this.#weather = undefined;
  }
}

/** One host of the small internet. */
export class Room {
  readonly #children: ChildProcess[] = [];

  constructor(
    readonly namespace: string,
    public addresses: readonly string[],
  ) {}

  get address(): string {
    return this.addresses[0]!;
  }

  /** Starts a program in the room; it ends with the room at the latest. */
  spawn(
    command: string,
    args: readonly string[],
    options: { env?: NodeJS.ProcessEnv } = {},
  ): ChildProcessWithoutNullStreams {
    const child = spawn('ip', ['netns', 'exec', this.namespace, command, ...args], {
      env: { ...process.env, ...options.env },
    });
    this.#children.push(child);
    return child;
  }

  /** Runs a program in the room to its end. */
  run(
    command: string,
    args: readonly string[],
    options: { env?: NodeJS.ProcessEnv; input?: string; timeoutMs?: number } = {},
  ): { status: number | null; stdout: string; stderr: string } {
    return spawnSync('ip', ['netns', 'exec', this.namespace, command, ...args], {
      encoding: 'utf8',
      env: { ...process.env, ...options.env },
      input: options.input ?? '',
      timeout: options.timeoutMs ?? 60_000,
      maxBuffer: 256 * 1024 * 1024,
    });
  }

  async close(): Promise<void> {
    for (const child of this.#children) await endProcess(child);
    removeNamespace(this.namespace);
  }
}

/** Ends what still runs in it. */
function removeNamespace(namespace: string): void {
  const pids = spawnSync('ip', ['netns', 'pids', namespace], { encoding: 'utf8' }).stdout;
  for (const pid of pids.split('\n').filter(Boolean)) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
  spawnSync('ip', ['netns', 'delete', namespace]);
}

function isSix(address: string): boolean {
  return address.includes(':');
}

/** As the net that holds it alone. */
function whole(address: string): string {
  return `${address}/${isSix(address) ? 128 : 32}`;
}

/** One of version 6 is usable at once, without a search for doubles. */
function addAddress(address: string, device: string): string {
  return `addr add ${whole(address)} dev ${device}${isSix(address) ? ' nodad' : ''}`;
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const killer = setTimeout(() => child.kill('SIGKILL'), END_AFTER_MS);
  await ended;
  clearTimeout(killer);
}

/**
 * Compiles a program of this folder where that has not been done since its source last changed.
 * @returns the path of the program.
 */
export function buildTool(name: string, libraries: readonly string[] = []): string {
  const source = join(HERE, `${name}.c`);
  const folder = join(HERE, '..', '..', '.cache');
  const program = join(folder, name);
  const fresh = existsSync(program) && statSync(program).mtimeMs > statSync(source).mtimeMs;
  if (!fresh) {
    mkdirSync(folder, { recursive: true });
    execFileSync('gcc', ['-O2', '-Wall', '-o', program, source, ...libraries]);
  }
  return program;
}
