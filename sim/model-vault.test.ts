import { describe, expect, test } from 'vitest';
import { utf8 } from '@sotto/core/base/bytes.ts';
import { Prng } from '@sotto/core/base/prng.ts';
import type { VaultReply, VaultRequest } from '@sotto/core/base/vault.ts';
import { vaultContract, type VaultUnderTest } from '@sotto/vault/contract.ts';
import { ModelVault } from './model-vault.ts';

let seed = 1;

/** The model as the suite drives it: each request is committed before its reply. */
function underTest(): VaultUnderTest {
  const vault = new ModelVault(new Prng(seed++).bytes);
  return {
    request: (request) => {
      const reply = vault.handle(request);
      vault.commit();
      return reply;
    },
    messages: (conversation) => vault.timeline.messages(conversation),
    feedAfter: (cursor) => vault.timeline.feedAfter(cursor),
    unread: (conversation) => vault.timeline.unread(conversation),
    crash: () => vault.crash(),
    reopen: () => undefined,
    dispose: () => undefined,
  };
}

describe('contract', () => {
  for (const { name, run } of vaultContract('model', underTest)) test(name, run);
});

describe('model', () => {
  const key = new Uint8Array([1]);
  const put = (text: string): VaultRequest => ({
    op: 'put',
    docs: [{ space: 'contact', key, value: utf8(text) }],
  });
  const value = (reply: VaultReply): string[] =>
    reply.op === 'load' ? reply.loaded.docs.map((doc) => String.fromCharCode(...doc.value)) : [];

  test('a crash loses exactly what was not committed', () => {
    const vault = new ModelVault(new Prng(1).bytes);
    vault.handle(put('kept'));
    vault.commit();
    vault.handle(put('lost'));
    expect(value(vault.handle({ op: 'load' }))).toEqual(['lost']);
    vault.crash();
    expect(value(vault.handle({ op: 'load' }))).toEqual(['kept']);
  });

  test('two vaults from one seed answer alike', () => {
    const answers = [1, 2].map(() => {
      const vault = new ModelVault(new Prng(7).bytes);
      return [vault.handle({ op: 'load' }), vault.handle({ op: 'bundle', wallMs: 1 })];
    });
    expect(answers[0]).toEqual(answers[1]);
  });
});
