/**
 * Engine: carries out requests in batches, one transaction each (VLT-1, VLT-2, VLT-27).
 *
 *   request --> queue --> prepare one after the other --> BEGIN, apply all, COMMIT --> replies
 *                 ^                                          |
 *                 +-- arrives meanwhile: the next batch      +-- fails: each again, alone
 *
 * An idle engine starts at once with what there is; a busy one finds more in its queue, so that
 * the group grows with the load and no request ever waits for company. All requests of a vault
 * are prepared in their order, which keeps the order of each peer device.
 * @module
 */
import { assert } from '@sotto/core/base/assert.ts';
import { BoundedQueue } from '@sotto/core/base/bounded.ts';
import type { VaultReply, VaultRequest } from '@sotto/core/base/vault.ts';
import { Batch, type Plan } from './batch.ts';
import { faultOf } from './refusal.ts';
import { conflictKey, prepare, runsAlone } from './requests.ts';
import type { Tables } from './tables.ts';

/** Requests of one transaction: bounds the time until its first reply. */
export const BATCH_REQUESTS_MAX = 64;
/** Requests waiting; of each of 10,000 contacts core has fewer than 200 under way. */
const QUEUE_REQUESTS_MAX = 2_000_000;

interface Job {
  readonly request: VaultRequest;
  readonly reply: (reply: VaultReply) => void;
  readonly reject: (error: Error) => void;
}

export interface EngineStats {
  readonly commits: number;
  readonly requests: number;
  readonly queued: number;
}

export class Engine {
  readonly tables: Tables;
  /** Runs what it is given inside one transaction. */
  readonly #transact: (work: () => void) => void;
  readonly #queue = new BoundedQueue<Job>(QUEUE_REQUESTS_MAX);
  #running = false;
  #closed = false;
  /** Our bug: what we hold in memory may be wrong, and is not written on. */
  #fault: Error | undefined;
  #commits = 0;
  #requests = 0;

  constructor(tables: Tables) {
    this.tables = tables;
    this.#transact = tables.db.transaction((work: () => void) => work()).immediate;
  }

  stats(): EngineStats {
    return { commits: this.#commits, requests: this.#requests, queued: this.#queue.length };
  }

  /** Answered once it is on disk. Rejects only where we have a bug, and from then on always. */
  request(request: VaultRequest): Promise<VaultReply> {
    if (this.#closed) return Promise.resolve({ op: 'failed', reason: 'closed' });
    return new Promise((resolve, reject) => {
      if (this.#fault) return reject(this.#fault);
      const queued = this.#queue.push({ request, reply: resolve, reject });
      assert(queued, 'core asks no more than the queue holds');
      if (this.#running) return;
      this.#running = true;
      // After this turn: all requests of one message are in the queue by then.
      queueMicrotask(() => void this.#work());
    });
  }

  /** Nothing is accepted any more; resolves when all that was is replied to. */
  async close(): Promise<void> {
    this.#closed = true;
    while (this.#running) await new Promise((resolve) => setImmediate(resolve));
  }

  async #work(): Promise<void> {
    while (this.#queue.length > 0) {
      const jobs = this.#take();
      try {
        const replies = await this.#run(jobs.map((job) => job.request));
        for (const [i, job] of jobs.entries()) job.reply(replies[i]!);
      } catch (error) {
        this.#fail(error, jobs);
      }
      this.#requests += jobs.length;
      // Lets arrived messages into the queue, and replies out.
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#running = false;
  }

  #fail(error: unknown, jobs: readonly Job[]): void {
    const fault = error instanceof Error ? error : new Error('no error was thrown but a value');
    this.#fault = fault;
    for (const { reject } of jobs) reject(fault);
    for (let job = this.#queue.shift(); job; job = this.#queue.shift()) job.reject(fault);
  }

  /** The longest start of the queue that may share a transaction. */
  #take(): Job[] {
    const jobs: Job[] = [];
    const taken = new Set<string>();
    while (jobs.length < BATCH_REQUESTS_MAX) {
      const next = this.#queue.peek();
      if (!next) break;
      if (jobs.length > 0 && runsAlone(next.request)) break;
      const key = conflictKey(next.request);
      if (key !== undefined && taken.has(key)) break;
      if (key !== undefined) taken.add(key);
      jobs.push(this.#queue.shift()!);
      if (runsAlone(next.request)) break;
    }
    return jobs;
  }

  async #run(requests: readonly VaultRequest[]): Promise<VaultReply[]> {
    try {
      return await this.#commit(requests);
    } catch (error) {
      const reason = faultOf(error);
      if (reason === undefined) throw error;
      if (requests.length === 1) return [{ op: 'failed', reason }];
    }
    // One of them does not fit on the disk: it must not take the others with it.
    const replies: VaultReply[] = [];
    for (const request of requests) replies.push(...(await this.#run([request])));
    return replies;
  }

  async #commit(requests: readonly VaultRequest[]): Promise<VaultReply[]> {
    const batch = new Batch(this.tables);
    const plans: Plan[] = [];
    for (const request of requests) {
      const layer = batch.begin();
      const plan = await prepare(this.tables, batch, layer, request);
      if (!('refused' in plan)) layer.keep();
      plans.push(plan);
    }
    return this.#write(batch, plans);
  }

  /** The one transaction: synchronous from its first statement to its last. */
  #write(batch: Batch, plans: readonly Plan[]): VaultReply[] {
    const { sessions, prekeys } = this.tables;
    const { layer } = batch;
    let replies: VaultReply[] = [];
    try {
      this.#transact(() => {
        replies = plans.map((plan) => ('refused' in plan ? plan.refused : plan.apply()));
        sessions.write(layer.sessions);
        prekeys.write(layer.baseKeys.values());
      });
    } catch (error) {
      this.tables.reload();
      throw error;
    }
    this.#commits++;
    sessions.remember(layer.sessions);
    return replies;
  }
}
