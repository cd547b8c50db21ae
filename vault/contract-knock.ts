/**
 * Contract cases: reading what somebody sealed whom nobody has let in yet.
 * @module
 */
import { assert } from '@sotto/core/base/assert.ts';
import { encode } from '@sotto/core/base/bencode.ts';
import { utf8 } from '@sotto/core/base/bytes.ts';
import { KNOCK_KIND } from '@sotto/core/base/event.ts';
import type { Fact } from './contract-facts.ts';
import { same } from './contract-check.ts';
import { type Person, type Reply, type Request } from './contract-people.ts';

async function peeking(at: Person, from: Person, sealed: Reply<'seal'>): Promise<Request<'peek'>> {
  const { self, conversation, ciphertext, ...rest } = await at.opening(from, sealed.envelopes[0]!);
  return { op: 'peek', self, from: rest.from, conversation, ciphertext };
}

export const knockCases: Record<string, Fact> = {
  '[VLT-31] a first message is read without a trace, and opened later': async (alice, bob) => {
    const body = encode({ s: new Uint8Array(32), t: utf8('may I') });
    const sealed = await alice.seal(bob, '', { kind: KNOCK_KIND, body });
    for (let twice = 0; twice < 2; twice++) {
      const read = await bob.do(await peeking(bob, alice, sealed));
      assert(read.outcome === 'read', 'read');
      same([read.event.kind, read.event.body], [KNOCK_KIND, body], 'what was sealed');
      same(await bob.texts(), [], 'nothing is stored');
    }
    await bob.vault.crash();
    await bob.vault.reopen();
    same([(await bob.open(alice, sealed)).outcome], ['stored'], 'opened for good');
    same(await bob.texts(), ['may I'], 'its words are shown');
    const after = await bob.do(await peeking(bob, alice, sealed));
    const again = await bob.do(await bob.opening(alice, sealed.envelopes[0]!));
    same([again.outcome], ['duplicate'], 'opened once');
    assert(after.op === 'peek', 'and answered in any case');
  },

  '[VLT-31] what is not from and for whom it must be is not read': async (alice, bob, another) => {
    const carol = await another(30);
    const sealed = await alice.seal(bob, 'text');
    const request = await peeking(bob, alice, sealed);
    const refusal = async (change: Partial<Request<'peek'>>): Promise<unknown> => {
      const reply = await bob.do({ ...request, ...change });
      return reply.outcome === 'refused' && reply.reason;
    };
    same([await refusal({ from: await carol.peer() })], ['untrusted identity'], 'another person');
    same([await refusal({ conversation: new Uint8Array(16) })], ['mismatch'], 'elsewhere');
    same([await refusal({ ciphertext: utf8('junk') })], ['undecryptable'], 'junk');
    const other = { ...(await alice.peer()), device: carol.self.device };
    same([await refusal({ from: other })], ['mismatch'], 'another device');
    const stranger = await carol.do({ ...request, self: carol.self });
    same([stranger.outcome], ['refused'], 'sealed for somebody else');
  },
};
