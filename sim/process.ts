/**
 * A process: one running Node and the simulated driver around it. It carries effects out in
 * order, answers those that want an answer, and may die before any of them.
 * @module
 */
import type { Now } from '@sotto/core/base/time.ts';
import { endpointKey } from '@sotto/core/base/endpoint.ts';
import type { Command, CommandResult } from '@sotto/core/commands.ts';
import type { Effect, Input } from '@sotto/core/effects.ts';
import type { Clock } from './clock.ts';
import type { DiskPorts, Disk } from './disk.ts';
import type { EventLog } from './event-log.ts';
import type { Network, Port } from './network.ts';
import type { Scheduler, Timer } from './scheduler.ts';

/** What the simulator needs of a node: core's Node, or a toy in its place. */
export interface SimNode {
  handle(input: Input, now: Now): void;
  poll(): Effect | undefined;
  wakeAtMs(): number | undefined;
  stats(): Readonly<Record<string, number>>;
}

/** Undefined where the process died before it answered. */
export type CommandDone = (result: CommandResult | undefined) => void;

export interface ProcessDeps {
  readonly process: number;
  readonly host: number;
  readonly address: string;
  readonly udpPort: number;
  readonly tcpPort: number;
  readonly node: SimNode;
  readonly clock: Clock;
  readonly disk: Disk;
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly log: EventLog;
  /** A point at which the process may die; true where it just did. */
  boundary(): boolean;
  committed: DiskPorts['committed'];
  answered: DiskPorts['answer'];
  stopped(): void;
  loggedError(message: string): void;
  /** It wants to be woken again and again, and what it wakes for stays due. */
  spins(): void;
  /** The node threw: our bug, never bad input. */
  threw(error: unknown): void;
}

/** More inputs in a row after which something is due already are a loop that costs a processor. */
const OVERDUE_MAX = 500;

export class Process implements Port {
  readonly process: number;
  readonly host: number;
  readonly address: string;
  readonly udpPort: number;
  readonly tcpPort: number;
  readonly #deps: ProcessDeps;
  #alive = true;
  #wake: Timer | undefined;
  #wakeAtMs: number | undefined;
  /** Times in a row that what it waits for was due already. */
  #overdue = 0;
  #nextCommand = 1;
  readonly #commands = new Map<number, CommandDone>();

  constructor(deps: ProcessDeps) {
    this.#deps = deps;
    this.process = deps.process;
    this.host = deps.host;
    this.address = deps.address;
    this.udpPort = deps.udpPort;
    this.tcpPort = deps.tcpPort;
  }

  start(): void {
    const { disk, network } = this.#deps;
    disk.open({
      boundary: () => this.#boundary(),
      committed: this.#deps.committed,
      answer: (answer) => {
        this.#deps.answered(answer);
        this.receive({ type: 'vault-reply', id: answer.id, reply: answer.reply });
      },
    });
    network.attach(this);
    const { address, tcpPort, udpPort } = this;
    this.receive({ type: 'start', listen: { addresses: [address], tcpPort, udpPort } });
  }

  /** The end, at once: nothing comes in or goes out any more. */
  die(): void {
    this.#alive = false;
    this.#wake?.cancel();
    const unanswered = [...this.#commands.values()];
    this.#commands.clear();
    for (const done of unanswered) done(undefined);
  }

  get alive(): boolean {
    return this.#alive;
  }

  stats(): Readonly<Record<string, number>> {
    return this.#deps.node.stats();
  }

  command(command: Command, done: CommandDone): void {
    const id = this.#nextCommand++;
    this.#commands.set(id, done);
    this.receive({ type: 'command', id, command });
  }

  receive(input: Input): void {
    if (!this.#alive) return;
    const { clock, log, node, scheduler } = this.#deps;
    log.add(scheduler.nowMs, `h${this.host} < ${inputText(input)}`, bytesOf(input));
    try {
      node.handle(input, clock.now(scheduler.nowMs));
      this.#drain();
      if (this.#alive) this.#armWake();
    } catch (error) {
      this.#deps.threw(error);
    }
  }

  #drain(): void {
    const { node } = this.#deps;
    for (let effect = node.poll(); effect; effect = node.poll()) {
      if (this.#boundary()) return;
      this.#carryOut(effect);
    }
  }

  #boundary(): boolean {
    return !this.#alive || this.#deps.boundary();
  }

  #carryOut(effect: Effect): void {
    const { disk, log, network, scheduler } = this.#deps;
    if (log.traced) log.remark(scheduler.nowMs, `h${this.host} > ${effectText(effect)}`);
    switch (effect.type) {
      case 'datagram':
        return network.sendDatagram(this, effect.to, effect.bytes);
      case 'stream-open':
      case 'stream-write':
      case 'stream-close':
        return network.streams.handle(this, effect);
      case 'vault':
        return disk.request(effect.id, effect.request);
      case 'resolve': {
        const { id } = effect;
        scheduler.after(20, () => this.receive({ type: 'resolved', id, endpoints: [] }));
        return;
      }
      case 'tracker-fetch': {
        const { id } = effect;
        scheduler.after(20, () => this.receive({ type: 'tracker-fetched', id, body: undefined }));
        return;
      }
      case 'reply': {
        const done = this.#commands.get(effect.id);
        this.#commands.delete(effect.id);
        done?.(effect.result);
        return;
      }
      case 'stopped':
        scheduler.after(0, () => {
          if (this.#alive) this.#deps.stopped();
        });
        return;
      case 'log':
        if (effect.level === 'error') this.#deps.loggedError(effect.message);
        return;
      case 'notify':
      case 'mouth':
      case 'mouths-close':
      case 'multicast':
      case 'lan-send':
        return;
    }
  }

  #armWake(): void {
    const { clock, node, scheduler } = this.#deps;
    const wakeAtMs = node.wakeAtMs();
    if (wakeAtMs === undefined) {
      this.#wake?.cancel();
      this.#wake = undefined;
      return;
    }
    // At least a millisecond on: a node that asks for the past must not stop time.
    const soonestMs = scheduler.nowMs + 1;
    const dueMs = Math.ceil(clock.trueTimeOf(wakeAtMs));
    this.#overdue = dueMs < soonestMs ? this.#overdue + 1 : 0;
    if (this.#overdue === OVERDUE_MAX) this.#deps.spins();
    const atMs = Math.max(soonestMs, dueMs);
    if (this.#wake && this.#wakeAtMs === atMs) return;
    this.#wake?.cancel();
    this.#wakeAtMs = atMs;
    this.#wake = scheduler.at(atMs, () => {
      this.#wake = undefined;
      this.receive({ type: 'tick' });
    });
  }
}

function bytesOf(input: Input): Uint8Array | undefined {
  return input.type === 'datagram' || input.type === 'stream-bytes' ? input.bytes : undefined;
}

function inputText(input: Input): string {
  switch (input.type) {
    case 'datagram':
      return `datagram ${endpointKey(input.from)}`;
    case 'stream-accepted':
      return `stream-accepted ${input.stream} ${endpointKey(input.from)}`;
    case 'stream-opened':
    case 'stream-bytes':
    case 'stream-writable':
      return `${input.type} ${input.stream}`;
    case 'stream-closed':
      return `stream-closed ${input.stream} ${input.reason}`;
    case 'vault-reply': {
      const why = input.reply.op === 'failed' ? ` ${input.reply.reason}` : '';
      const outcome = input.reply.op === 'open' ? ` ${input.reply.outcome}` : '';
      return `vault-reply ${input.id} ${input.reply.op}${why}${outcome}`;
    }
    case 'command':
      return `command ${input.id} ${commandText(input.command)}`;
    default:
      return input.type;
  }
}

function commandText(command: Command): string {
  const to = 'to' in command ? ` ${command.to.slice(0, 14)}` : '';
  const blocked = 'blocked' in command ? ` ${command.blocked}` : '';
  return `${command.type}${to}${blocked}`;
}

function effectText(effect: Effect): string {
  switch (effect.type) {
    case 'datagram':
      return `datagram ${endpointKey(effect.to)} [${effect.bytes.length}]`;
    case 'stream-open':
      return `stream-open ${effect.stream} ${effect.transport} ${endpointKey(effect.to)}`;
    case 'stream-write':
      return `stream-write ${effect.stream} [${effect.bytes.length}]`;
    case 'stream-close':
      return `stream-close ${effect.stream}`;
    case 'vault':
      return `vault ${effect.id} ${effect.request.op}`;
    case 'reply':
      return `reply ${effect.id} ${effect.result.ok ? 'ok' : effect.result.error.code}`;
    case 'log':
      return `log ${effect.level} ${effect.message} ${JSON.stringify(effect.fields ?? {})}`;
    case 'notify':
      return `notify ${effect.notice.topic}`;
    default:
      return effect.type;
  }
}
