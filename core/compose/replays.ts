/**
 * First flights that were seen, as the vault keeps them: one document each, so that none counts
 * twice after a restart (LNK-6).
 * @module
 */
import { concat, utf8, utf8Text } from '../base/bytes.ts';
import type { Doc, DocChange } from '../base/vault.ts';
import { REPLAY_ENTRIES_MAX, REPLAY_ENTRY_BYTES } from '../link/replay-set.ts';

export class Replays {
  /** By gate, oldest first: what to delete with the gate. */
  readonly seen = new Map<string, Uint8Array[]>();

  /** @param docs the vault's; keys of these are `gate id`, a space, 16 bytes. */
  constructor(docs: readonly Doc[]) {
    for (const { key, space } of docs) {
      if (space !== 'replay') continue;
      const gate = utf8Text(key.subarray(0, key.length - REPLAY_ENTRY_BYTES - 1));
      if (gate === undefined) continue;
      const entries = this.seen.get(gate) ?? [];
      entries.push(key.slice(-REPLAY_ENTRY_BYTES));
      this.seen.set(gate, entries);
    }
  }

  /** @returns what is to be on disk before any reply to these leaves. */
  add(gate: string, entries: readonly Uint8Array[]): DocChange[] {
    const kept = this.seen.get(gate) ?? [];
    const old = kept.slice(0, Math.max(0, kept.length + entries.length - REPLAY_ENTRIES_MAX));
    this.seen.set(gate, [...kept.slice(old.length), ...entries]);
    return [
      ...entries.map((entry) => docOf(gate, entry, new Uint8Array(0))),
      ...old.map((entry) => docOf(gate, entry, undefined)),
    ];
  }

  /** What was kept for gates that are gone goes: nobody can knock there any more. */
  retire(open: ReadonlySet<string>): DocChange[] {
    const docs: DocChange[] = [];
    for (const [gate, entries] of this.seen) {
      if (open.has(gate)) continue;
      docs.push(...entries.map((entry) => docOf(gate, entry, undefined)));
      this.seen.delete(gate);
    }
    return docs;
  }
}

function docOf(gate: string, entry: Uint8Array, value: Uint8Array | undefined): DocChange {
  return { space: 'replay', key: concat(utf8(`${gate} `), entry), value };
}
