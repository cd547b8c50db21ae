/**
 * Vault worker: the one thread that owns the write connections, for every vault of the process.
 *
 * Started by `host.ts`. A failed assertion ends the thread, and with it the daemon: state that
 * might be wrong is not written on.
 * @module
 */
import { parentPort } from 'node:worker_threads';
import { assert } from '@sotto/core/base/assert.ts';
import type { FromWorker, ToWorker } from './channel.ts';
import { Engine } from './engine.ts';
import { Indexer } from './indexer.ts';
import { VaultRefusedError } from './refusal.ts';
import { openStore, type Store } from './store.ts';
import { Tables } from './tables.ts';

interface Served {
  readonly store: Store;
  readonly engine: Engine;
  readonly indexer: Indexer;
  replies: { id: number; reply: Awaited<ReturnType<Engine['request']>> }[];
}

assert(parentPort !== null, 'the vault worker is a worker thread');
const port = parentPort;
const vaults = new Map<number, Served>();

function tell(message: FromWorker): void {
  port.postMessage(message);
}

async function open({ vault, folder, passphrase }: ToWorker & { type: 'open' }): Promise<void> {
  try {
    const store = await openStore(folder, passphrase);
    const tables = new Tables(store.db);
    const served = { store, engine: new Engine(tables), indexer: new Indexer(tables.search) };
    vaults.set(vault, { ...served, replies: [] });
    served.indexer.wake();
    tell({ type: 'opened', vault, key: store.key });
    store.key.fill(0); // the message has a copy, and the connection its own
    passphrase?.fill(0);
  } catch (error) {
    if (!(error instanceof VaultRefusedError)) throw error;
    tell({ type: 'refused', vault, code: error.code });
  }
}

function serve({ vault, first, requests }: ToWorker & { type: 'requests' }): void {
  const served = vaults.get(vault);
  for (const [i, request] of requests.entries()) {
    const id = first + i;
    if (!served) {
      const reply = { op: 'failed', reason: 'closed' } as const;
      tell({ type: 'replies', vault, replies: [{ id, reply }], commits: 0 });
      continue;
    }
    const answered = served.engine.request(request).then((reply) => {
      served.replies.push({ id, reply });
      if (served.replies.length === 1) queueMicrotask(() => flush(vault, served));
    });
    answered.catch(crash);
  }
}

/** Replies of one commit leave in one message. */
function flush(vault: number, served: Served): void {
  const { replies } = served;
  served.replies = [];
  tell({ type: 'replies', vault, replies, commits: served.engine.stats().commits });
  served.indexer.wake();
}

async function close({ vault }: ToWorker & { type: 'close' }): Promise<void> {
  const served = vaults.get(vault);
  vaults.delete(vault);
  if (served) {
    await served.engine.close();
    served.indexer.close();
    served.store.close();
  }
  tell({ type: 'closed', vault });
}

/** Outside every promise, so that the thread ends with this error. */
function crash(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}

port.on('message', (message: ToWorker) => {
  switch (message.type) {
    case 'open':
      open(message).catch(crash);
      break;
    case 'requests':
      serve(message);
      break;
    case 'close':
      close(message).catch(crash);
      break;
  }
});
