/**
 * Vault: the main thread's handle on an open vault. Every change is a request to the worker;
 * reading happens here, on a read-only connection (reader.ts).
 *
 *   const vault = await openVault({ folder });
 *   const reply = await vault.request({ op: 'load' });
 *   const page = vault.reader().messages({ conversation, limit: 50 });
 *   await vault.close();
 * @module
 */
import { existsSync } from 'node:fs';
import type { VaultReply, VaultRequest } from '@sotto/core/base/vault.ts';
import { kdf, LABELS } from '@sotto/core/crypto/kdf.ts';
import { compact, type FromWorker } from './channel.ts';
import { VaultHost } from './host.ts';
import { changePassphrase, discardPartial, wantsPassphrase } from './key-file.ts';
import { VaultReader } from './reader.ts';
import { VaultRefusedError } from './refusal.ts';
import { pathsOf } from './paths.ts';

export interface VaultOptions {
  /** A folder of mode 0700 that holds nothing but this vault's files and the daemon's. */
  readonly folder: string;
  /** UTF-8; for a new vault: wraps its key. */
  readonly passphrase?: Uint8Array | undefined;
  /** Shared by the vaults of a process; without one this vault starts its own. */
  readonly host?: VaultHost | undefined;
}

export interface VaultStats {
  /** Requests sent and not yet answered. */
  readonly pending: number;
  readonly requests: number;
  readonly commits: number;
}

/**
 * Opens the vault of a folder, or creates it where there is none.
 * @throws VaultRefusedError with a closed code; nothing on disk was changed.
 */
export function openVault(options: VaultOptions): Promise<Vault> {
  const host = options.host ?? new VaultHost();
  const number = host.number();
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      host.detach(number, fail);
      if (!options.host) void host.close();
      reject(error);
    };
    const { folder, passphrase } = options;
    const opened = (message: FromWorker): void => {
      if (message.type === 'refused') return fail(new VaultRefusedError(message.code));
      if (message.type !== 'opened') return;
      host.detach(number, fail);
      const { vault, key: keyFile } = pathsOf(folder);
      const reader = new VaultReader(vault, message.key);
      const beside = kdf(message.key, LABELS.vaultBeside);
      message.key.fill(0);
      resolve(new Vault(host, number, { reader, keyFile, beside }, !options.host));
    };
    host.attach(number, opened, fail);
    host.post({ type: 'open', vault: number, folder, passphrase });
  });
}

/** Does the vault of a folder want a passphrase? False where there is no whole key file. */
export function hasPassphrase(folder: string): boolean {
  return wantsPassphrase(pathsOf(folder).key);
}

/** Removes what a change of the passphrase that was killed left. For whoever holds the folder. */
export function discardHalfKey(folder: string): void {
  discardPartial(pathsOf(folder).key);
}

/**
 * Wraps the key of a vault under a passphrase, or takes it off, whether that vault is open or not;
 * nothing where there is no key, or it is so already. For whoever holds the folder.
 */
export async function wrapKey(
  folder: string,
  passphrase: Uint8Array,
  isWrapped: boolean,
): Promise<void> {
  const { key } = pathsOf(folder);
  if (!existsSync(key) || wantsPassphrase(key) === isWrapped) return;
  if (isWrapped) await changePassphrase(key, undefined, passphrase);
  else await changePassphrase(key, passphrase, undefined);
}

interface Pending {
  readonly resolve: (reply: VaultReply) => void;
  readonly reject: (error: Error) => void;
}

export class Vault {
  readonly #host: VaultHost;
  readonly #ownsHost: boolean;
  readonly #number: number;
  readonly #reader: VaultReader;
  readonly #keyFile: string;
  readonly #beside: Uint8Array;
  readonly #pending = new Map<number, Pending>(); // bounded by core's requests under way
  #outgoing: VaultRequest[] = [];
  #nextId = 1;
  #commits = 0;
  #closed = false;
  #crashed: Error | undefined;
  #onClosed: () => void = () => undefined;

  /** Use `openVault`. */
  constructor(
    host: VaultHost,
    number: number,
    files: { reader: VaultReader; keyFile: string; beside: Uint8Array },
    ownsHost: boolean,
  ) {
    this.#host = host;
    this.#number = number;
    this.#reader = files.reader;
    this.#keyFile = files.keyFile;
    this.#beside = files.beside;
    this.#ownsHost = ownsHost;
    host.attach(number, (message) => this.#handle(message), this.#onCrash);
  }

  /** Answered when it is on disk. Rejects only where the worker has crashed. */
  request(request: VaultRequest): Promise<VaultReply> {
    if (this.#crashed) return Promise.reject(this.#crashed);
    if (this.#closed) return Promise.resolve({ op: 'failed', reason: 'closed' });
    this.#outgoing.push(request);
    if (this.#outgoing.length === 1) this.#flushSoon();
    const id = this.#nextId++;
    return new Promise((resolve, reject) => this.#pending.set(id, { resolve, reject }));
  }

  /** For queries of this thread; it sees every request that was answered. */
  reader(): VaultReader {
    return this.#reader;
  }

  /** The passphrase of a vault that is to open where this one is open; a copy. */
  passphraseBeside(): Uint8Array {
    return this.#beside.slice();
  }

  /** Another passphrase, or none, for the key file; the vault itself stays as it is. */
  changePassphrase(before: Uint8Array | undefined, after: Uint8Array | undefined): Promise<void> {
    return changePassphrase(this.#keyFile, before, after);
  }

  stats(): VaultStats {
    const pending = this.#pending.size;
    return { pending, requests: this.#nextId - 1, commits: this.#commits };
  }

  /** Finishes what was asked, then closes the files. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#flush();
    this.#closed = true;
    this.#beside.fill(0);
    this.#reader.close();
    if (!this.#crashed) {
      await new Promise<void>((resolve) => {
        this.#onClosed = resolve;
        this.#host.post({ type: 'close', vault: this.#number });
      });
    }
    this.#host.detach(this.#number, this.#onCrash);
    if (this.#ownsHost) await this.#host.close();
  }

  /**
   * Requests leave together, for together they can share a commit: those of this callback where
   * the vault has nothing to do, else those of this turn of the event loop.
   */
  #flushSoon(): void {
    if (this.#pending.size === 0) queueMicrotask(() => this.#flush());
    else setImmediate(() => this.#flush());
  }

  #flush(): void {
    const requests = this.#outgoing;
    this.#outgoing = [];
    if (requests.length === 0) return;
    const first = this.#nextId - requests.length;
    this.#host.post({
      type: 'requests',
      vault: this.#number,
      first,
      requests: compact(requests),
    });
  }

  #handle(message: FromWorker): void {
    if (message.type === 'closed') this.#onClosed();
    if (message.type !== 'replies') return;
    this.#commits = message.commits;
    for (const { id, reply } of message.replies) {
      this.#pending.get(id)?.resolve(reply);
      this.#pending.delete(id);
    }
  }

  readonly #onCrash = (error: Error): void => {
    this.#crashed = error;
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
    this.#onClosed();
  };
}
