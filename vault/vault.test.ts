import { rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { utf8 } from '@sotto/core/base/bytes.ts';
import { CONVERSATION, draft, Person } from './contract-people.ts';
import { VaultHost } from './host.ts';
import { temporaryFolder } from './testing.ts';
import { openVault, type Vault } from './vault.ts';

/** Two vaults in one worker, and the people they belong to. */
async function pair(): Promise<{
  vaults: [Vault, Vault];
  alice: Person;
  bob: Person;
  folders: [string, string];
  host: VaultHost;
  dispose: () => Promise<void>;
}> {
  const host = new VaultHost();
  const folders: [string, string] = [temporaryFolder(), temporaryFolder()];
  const vaults: [Vault, Vault] = [
    await openVault({ folder: folders[0], host }),
    await openVault({ folder: folders[1], host }),
  ];
  const person = (vault: Vault, seed: number): Person =>
    new Person({ ...UNUSED, request: (request) => vault.request(request) }, seed);
  return {
    vaults,
    folders,
    host,
    alice: person(vaults[0], 10),
    bob: person(vaults[1], 20),
    dispose: async () => {
      for (const vault of vaults) await vault.close();
      await host.close();
      for (const folder of folders) rmSync(folder, { recursive: true });
    },
  };
}

const UNUSED = {
  messages: () => [],
  feedAfter: () => [],
  unread: () => 0,
  crash: () => undefined,
  reopen: () => undefined,
  dispose: () => undefined,
};

test('[VLT-30] one worker serves two vaults; the reader sees every reply', async () => {
  const { vaults, alice, bob, dispose } = await pair();
  const sealed = await alice.seal(bob, 'hello');
  expect(await bob.open(alice, sealed)).toMatchObject({ outcome: 'stored' });
  const page = { conversation: CONVERSATION, limit: 10 };
  expect(vaults[1].reader().messages(page)).toMatchObject([{ text: 'hello', state: 'received' }]);
  await alice.receipt(bob, sealed);
  expect(vaults[0].reader().messages(page)).toMatchObject([
    { text: 'hello', state: 'delivered', route: 'direct', outgoing: true },
  ]);
  await dispose();
});

test('[VLT-27] requests of one moment share a commit, and a single one has its own', async () => {
  const { vaults, alice, bob, dispose } = await pair();
  const targets = [await bob.target()];
  const seal = () => alice.do({ op: 'seal', self: alice.self, draft: draft('x'), targets });
  const before = vaults[0].stats().commits;
  await seal();
  expect(vaults[0].stats().commits).toBe(before + 1);
  await Promise.all(Array.from({ length: 60 }, seal));
  expect(vaults[0].stats()).toMatchObject({ commits: before + 2, pending: 0 });
  await dispose();
});

test('[VLT-27] closing answers what was asked before, and refuses what comes after', async () => {
  const { vaults, dispose } = await pair();
  const asked = Array.from({ length: 100 }, () => vaults[0].request({ op: 'load' }));
  await vaults[0].close();
  for (const reply of await Promise.all(asked)) expect(reply.op).toBe('load');
  expect(await vaults[0].request({ op: 'load' })).toEqual({ op: 'failed', reason: 'closed' });
  await dispose();
});

test('[VLT-25] the worker indexes what is new without being asked', async () => {
  const { vaults, alice, bob, dispose } = await pair();
  await bob.open(alice, await alice.seal(bob, 'find me'));
  const find = () => vaults[1].reader().search({ text: 'nd m', limit: 10 }).found;
  while (find().length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(find()).toMatchObject([{ text: 'find me' }]);
  await dispose();
});

test('[VLT-23] a second opener is refused while the first lives, and not after', async () => {
  const { folders, vaults, dispose } = await pair();
  await expect(openVault({ folder: folders[0] })).rejects.toMatchObject({ code: 'locked' });
  await vaults[0].close();
  const again = await openVault({ folder: folders[0] });
  expect(await again.request({ op: 'load' })).toMatchObject({ op: 'load' });
  await again.close();
  await dispose();
});

test('[VLT-30] a dead worker rejects what it had not answered', async () => {
  const { vaults, host, folders } = await pair();
  const asked = vaults[0].request({ op: 'load' });
  await host.close();
  await expect(asked).rejects.toThrow('vault worker');
  await expect(vaults[0].request({ op: 'load' })).rejects.toThrow('vault worker');
  for (const vault of vaults) await vault.close();
  for (const folder of folders) rmSync(folder, { recursive: true });
});

test('[VLT-22] the passphrase changes while the vault is open', async () => {
  const folder = temporaryFolder();
  const vault = await openVault({ folder, passphrase: utf8('old') });
  await vault.changePassphrase(utf8('old'), utf8('new'));
  expect(await vault.request({ op: 'load' })).toMatchObject({ op: 'load' });
  await vault.close();
  const wrong = openVault({ folder, passphrase: utf8('old') });
  await expect(wrong).rejects.toMatchObject({ code: 'wrong passphrase' });
  await (await openVault({ folder, passphrase: utf8('new') })).close();
  rmSync(folder, { recursive: true });
});
