/**
 * Node: the only door of core. Everything that happens goes in by `handle`, everything that is to
 * be done comes out of `poll`; between two inputs nothing moves.
 *
 *   new --start--> loading --keys there--> running --stop--> stopped
 *
 *   node.handle(input, now);
 *   for (let effect = node.poll(); effect; effect = node.poll()) carryOut(effect);
 *   sleepUntil(node.wakeAtMs());
 *
 * `now` and the entropy given at construction are the only time and chance it knows, so a seed
 * replays everything exactly. Routing only: what is done lies in compose/ and the parts below.
 * @module
 */
import { assert } from './base/assert.ts';
import type { Now, Random } from './base/time.ts';
import type { Loaded, VaultFault } from './base/vault.ts';
import type { CommandResult } from './commands.ts';
import { runCommand } from './compose/commands.ts';
import { Context, failed, type NodeProfile } from './compose/context.ts';
import { clockOf } from './compose/finding.ts';
import { Runtime } from './compose/runtime.ts';
import { createSelf, loadSelf } from './compose/self.ts';
import type { Effect, Input, Listening } from './effects.ts';

/** Commands that may wait while the vault is being read. */
export const EARLY_COMMANDS_MAX = 64;
/** Time that passed unseen from which this computer must have slept. */
export const SLEPT_MS = 30_000;
/** A vault that cannot be read at start, or not take our keys, is asked again after this time. */
export const LOAD_AGAIN_MS = 1_000;

type CommandInput = Extract<Input, { type: 'command' }>;
export type { NodeProfile } from './compose/context.ts';

export class Node {
  readonly #context: Context;
  #runtime: Runtime | undefined;
  #listen: Listening | undefined;
  #stopping = false;
  #loadAtMs: number | undefined;
  /** When something is due, as last looked at; undefined where that may have changed. */
  #due: { readonly atMs: number | undefined } | undefined;
  #early: CommandInput[] = [];

  constructor(deps: { random: Random; profile: NodeProfile }) {
    this.#context = new Context(deps.random, deps.profile);
  }

  /** One input. `monoMs` never goes back; `wallMs` may say anything. */
  handle(input: Input, now: Now): void {
    const slept = this.#hasSlept(now);
    this.#context.now = { monoMs: now.monoMs, wallMs: Math.floor(now.wallMs) };
    if (slept) this.#runtime?.handleWake();
    let taken = true;
    switch (input.type) {
      case 'start':
        this.#listen = input.listen;
        this.#load();
        break;
      case 'vault-reply':
        this.#context.handleVaultReply(input.id, input.reply);
        break;
      case 'resolved':
        this.#context.handleResolved(input.id, input.endpoints);
        break;
      case 'tracker-fetched':
        this.#context.handleFetched(input.id, input.body);
        break;
      case 'command':
        this.#command(input);
        break;
      case 'stop':
        this.#stop();
        break;
      case 'listening':
        this.#listen = input.listen;
        this.#runtime?.handle(input);
        break;
      default:
        if (this.#runtime?.handle(input) === false && !slept) taken = false;
    }
    // What strangers send must not cost a look at everything that we wait for.
    if (taken) this.#due = undefined;
    this.#handleTimeout();
  }

  poll(): Effect | undefined {
    return this.#context.poll();
  }

  /** When to call `handle({ type: 'tick' })` at the latest; undefined: at the next input. */
  wakeAtMs(): number | undefined {
    if (this.#stopping) return undefined;
    this.#due ??= { atMs: this.#runtime ? this.#runtime.wakeAtMs() : this.#loadAtMs };
    return this.#due.atMs;
  }

  /** Counts of everything that could grow. */
  stats(): Record<string, number> {
    return {
      requests: this.#context.requestsWaiting,
      early: this.#early.length,
      ...this.#runtime?.stats(),
    };
  }

  /**
   * Some clocks stand still while a computer sleeps: then the wall clock runs ahead of them. Others
   * go on: then a timer is late. A person who sets the clock costs a question on each link.
   */
  #hasSlept(now: Now): boolean {
    const before = this.#context.now;
    const aheadMs = now.wallMs - before.wallMs - (now.monoMs - before.monoMs);
    const lateMs = now.monoMs - Math.max(this.wakeAtMs() ?? now.monoMs, before.monoMs);
    return aheadMs >= SLEPT_MS || lateMs >= SLEPT_MS;
  }

  #handleTimeout(): void {
    const { monoMs } = this.#context.now;
    const dueMs = this.wakeAtMs();
    if (dueMs === undefined || monoMs < dueMs || this.#stopping) return;
    this.#due = undefined;
    if (this.#runtime) this.#runtime.handleTimeout();
    else this.#load();
  }

  #load(): void {
    this.#loadAtMs = undefined;
    this.#context.vault({ op: 'load' }, (reply) => {
      if (failed(reply)) return this.#loadLater('the vault cannot be read', reply.reason);
      if (loadSelf(reply.loaded)) return this.#fetchBundle(reply.loaded);
      const docs = [createSelf(this.#context.random, reply.loaded.signalIdentity)];
      this.#context.vault({ op: 'put', docs }, (answer) => {
        if (failed(answer)) this.#loadLater('our keys could not be stored', answer.reason);
        else this.#load();
      });
    });
  }

  #loadLater(why: string, reason: VaultFault): void {
    this.#loadAtMs = this.#context.now.monoMs + LOAD_AGAIN_MS;
    this.#context.log('error', why, { reason });
  }

  #fetchBundle(loaded: Loaded): void {
    const context = this.#context;
    context.clock = clockOf(loaded.docs);
    context.vault({ op: 'bundle', wallMs: context.soundMs }, (reply) => {
      if (failed(reply)) {
        this.#loadAtMs = context.now.monoMs + LOAD_AGAIN_MS;
      } else {
        this.#run(loaded, reply.bundle);
      }
    });
  }

  #run(loaded: Loaded, bundle: Uint8Array): void {
    const me = loadSelf(loaded);
    assert(me !== undefined && this.#listen !== undefined, 'keys and addresses come first');
    this.#runtime = new Runtime(this.#context, me, loaded, bundle, this.#listen);
    const early = this.#early;
    this.#early = [];
    for (const input of early) this.#command(input);
  }

  #command({ command, id }: CommandInput): void {
    const reply = (result: CommandResult): void =>
      this.#context.emit({ type: 'reply', id, result });
    if (this.#stopping) return reply({ ok: false, error: { code: 'stopping' } });
    if (this.#runtime) {
      // Counting everything costs more than most commands.
      const stats = command.type === 'stats' ? this.stats() : {};
      return runCommand(this.#runtime, command, stats, reply);
    }
    if (this.#early.length >= EARLY_COMMANDS_MAX) {
      return reply({ ok: false, error: { code: 'stopping' } });
    }
    this.#early.push({ type: 'command', id, command });
  }

  #stop(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    const stopped = (): void => this.#context.emit({ type: 'stopped' });
    if (this.#runtime) this.#runtime.stop(stopped);
    else stopped();
  }
}
