/**
 * A host: a computer with an address, clocks, a disk with a vault on it, and at most one running
 * process. It survives its processes.
 *
 *   down --start--> up --crash, stop--> down        move: another address at the next start
 *
 * @module
 */
import { assert } from '@sotto/core/base/assert.ts';
import type { Endpoint } from '@sotto/core/base/endpoint.ts';
import { Prng } from '@sotto/core/base/prng.ts';
import type { Random } from '@sotto/core/base/time.ts';
import type { Command } from '@sotto/core/commands.ts';
import { Clock } from './clock.ts';
import { type Answer, Disk, type DiskDeps } from './disk.ts';
import type { EventLog } from './event-log.ts';
import { ModelVault } from './model-vault.ts';
import type { VaultFlaws } from './model-sessions.ts';
import type { Departure, Network } from './network.ts';
import { type CommandDone, Process, type SimNode } from './process.ts';
import type { Scheduler } from './scheduler.ts';

/** A clean stop that takes longer is ended by force. */
const STOP_MS_MAX = 2_000;

export type MakeNode = (deps: { random: Random; name: string }) => SimNode;

/** What happens on hosts, for whoever checks it. */
export interface Witness {
  /** This request is on disk for good. */
  committed(host: Host, answer: Answer): void;
  /** This reply is about to reach the node. */
  answered(host: Host, answer: Answer): void;
  threw(host: Host, error: unknown): void;
  /** The node has logged an error. */
  loggedError(host: Host, message: string): void;
  spins(host: Host): void;
  /** Its process is gone; the disk holds what was committed. */
  died(host: Host): void;
}

export interface HostDeps {
  readonly number: number;
  readonly seed: (purpose: string) => number;
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly log: EventLog;
  readonly witness: Witness;
  readonly makeNode: MakeNode;
  readonly nextProcess: () => number;
  readonly flaws: HostFlaws;
}

/** Bugs to plant under the node. */
export interface HostFlaws {
  readonly vault?: VaultFlaws;
  /** Requests answered before they are committed. */
  readonly earlyOps?: DiskDeps['earlyOps'];
  /** The node takes the second copy of a message for a failed disk: it says nothing. */
  readonly mishearDuplicates?: boolean;
}

export class Host {
  readonly number: number;
  readonly name: string;
  readonly clock = new Clock();
  readonly vault: ModelVault;
  readonly disk: Disk;
  readonly #deps: HostDeps;
  readonly #random: Random;
  #address: string;
  #port: number;
  #moves = 0;
  #process: Process | undefined;
  /** Boundaries left until the process dies. */
  #fuse: number | undefined;
  #fuseHow: Departure = 'killed';
  #stopped: (() => void) | undefined;
  crashes = 0;

  constructor(deps: HostDeps) {
    this.#deps = deps;
    this.number = deps.number;
    this.name = `h${deps.number}`;
    this.#random = new Prng(deps.seed(`${this.name} entropy`)).bytes;
    this.vault = new ModelVault(new Prng(deps.seed(`${this.name} vault`)).bytes, deps.flaws.vault);
    this.disk = new Disk({
      scheduler: deps.scheduler,
      prng: new Prng(deps.seed(`${this.name} disk`)),
      vault: this.vault,
      earlyOps: deps.flaws.earlyOps ?? new Set(),
      mishearDuplicates: deps.flaws.mishearDuplicates ?? false,
    });
    this.#address = addressOf(deps.number, 0);
    this.#port = 20_000 + deps.number;
  }

  get up(): boolean {
    return this.#process !== undefined;
  }

  get endpoint(): Endpoint {
    return { host: this.#address, port: this.#port };
  }

  stats(): Readonly<Record<string, number>> | undefined {
    return this.#process?.stats();
  }

  start(): void {
    if (this.#process) return;
    const { log, makeNode, network, nextProcess, scheduler, witness } = this.#deps;
    this.#note('starts');
    this.#fuse = undefined;
    const number = nextProcess();
    this.clock.restart(scheduler.nowMs, 1_000 * (number % 97));
    const process = new Process({
      process: number,
      host: this.number,
      address: this.#address,
      udpPort: this.#port,
      tcpPort: this.#port,
      node: makeNode({ random: this.#random, name: this.name }),
      clock: this.clock,
      disk: this.disk,
      scheduler,
      network,
      log,
      boundary: () => this.#boundary(),
      committed: (answer) => witness.committed(this, answer),
      answered: (answer) => witness.answered(this, answer),
      loggedError: (message) => witness.loggedError(this, message),
      spins: () => witness.spins(this),
      stopped: () => this.#end('killed'),
      threw: (error) => {
        witness.threw(this, error);
        this.#end('killed');
      },
    });
    this.#process = process;
    process.start();
  }

  /** Asks the node; the answer is undefined where it is down or dies first. */
  command(command: Command, done: CommandDone): void {
    if (this.#process) this.#process.command(command, done);
    else done(undefined);
  }

  /** Dies at once, without a word to its disk. */
  crash(how: Departure): void {
    if (!this.#process) return;
    this.crashes++;
    this.#note(`crashes (${how})`);
    this.#end(how);
  }

  /** Dies after so many more effects, commits and answers. */
  lightFuse(boundaries: number, how: Departure): void {
    this.#fuse = boundaries;
    this.#fuseHow = how;
  }

  snuffFuse(): void {
    this.#fuse = undefined;
  }

  /** Stops as a person would; `done` runs when it is down. */
  stop(done: () => void): void {
    if (!this.#process) return done();
    const process = this.#process;
    this.#note('stops');
    this.#stopped = done;
    process.receive({ type: 'stop' });
    this.#deps.scheduler.after(STOP_MS_MAX, () => {
      if (this.#process === process) this.#end('killed');
    });
  }

  /** Another address and port from the next start on. */
  move(): void {
    assert(!this.#process, 'a computer moves while it is off');
    this.#deps.network.vacate(this.#address);
    this.#moves++;
    this.#address = addressOf(this.number, this.#moves);
    this.#port = 20_000 + this.number + 100 * (this.#moves % 300);
    this.#note(`moves to ${this.#address}`);
  }

  #boundary(): boolean {
    if (this.#fuse === undefined || !this.#process) return this.#process === undefined;
    if (this.#fuse-- > 0) return false;
    this.crash(this.#fuseHow);
    return true;
  }

  #end(how: Departure): void {
    const process = this.#process;
    if (!process) return;
    this.#process = undefined;
    this.#fuse = undefined;
    this.disk.crash();
    this.#deps.network.detach(process, how);
    process.die();
    this.#deps.witness.died(this);
    const stopped = this.#stopped;
    this.#stopped = undefined;
    stopped?.();
  }

  #note(what: string): void {
    this.#deps.log.add(this.#deps.scheduler.nowMs, `${this.name} ${what}`);
  }
}

/** 198.18.0.0/15 is for tests of networks (RFC 2544): host, then how often it has moved. */
function addressOf(host: number, moves: number): string {
  return `198.18.${host + 1}.${(moves % 250) + 1}`;
}
