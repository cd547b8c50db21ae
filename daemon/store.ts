/**
 * The vault as the daemon uses it: core's requests go in, and the API server reads what is shown
 * from its read-only view. Every change goes through core.
 * @module
 */
import type { VaultReply, VaultRequest } from '@sotto/core/base/vault.ts';
import type { ErrorDetail, ErrorName } from '@sotto/api/errors.ts';
import type { OpenRefusal } from '@sotto/vault/refusal.ts';
import { VaultRefusedError } from '@sotto/vault/refusal.ts';
import { VaultHost } from '@sotto/vault/host.ts';
import type { VaultReader } from '@sotto/vault/reader.ts';
import { openVault } from '@sotto/vault/vault.ts';
import type { Vault } from '@sotto/vault/vault.ts';
import { PassphraseTries } from './passphrase-tries.ts';
import { StartFailure } from './start-failure.ts';
import { keepHeapSmall } from './small-heap.ts';

/** What screens may read; every change goes through core. */
export type StoreReader = Pick<
  VaultReader,
  'conversations' | 'feedAfter' | 'lastCursor' | 'messages' | 'readUpTo' | 'search' | 'unread'
>;

/** One vault. */
export interface Store {
  readonly reader: StoreReader;
  request(request: VaultRequest): Promise<VaultReply>;
  /** The passphrase of a store that is to open where this one is open. */
  passphraseBeside(): Uint8Array;
  /** Another passphrase, or none. @throws StartFailure; a wrong one counts as a try. */
  changePassphrase(before: Uint8Array | undefined, after: Uint8Array | undefined): Promise<void>;
  stats(): Record<string, number>;
  /** Resolves when everything that was asked is on disk. */
  close(): Promise<void>;
}

/** The vaults of this process, which share one worker thread. */
export class Stores {
  readonly #host = new VaultHost();

  /** @throws StartFailure where a person can do something about it. */
  async open(folder: string, passphrase?: Uint8Array): Promise<Store> {
    const vault = await tryPassphrase(folder, passphrase, () =>
      openVault({ folder, passphrase, host: this.#host }),
    );
    keepHeapSmall();
    return new OpenStore(vault, folder);
  }

  /** Ends the worker. Close the stores first. */
  close(): Promise<void> {
    return this.#host.close();
  }
}

/** Uses a passphrase, where there is one, and counts it (API-23). @throws StartFailure */
async function tryPassphrase<T>(
  folder: string,
  passphrase: Uint8Array | undefined,
  use: () => Promise<T>,
): Promise<T> {
  const tries = passphrase && new PassphraseTries(folder);
  tries?.begin();
  try {
    const result = await use();
    tries?.right();
    return result;
  } catch (error) {
    const isWrong = error instanceof VaultRefusedError && error.code === 'wrong passphrase';
    if (isWrong && tries) throw tries.wrong();
    tries?.unused();
    throw startFailureOf(error, folder);
  }
}

class OpenStore implements Store {
  readonly #folder: string;
  readonly #vault: Vault;
  readonly reader: StoreReader;

  constructor(vault: Vault, folder: string) {
    this.#vault = vault;
    this.#folder = folder;
    this.reader = vault.reader();
  }

  request(request: VaultRequest): Promise<VaultReply> {
    return this.#vault.request(request);
  }

  passphraseBeside(): Uint8Array {
    return this.#vault.passphraseBeside();
  }

  changePassphrase(before: Uint8Array | undefined, after: Uint8Array | undefined): Promise<void> {
    return tryPassphrase(this.#folder, before, () => this.#vault.changePassphrase(before, after));
  }

  stats(): Record<string, number> {
    const { commits, pending, requests } = this.#vault.stats();
    return { vaultCommits: commits, vaultPending: pending, vaultRequests: requests };
  }

  close(): Promise<void> {
    return this.#vault.close();
  }
}

const FAILURES: Readonly<Record<OpenRefusal, ErrorName>> = {
  'newer schema': 'store-newer',
  damaged: 'store-damaged',
  'damaged key': 'store-damaged',
  'vault missing': 'store-damaged',
  'key missing': 'key-missing',
  'passphrase needed': 'passphrase-needed',
  'wrong passphrase': 'wrong-passphrase',
  locked: 'already-running',
  'no space': 'no-space',
  'disk error': 'disk-error',
  'sqlite too old': 'start-failed',
};

/** Why a vault does not open, in the words of the registry; other errors are passed on. */
function startFailureOf(error: unknown, folder: string): unknown {
  if (!(error instanceof VaultRefusedError)) return error;
  const detail: ErrorDetail = { folder, what: error.message, pid: '?' };
  return new StartFailure(FAILURES[error.code], detail);
}
