/**
 * The driver: the one loop that carries the node's effects out and brings inputs in.
 *
 *   socket, timer, vault, command --input--> node.handle --poll()--> effects, in order --> I/O
 *
 * Inputs that arrive while effects are carried out wait their turn, so the node is never entered
 * twice. Datagrams, which anyone may send, get at most DATAGRAMS_PER_TURN of each turn of the event
 * loop, so that a flood starves neither commands nor the vault (API-8).
 * @module
 */
import { randomFillSync } from 'node:crypto';
import { BoundedQueue } from '@sotto/core/base/bounded.ts';
import type { Endpoint } from '@sotto/core/base/endpoint.ts';
import type { Now, Random } from '@sotto/core/base/time.ts';
import type { VaultReply, VaultRequest } from '@sotto/core/base/vault.ts';
import type { Command, CommandResult } from '@sotto/core/commands.ts';
import type { Effect, Input, Listening, Notice, TrackerRequest } from '@sotto/core/effects.ts';
import type { Log } from './logs.ts';
import { resolveName } from './resolve.ts';
import type { Resolve } from './resolve.ts';
import { Streams } from './streams.ts';
import type { Dial } from './tcp.ts';
import { fetchTracker, type FetchTracker } from './tracker-fetch.ts';
import type { Udp } from './udp.ts';

export const DATAGRAMS_PER_TURN = 64;
export const DATAGRAMS_WAITING_MAX = 2_048;
export const COMMANDS_MAX = 1_024;
/** How long a stop waits for the node before it ends without its farewell. */
const STOP_MS = 1_000;
/** A timer fires at the latest so long ahead: a node with nothing to do is still looked after. */
const SLEEP_MAX_MS = 60 * 60 * 1000;

/** Fresh entropy from the system. */
export const random: Random = (bytes) => randomFillSync(new Uint8Array(bytes));

/** What the driver needs of a node (core/node.ts). */
export interface Drivable {
  handle(input: Input, now: Now): void;
  poll(): Effect | undefined;
  wakeAtMs(): number | undefined;
  stats(): Record<string, number>;
}

export interface DriverParts {
  readonly node: Drivable;
  readonly vault: { request(request: VaultRequest): Promise<VaultReply> };
  readonly udp: Udp | undefined;
  /** Speaks in the networks of this computer; absent: not at all. */
  readonly lan?: (effect: Extract<Effect, { type: 'multicast' | 'lan-send' }>) => void;
  /** How TCP leaves; absent: directly. */
  readonly dial?: Dial;
  /** How names are looked up; absent: by the system. */
  readonly resolve?: Resolve;
  /** How trackers are asked; absent: directly. */
  readonly fetchTracker?: FetchTracker;
  /** Where streams may be dialled to; absent: anywhere. */
  readonly mayDial?: (to: Endpoint) => boolean;
  readonly log: Log;
  readonly onNotice: (notice: Notice) => void;
  /** The node or the vault broke its word: the process must end (exit 70). */
  readonly onFault: (error: unknown) => void;
}

export class Driver {
  readonly #parts: DriverParts;
  readonly streams: Streams;
  readonly #inputs: Input[] = [];
  readonly #datagrams = new BoundedQueue<Input>(DATAGRAMS_WAITING_MAX);
  readonly #commands = new Map<number, (result: CommandResult) => void>();
  #nextCommand = 1;
  #turnAsked = false;
  #running = false;
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = Infinity;
  #timerAsked = false;
  #onStopped: (() => void) | undefined;
  #stopped = false;
  readonly #counts = { inputs: 0, datagramsDropped: 0, turnMaxMs: 0, lateMaxMs: 0, vaultAsked: 0 };

  constructor(parts: DriverParts) {
    this.#parts = parts;
    this.streams = new Streams((input) => this.input(input), parts.udp, parts.dial);
  }

  start(listen: Listening): void {
    this.input({ type: 'start', listen });
  }

  /** Gives the node an input, at once or after the one it is busy with. */
  input(input: Input): void {
    if (this.#stopped) return;
    this.#inputs.push(input);
    if (!this.#running) this.#run();
  }

  /** A datagram from anyone: it waits for the next turn, or is dropped where many come. */
  datagram(from: Endpoint, bytes: Uint8Array): void {
    if (!this.#datagrams.push({ type: 'datagram', from, bytes })) this.#counts.datagramsDropped++;
    this.#askTurn();
  }

  /** Carries out one command of a person. */
  command(command: Command): Promise<CommandResult> {
    const busy: CommandResult = { ok: false, error: { code: 'stopping' } };
    if (this.#stopped || this.#commands.size >= COMMANDS_MAX) return Promise.resolve(busy);
    const id = this.#nextCommand++;
    return new Promise((done) => {
      this.#commands.set(id, done);
      this.input({ type: 'command', id, command });
    });
  }

  /** Lets the node save and say goodbye, then ends it. Resolves within STOP_MS. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    await new Promise<void>((done) => {
      const timer = setTimeout(done, STOP_MS);
      this.#onStopped = () => {
        clearTimeout(timer);
        done();
      };
      this.input({ type: 'stop' });
    });
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.streams.closeAll();
    for (const done of this.#commands.values()) done({ ok: false, error: { code: 'stopping' } });
    this.#commands.clear();
  }

  stats(): Record<string, number> {
    return {
      ...this.#parts.node.stats(),
      ...this.streams.stats(),
      ...this.#counts,
      commands: this.#commands.size,
      datagramsWaiting: this.#datagrams.length,
      timers: this.#timerAsked || this.#timerAtMs < Infinity ? 1 : 0,
    };
  }

  #run(): void {
    const startedMs = performance.now();
    this.#running = true;
    try {
      for (let input = this.#inputs.shift(); input; input = this.#inputs.shift()) {
        this.#counts.inputs++;
        this.#parts.node.handle(input, now());
        for (let effect = this.#parts.node.poll(); effect; effect = this.#parts.node.poll()) {
          this.#carryOut(effect);
        }
      }
      this.#askTimer();
    } catch (error) {
      this.#fault(error);
    } finally {
      this.#running = false;
    }
    const tookMs = performance.now() - startedMs;
    if (tookMs > this.#counts.turnMaxMs) this.#counts.turnMaxMs = tookMs;
  }

  #fault(error: unknown): void {
    this.#stopped = true;
    this.#parts.onFault(error);
  }

  #carryOut(effect: Effect): void {
    switch (effect.type) {
      case 'datagram':
        return this.#parts.udp?.send(effect.to, effect.bytes);
      case 'mouth':
        return this.#parts.udp?.sendByMouth(effect.to, effect.bytes);
      case 'mouths-close':
        return this.#parts.udp?.shutMouths();
      case 'multicast':
      case 'lan-send':
        return this.#parts.lan?.(effect);
      case 'stream-open':
        return this.#open(effect);
      case 'stream-write':
        return this.streams.write(effect.stream, effect.bytes);
      case 'stream-close':
        return this.streams.close(effect.stream, effect.reset);
      case 'vault':
        return this.#askVault(effect.id, effect.request);
      case 'resolve':
        return this.#resolve(effect.id, effect.name, effect.port);
      case 'tracker-fetch':
        return this.#fetchTracker(effect.id, effect.request);
      case 'reply':
        this.#commands.get(effect.id)?.(effect.result);
        this.#commands.delete(effect.id);
        return;
      case 'notify':
        return this.#parts.onNotice(effect.notice);
      case 'log':
        return this.#parts.log(effect.level, effect.message, effect.fields);
      case 'stopped':
        return this.#onStopped?.();
    }
  }

  #open(effect: Extract<Effect, { type: 'stream-open' }>): void {
    const { stream, to } = effect;
    if (this.#parts.mayDial?.(to) ?? true) return this.streams.open(effect);
    this.input({ type: 'stream-closed', stream, reason: 'not allowed' });
  }

  #askVault(id: number, request: VaultRequest): void {
    this.#counts.vaultAsked++;
    this.#parts.vault.request(request).then(
      (reply) => this.input({ type: 'vault-reply', id, reply }),
      (error: unknown) => {
        if (!this.#stopped) this.#parts.onFault(error);
      },
    );
  }

  #resolve(id: number, name: string, port: number): void {
    const resolve = this.#parts.resolve ?? resolveName;
    void resolve(name, port).then((endpoints) => this.input({ type: 'resolved', id, endpoints }));
  }

  #fetchTracker(id: number, request: TrackerRequest): void {
    const fetch = this.#parts.fetchTracker ?? fetchTracker;
    void fetch(request).then((body) => this.input({ type: 'tracker-fetched', id, body }));
  }

  /** A turn: the next datagrams in line, after everything else that was due had its chance. */
  #askTurn(): void {
    if (this.#turnAsked) return;
    this.#turnAsked = true;
    setImmediate(() => {
      this.#turnAsked = false;
      if (this.#stopped) return;
      for (let i = 0; i < DATAGRAMS_PER_TURN; i++) {
        const input = this.#datagrams.shift();
        if (!input) break;
        this.#inputs.push(input);
      }
      if (!this.#running) this.#run();
      if (this.#datagrams.length > 0) this.#askTurn();
    });
  }

  /** Once a turn, after its work: everybody in the node is asked when they want to be woken. */
  #askTimer(): void {
    if (this.#timerAsked) return;
    this.#timerAsked = true;
    setImmediate(() => {
      this.#timerAsked = false;
      if (this.#stopped) return;
      try {
        this.#setTimer();
      } catch (error) {
        this.#fault(error);
      }
    });
  }

  #setTimer(): void {
    const nowMs = performance.now();
    const wakeAtMs = Math.min(this.#parts.node.wakeAtMs() ?? Infinity, nowMs + SLEEP_MAX_MS);
    // An earlier timer than needed is left: it fires, finds nothing due and is set anew.
    if (this.#timerAtMs <= wakeAtMs) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = wakeAtMs;
    this.#timer = setTimeout(this.#tick, Math.max(0, Math.ceil(wakeAtMs - nowMs)));
  }

  readonly #tick = (): void => {
    const lateMs = performance.now() - this.#timerAtMs;
    if (lateMs > this.#counts.lateMaxMs) this.#counts.lateMaxMs = lateMs;
    this.#timerAtMs = Infinity;
    this.input({ type: 'tick' });
  };
}

function now(): Now {
  return { monoMs: performance.now(), wallMs: Date.now() };
}
