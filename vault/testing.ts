/**
 * For tests: a vault in this thread, on a real disk, that can die at any moment.
 * @module
 */
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { equal } from '@sotto/core/base/bytes.ts';
import type { VaultUnderTest } from './contract.ts';
import { Engine } from './engine.ts';
import { VaultReader } from './reader.ts';
import { pathsOf } from './paths.ts';
import { openStore, type Store } from './store.ts';
import { Tables } from './tables.ts';

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'sotto-vault-'));
}

/** What a kill -9 at this moment leaves: the files as they are, without the shared memory. */
export function copyAsKilled(folder: string): string {
  const copy = temporaryFolder();
  for (const name of ['vault.db', 'vault.db-wal', 'key']) {
    if (existsSync(join(folder, name))) copyFileSync(join(folder, name), join(copy, name));
  }
  return copy;
}

export interface LocalVault extends VaultUnderTest {
  readonly engine: Engine;
  readonly store: Store;
  readonly reader: VaultReader;
  readonly folder: string;
}

export function localVault(): Promise<LocalVault> {
  return localVaultIn(temporaryFolder());
}

/** The vault of a folder, which goes with it. */
export async function localVaultIn(folder: string): Promise<LocalVault> {
  const folders = [folder];
  let open = await start(folders[0]!);
  const stop = async (): Promise<void> => {
    await open.engine.close();
    open.reader.close();
    open.store.close();
  };
  return {
    get engine() {
      return open.engine;
    },
    get store() {
      return open.store;
    },
    get reader() {
      return open.reader;
    },
    get folder() {
      return folders.at(-1)!;
    },
    request: async (request) => {
      const asked = open;
      const reply = await asked.engine.request(request);
      return asked.dead ? { op: 'failed', reason: 'closed' } : reply;
    },
    messages: (conversation) => open.reader.messages({ conversation, limit: 500 }),
    feedAfter: (cursor) => open.reader.feedAfter(cursor, 500),
    unread: (conversation) =>
      open.reader.conversations().find((row) => equal(row.conversation, conversation))?.unread ?? 0,
    crash: async () => {
      folders.push(copyAsKilled(folders.at(-1)!));
      open.dead = true;
      await stop();
    },
    reopen: async () => {
      open = await start(folders.at(-1)!);
    },
    dispose: async () => {
      await stop();
      for (const folder of folders) rmSync(folder, { recursive: true });
    },
  };
}

async function start(folder: string) {
  const store = await openStore(folder);
  const engine = new Engine(new Tables(store.db));
  const reader = new VaultReader(pathsOf(folder).vault, store.key);
  return { store, engine, reader, dead: false };
}
