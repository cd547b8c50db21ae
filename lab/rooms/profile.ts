/**
 * A profile of the lab that no daemon uses now, opened: what is on its disk, decrypted.
 * @module
 */
import type { Loaded } from '@sotto/core/base/vault.ts';
import { loadSelf, type Me } from '@sotto/core/compose/self.ts';
import { openVault } from '@sotto/vault/vault.ts';

export async function openProfile(folder: string): Promise<{ loaded: Loaded; me: Me }> {
  const vault = await openVault({ folder });
  const reply = await vault.request({ op: 'load' });
  await vault.close();
  const me = reply.op === 'load' ? loadSelf(reply.loaded) : undefined;
  if (reply.op !== 'load' || !me) throw new Error('the vault does not open');
  return { loaded: reply.loaded, me };
}
