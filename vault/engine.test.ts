import { expect, test } from 'vitest';
import { localVault } from './testing.ts';

test('[VLT-27] a bug in a later batch is told to all who wait, and closing still ends', async () => {
  const vault = await localVault();
  const { engine } = vault;
  const mistake = new Error('our mistake');
  engine.tables.docs.change = () => {
    throw mistake;
  };
  // A bundle has a batch of its own: this is three of them, and the second fails.
  const bundle = { op: 'bundle', wallMs: 1 } as const;
  const first = engine.request(bundle);
  const later = [{ op: 'put', docs: [] } as const, { op: 'load' } as const, bundle];
  const rest = Promise.allSettled(later.map((request) => engine.request(request)));
  expect((await first).op).toBe('bundle');
  const failed = { status: 'rejected', reason: mistake };
  expect(await rest).toEqual([failed, failed, failed]);
  await expect(engine.request({ op: 'load' })).rejects.toBe(mistake);
  await vault.dispose();
});
