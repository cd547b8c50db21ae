/**
 * The disk under one vault: requests are carried out in order, in batches that share a commit,
 * after a delay. A process may die before and after every step.
 *
 *   request --> queue --delay--> carried out --> committed --> answered
 *
 * @module
 */
import type { Prng } from '@sotto/core/base/prng.ts';
import type { VaultReply, VaultRequest } from '@sotto/core/base/vault.ts';
import type { ModelVault } from './model-vault.ts';
import type { Scheduler } from './scheduler.ts';

const BATCH_MAX = 64;
/** How long a planted bug keeps answered requests from the disk. */
const LAZY_COMMIT_MS = 2_000;

type Op = VaultRequest['op'];
/** What a full disk still lets through. */
const READ_ONLY: readonly Op[] = ['load', 'outbox'];

/** How the disk behaves; faults change it. */
export interface DiskHealth {
  full: boolean;
  /** Longest delay of a commit, in milliseconds. */
  slowMs: number;
}
export const HEALTHY_DISK: Readonly<DiskHealth> = { full: false, slowMs: 3 };

const DISK_ERROR: VaultReply = { op: 'failed', reason: 'disk error' };

export interface Answer {
  readonly id: number;
  readonly request: VaultRequest;
  readonly reply: VaultReply;
}

export interface DiskPorts {
  /** A point at which the process may die; true where it just did. */
  boundary(): boolean;
  committed(answer: Answer): void;
  answer(answer: Answer): void;
}

export interface DiskDeps {
  readonly scheduler: Scheduler;
  readonly prng: Prng;
  readonly vault: ModelVault;
  /** Planted bug: requests that are answered before they are committed. */
  readonly earlyOps: ReadonlySet<Op>;
  /** Planted bug: a duplicate is answered like a failed disk. */
  readonly mishearDuplicates: boolean;
}

export class Disk {
  readonly health: DiskHealth = { ...HEALTHY_DISK };
  /** Requests refused because the disk was full. */
  refusals = 0;
  readonly #deps: DiskDeps;
  #ports: DiskPorts | undefined;
  #queue: { id: number; request: VaultRequest }[] = [];
  #busy = false;
  /** Answered, and not on disk yet: only where a bug is planted. */
  #lazy: Answer[] = [];

  constructor(deps: DiskDeps) {
    this.#deps = deps;
  }

  /** A process starts to use the disk. */
  open(ports: DiskPorts): void {
    this.#ports = ports;
  }

  /** The process died: what was not committed is gone, nothing is answered any more. */
  crash(): void {
    this.#ports = undefined;
    this.#queue = [];
    this.#busy = false;
    this.#lazy = [];
    this.#deps.vault.crash();
  }

  get waiting(): number {
    return this.#queue.length;
  }

  request(id: number, request: VaultRequest): void {
    this.#queue.push({ id, request });
    this.#schedule();
  }

  #schedule(): void {
    const ports = this.#ports;
    if (this.#busy || this.#queue.length === 0 || !ports) return;
    this.#busy = true;
    const { prng, scheduler } = this.#deps;
    scheduler.after(prng.int(0, this.health.slowMs), () => {
      if (this.#ports === ports) this.#work(ports);
    });
  }

  #work(ports: DiskPorts): void {
    const answers: Answer[] = [];
    for (const { id, request } of this.#queue.splice(0, BATCH_MAX)) {
      if (ports.boundary()) return;
      answers.push({ id, request, reply: this.#carryOut(request) });
    }
    if (ports.boundary()) return;
    if (answers.every(({ request }) => this.#deps.earlyOps.has(request.op))) {
      this.#commitLater(ports, answers);
    } else {
      this.#commit(ports, answers);
      if (ports.boundary()) return;
    }
    this.#deps.scheduler.after(0, () => this.#answer(ports, answers));
  }

  #carryOut(request: VaultRequest): VaultReply {
    if (this.health.full && !READ_ONLY.includes(request.op)) {
      this.refusals++;
      return { op: 'failed', reason: 'no space' };
    }
    const reply = this.#deps.vault.handle(request);
    const duplicate = reply.op === 'open' && reply.outcome === 'duplicate';
    return duplicate && this.#deps.mishearDuplicates ? DISK_ERROR : reply;
  }

  #commit(ports: DiskPorts, answers: readonly Answer[]): void {
    this.#deps.vault.commit();
    const done = [...this.#lazy, ...answers];
    this.#lazy = [];
    for (const answer of done) ports.committed(answer);
  }

  #commitLater(ports: DiskPorts, answers: readonly Answer[]): void {
    this.#lazy.push(...answers);
    this.#deps.scheduler.after(LAZY_COMMIT_MS, () => {
      if (this.#ports === ports && this.#lazy.length > 0) this.#commit(ports, []);
    });
  }

  #answer(ports: DiskPorts, answers: readonly Answer[]): void {
    for (const answer of answers) {
      if (this.#ports !== ports || ports.boundary()) return;
      ports.answer(answer);
    }
    if (this.#ports !== ports) return;
    this.#busy = false;
    this.#schedule();
  }
}
