/**
 * Check: opens what a power cut left of two vaults and compares it with what they had promised.
 * @module
 */
import { fromHex } from '@sotto/core/base/bytes.ts';
import type { Database } from '@sotto/vault/database.ts';
import { people } from './workload.ts';

export interface Found {
  /** Promises that are not kept. */
  readonly lost: number;
  /** Other faults: a vault that does not open, a broken session, a message shown twice. */
  readonly faults: readonly string[];
}

/** @param acks lines that were noted before the cut. */
export async function checkImage(folder: string, acks: readonly string[]): Promise<Found> {
  try {
    const { alice, bob } = await people(folder);
    try {
      const faults = [...damage(alice.store.db, 'sender'), ...damage(bob.store.db, 'receiver')];
      const lost = countLost(alice.store.db, bob.store.db, acks);
      if (lost === 0) faults.push(...(await goOn({ alice: alice.person, bob: bob.person })));
      faults.push(...twice(bob.store.db));
      return { lost, faults };
    } finally {
      alice.store.close();
      bob.store.close();
    }
  } catch (error) {
    return {
      lost: 0,
      faults: [`does not open: ${error instanceof Error ? error.message : error}`],
    };
  }
}

function damage(db: Database, whose: string): string[] {
  const result = db.pragma('integrity_check', { simple: true });
  return result === 'ok' ? [] : [`${whose}: integrity ${String(result)}`];
}

function countLost(alice: Database, bob: Database, acks: readonly string[]): number {
  const sent = alice.prepare('SELECT state FROM events WHERE event = ?').pluck();
  const got = bob.prepare('SELECT state FROM events WHERE event = ?').pluck();
  const doc = alice.prepare("SELECT 1 FROM docs WHERE space = 'record' AND key = ?").pluck();
  const kept = (line: string): boolean => {
    const [what, value = ''] = line.split(' ');
    if (what === 'sealed') return sent.get(fromHex(value)) !== undefined;
    if (what === 'delivered') return sent.get(fromHex(value)) === 1;
    if (what === 'put') return doc.get(Buffer.from(value)) !== undefined;
    if (what === 'stored') return got.get(fromHex(value)) !== undefined;
    return true;
  };
  return acks.filter((line) => !kept(line)).length;
}

function twice(bob: Database): string[] {
  const shown = bob.prepare("SELECT count(*) FROM feed WHERE type = 'message'").pluck().get();
  const different = bob.prepare('SELECT count(DISTINCT event) FROM events').pluck().get();
  const forks = bob.prepare('SELECT count(*) FROM events WHERE fork = 1').pluck().get();
  return shown === different && forks === 0 ? [] : ['receiver: shown twice, or a fork'];
}

type Both = { [name in 'alice' | 'bob']: Awaited<ReturnType<typeof people>>['alice']['person'] };

/** What still waits is sent again, and then one more message, each way. */
async function goOn({ alice, bob }: Both): Promise<string[]> {
  const page = await alice.do({
    op: 'outbox',
    device: bob.self.device,
    after: undefined,
    limitBytes: 1e9,
  });
  for (const envelope of page.envelopes) {
    const reply = await bob.do(await bob.opening(alice, envelope));
    if (reply.outcome === 'refused') return [`resent: ${reply.reason}`];
  }
  const there = await bob.open(alice, await alice.seal(bob, 'after the cut'));
  if (there.outcome !== 'stored' || there.held) return [`after the cut: ${there.outcome}`];
  const back = await alice.open(bob, await bob.seal(alice, 'here too'));
  return back.outcome === 'stored' ? [] : [`back: ${back.outcome}`];
}
