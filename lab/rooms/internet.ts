/**
 * A small internet: one router namespace, and rooms (hosts) on point-to-point cables to it, so
 * that no two share a broadcast domain. None of it has a way out of this machine.
 *
 *   room a (198.51.100.101) --veth--+
 *   room b (198.51.100.102) --veth--+-- router --veth-- DHT room (198.18.0.1 ... 198.18.29.1)
 *
 * `weather` delays and loses what crosses the router (weather.c). Needs root.
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
const END_AFTER_MS = 3_000;

/** Runs `ip` or another tool and returns what it printed; throws with its words. */
function tool(command: string, ...args: string[]): string {
  const { status, stderr, stdout, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (error) throw new Error(`${command}: ${error.message}`);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr.trim()}`);
  return stdout;
}

export class Internet {
  readonly #prefix = `st${process.pid % 10_000}${randomBytes(2).toString('hex')}`;
  /** The namespace through which all packets go. */
  readonly router: string;
  readonly #rooms: Room[] = [];
  readonly #programs: ChildProcess[] = [];
  #weather: ChildProcess | undefined;

  constructor() {
    this.router = `${this.#prefix}-r`;
    tool('ip', 'netns', 'add', this.router);
    tool('ip', '-n', this.router, 'link', 'set', 'lo', 'up');
    tool('ip', 'netns', 'exec', this.router, 'sysctl', '-qw', 'net.ipv4.ip_forward=1');
  }

  /** A host with these addresses. */
  room(name: string, addresses: readonly string[]): Room {
    const namespace = `${this.#prefix}-${name}`;
    const leg = `l${this.#rooms.length}`;
    tool('ip', 'netns', 'add', namespace);
    const room = new Room(namespace, addresses);
    this.#rooms.push(room);
    const peer = ['type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace];
    tool('ip', '-n', this.router, 'link', 'add', leg, ...peer);
    const router = ['-n', this.router];
    tool('ip', ...router, 'link', 'set', leg, 'up');
    tool('ip', ...router, 'addr', 'add', `${ROUTER_ADDRESS}/32`, 'dev', leg);
    tool('ip', '-n', namespace, 'link', 'set', 'lo', 'up');
    tool('ip', '-n', namespace, 'link', 'set', 'eth0', 'up');
    for (const address of addresses) {
      tool('ip', '-n', namespace, 'addr', 'add', `${address}/32`, 'dev', 'eth0');
      tool('ip', ...router, 'route', 'add', `${address}/32`, 'dev', leg);
    }
    const viaRouter = ['route', 'add', `${ROUTER_ADDRESS}/32`, 'dev', 'eth0'];
    tool('ip', '-n', namespace, ...viaRouter);
    const source = ['via', ROUTER_ADDRESS, 'src', addresses[0]!];
    tool('ip', '-n', namespace, 'route', 'add', 'default', ...source);
    return room;
  }

  /**
   * Delay and loss of every packet from one room to another, each way: a round trip takes twice
   * the delay. Packets wait in the router, where nothing tracks connections.
   */
  async weather(delayMs: number, lossPercent: number): Promise<void> {
    await this.#endWeather();
    const program = buildTool('weather', ['-lnetfilter_queue', '-lmnl']);
    const queue = ['-j', 'NFQUEUE', '--queue-num', '0'];
    const rule = ['netns', 'exec', this.router, 'iptables-legacy', '-t', 'mangle'];
    tool('ip', ...rule, '-A', 'PREROUTING', ...queue);
    const args = ['netns', 'exec', this.router, program, String(delayMs), String(lossPercent)];
    const child = spawn('ip', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#weather = child;
    await new Promise<void>((resolve, reject) => {
      child.stdout.once('data', () => resolve());
      child.once('exit', (code) => reject(new Error(`weather ended with ${code}`)));
    });
  }

  /** Gives a room another address in place of the one it has, as a new lease or network would. */
  move(room: Room, address: string): void {
    const leg = `l${this.#rooms.indexOf(room)}`;
    const inside = ['-n', room.namespace];
    tool('ip', ...inside, 'addr', 'add', `${address}/32`, 'dev', 'eth0');
    tool('ip', '-n', this.router, 'route', 'add', `${address}/32`, 'dev', leg);
    const source = ['via', ROUTER_ADDRESS, 'src', address];
    tool('ip', ...inside, 'route', 'replace', 'default', ...source);
    tool('ip', ...inside, 'addr', 'del', `${room.address}/32`, 'dev', 'eth0');
    tool('ip', '-n', this.router, 'route', 'del', `${room.address}/32`, 'dev', leg);
    room.addresses = [address];
  }

  /**
   * A router that gives the port of a room's UDP another number, and forgets it when it is given
   * a new one: what a home router does to a mapping. Nothing is tracked.
   */
  mapPort(room: Room, port: number, outside: number): void {
    const rules = [
      'table ip mapping',
      'delete table ip mapping',
      'table ip mapping { chain crossing { type filter hook prerouting priority -300;',
      `ip saddr ${room.address} udp sport ${port} udp sport set ${outside}`,
      `ip daddr ${room.address} udp dport ${outside} udp dport set ${port}`,
      `ip daddr ${room.address} udp dport ${port} drop`,
      '}',
      '}',
    ];
    execFileSync('ip', ['netns', 'exec', this.router, 'nft', '-f', '-'], {
      input: `${rules.join('\n')}\n`,
    });
  }

  /** Takes a room off the net, or gives it back. */
  cut(room: Room, isCut: boolean): void {
    const { address } = room;
    const rules = isCut
      ? `table ip cut { chain crossing { type filter hook prerouting priority -310;
          ip saddr ${address} drop
          ip daddr ${address} drop
        }
        }`
      : 'table ip cut\ndelete table ip cut';
    const nft = ['netns', 'exec', this.router, 'nft', '-f', '-'];
    execFileSync('ip', nft, { input: `${rules}\n` });
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
    spawnSync('ip', ['netns', 'delete', this.router]);
  }

  async #endWeather(): Promise<void> {
    if (!this.#weather) return;
    const rule = ['netns', 'exec', this.router, 'iptables-legacy', '-t', 'mangle', '-F'];
    tool('ip', ...rule);
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
    const pids = spawnSync('ip', ['netns', 'pids', this.namespace], { encoding: 'utf8' }).stdout;
    for (const pid of pids.split('\n').filter(Boolean)) {
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    }
    spawnSync('ip', ['netns', 'delete', this.namespace]);
  }
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
