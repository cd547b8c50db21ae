/**
 * The lock of the profile that this daemon serves:
 *
 *              --lock.open, right--> opening --everything works--> open
 *   locked                                                          |
 *     ^  ^------- wrong, or it does not open ---------+             | lock.now, or nobody was at a
 *     |                                                             | screen for lock.afterMinutes
 *     +---- everything closed, memory swept ---- closing <----------+
 *
 * One change at a time; each next one waits. Whoever asks for the open profile meanwhile is
 * refused with `locked`. The API server and its port stay through all of it (API-40 to API-43).
 * @module
 */
import type { LockStatus } from '@sotto/api/contract.ts';
import { hasPassphrase } from '@sotto/vault/vault.ts';
import type { Now } from '@sotto/core/base/time.ts';
import { Refusal } from './api-server.ts';
import { sweepMemory } from './sweep.ts';
import { Idle } from './idle.ts';
import type { Log } from './logs.ts';
import type { OpenProfile } from './open-profile.ts';
import { PassphraseTries } from './passphrase-tries.ts';
import { startFailureFrom } from './start-failure.ts';

/** How often it is looked whether anybody is there. */
export const LOOK_EVERY_MS = 1_000;

/** What the lock keeps: daemon/open-profile.ts. */
export type Kept = Pick<
  OpenProfile,
  'changePassphrase' | 'close' | 'events' | 'handlers' | 'stats'
>;

export interface LockParts {
  /** Of the profile. */
  readonly folder: string;
  /** The setting `lock.afterMinutes`. */
  readonly afterMinutes: () => number;
  /** @throws StartFailure; a wrong passphrase counts as a try. */
  readonly openProfile: (passphrase: Uint8Array | undefined) => Promise<Kept>;
  readonly log: Log;
  readonly onFault: (error: unknown) => void;
  readonly now?: () => Now;
}

export class LockKeeper {
  readonly #parts: LockParts;
  readonly #now: () => Now;
  readonly #idle: Idle;
  readonly #timer: NodeJS.Timeout;
  #open: Kept | undefined;
  /** The change that is under way, and those that wait behind it. */
  #changes: Promise<unknown> = Promise.resolve();
  #ended = false;

  constructor(parts: LockParts) {
    this.#parts = parts;
    this.#now = parts.now ?? (() => ({ monoMs: performance.now(), wallMs: Date.now() }));
    this.#idle = new Idle(this.#now());
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
    this.#timer.unref();
  }

  status(): LockStatus {
    const { folder } = this.#parts;
    return {
      hasPassphrase: hasPassphrase(folder),
      locked: this.#open === undefined,
      afterMinutes: this.#parts.afterMinutes(),
      ...new PassphraseTries(folder).left(),
    };
  }

  /** What the open profile counts. */
  stats(): Record<string, number> {
    return this.#open?.stats() ?? {};
  }

  /** Somebody is at a screen. */
  touch(): void {
    this.#idle.touch(this.#now());
  }

  /** Works with the open profile. @throws Refusal `locked`, also where it is locked meanwhile. */
  use<T>(work: (profile: Kept) => T | Promise<T>): T | Promise<T> {
    const profile = this.#open;
    if (!profile) throw new Refusal('locked');
    const cut = (error: unknown): never => {
      throw this.#open === profile ? error : new Refusal('locked');
    };
    try {
      const result = work(profile);
      return result instanceof Promise ? result.catch(cut) : result;
    } catch (error) {
      return cut(error);
    }
  }

  /** Opens it; one that is open stays so. @throws StartFailure, before the API serves. */
  start(passphrase: Uint8Array | undefined): Promise<void> {
    return this.#change(async () => {
      if (this.#open) return;
      this.#open = await this.#parts.openProfile(passphrase);
      this.touch();
    });
  }

  /** @throws Refusal where the passphrase is wrong, or the profile does not open. */
  async open(passphrase: Uint8Array | undefined): Promise<LockStatus> {
    await asRefusal(this.start(passphrase));
    this.#parts.log('info', 'unlocked');
    return this.status();
  }

  /** Answers once everything is closed. @throws Refusal `no-passphrase` */
  async lock(why: 'asked' | 'idle'): Promise<LockStatus> {
    await this.#change(async () => {
      const profile = this.#open;
      if (!profile) return;
      if (!hasPassphrase(this.#parts.folder)) throw new Refusal('no-passphrase');
      this.#open = undefined;
      profile.events.close(new Refusal('locked'));
      await profile.close();
      this.#parts.log('info', 'locked', { why });
    });
    await sweepMemory();
    return this.status();
  }

  /** Another passphrase, or none. @throws Refusal */
  async set(before: Uint8Array | undefined, after: Uint8Array | undefined): Promise<LockStatus> {
    const set = this.#change(async () => {
      if (!this.#open) throw new Refusal('locked');
      await this.#open.changePassphrase(before, after);
    });
    await asRefusal(set);
    this.#parts.log('info', after ? 'passphrase set' : 'passphrase removed');
    return this.status();
  }

  /** Closes the profile for good. */
  async end(): Promise<void> {
    this.#ended = true;
    clearInterval(this.#timer);
    await this.#changes;
    await this.#open?.close();
  }

  #look(): void {
    const isOver = this.#idle.isOver(this.#parts.afterMinutes(), this.#now());
    if (!isOver || !this.#open || !hasPassphrase(this.#parts.folder)) return;
    this.touch();
    this.lock('idle').catch(this.#parts.onFault);
  }

  #change<T>(work: () => Promise<T>): Promise<T> {
    const change = this.#changes.then(() => {
      if (this.#ended) throw new Refusal('stopping');
      return work();
    });
    this.#changes = change.catch(() => undefined);
    return change;
  }
}

/** A failure to open as the API tells it. */
async function asRefusal<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const failure = error instanceof Refusal ? undefined : startFailureFrom(error);
    throw failure ? new Refusal(failure.reason, failure.detail) : error;
  }
}
