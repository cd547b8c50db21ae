/**
 * For tests: a vault in a process of its own that answers over the channel to its parent, and so
 * can be killed at any moment.
 * @module
 */
import { assert } from '@sotto/core/base/assert.ts';
import type { VaultReply, VaultRequest } from '@sotto/core/base/vault.ts';
import { openVault } from '../vault.ts';

export interface Asked {
  readonly id: number;
  readonly request: VaultRequest;
}
export type Answer = { ready: true } | { id: number; reply: VaultReply };

/** Runs in the child until it is killed or its parent is gone. */
export async function serveVault(folder: string): Promise<void> {
  const tell = (answer: Answer): void => {
    assert(process.send !== undefined, 'the parent has a channel');
    process.send(answer);
  };
  const vault = await openVault({ folder });
  process.on('message', ({ id, request }: Asked) => {
    void vault.request(request).then((reply) => tell({ id, reply }));
  });
  process.on('disconnect', () => process.exit(0));
  tell({ ready: true });
}
