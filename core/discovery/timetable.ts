/**
 * Timetable: in which epochs two contacts who cannot reach each other look for each other.
 *
 *   word(S, e)    first 4 bytes of KDF(S, "record timetable", e), big-endian
 *                 (its next 4 bytes are the punch slot's)
 *   active(L)     word has at least L trailing zero bits: one epoch in 2^L
 *   level         0 for the first 12 hours apart, one more each time that doubles, at most 5
 *
 * The sets nest: what is active at level 5 is active at every lower one, so two ends that count
 * differently still meet. Hence a node with few absent contacts may act at lower levels than
 * it must (`relief`). Spec: DSC-20 to DSC-22. Pure.
 * @module
 */
import { readUintBE } from '../base/bytes.ts';
import { kdf, LABELS } from '../crypto/kdf.ts';
import type { InviteSecret, PairSecret } from '../crypto/keys.ts';
import { epochBytes } from './epoch.ts';
import { MEAN_PER_S } from './query-budget.ts';

export const LEVEL_MAX = 5;
/** Epochs apart until level 1 begins; level n begins at this times 2^n - 1. */
const LEVEL_EPOCHS = 12;
const WORD_BYTES = 4;
/** Estimated DHT queries of one lookup, and of reading, signing and storing one record. */
export const LOOK_QUERIES = 30;
export const PUBLISH_QUERIES = 90;
/** Absent contacts that half the mean budget serves each epoch: one put, two looks, one back. */
const AFFORDABLE_PER_EPOCH = Math.floor(
  (MEAN_PER_S * 3600) / 2 / (PUBLISH_QUERIES + 3 * LOOK_QUERIES),
);

/** The shared random word of a pair in an epoch. */
export function timetableWord(secret: PairSecret, epoch: number): number {
  return readUintBE(wordsOf(secret, epoch), 0, WORD_BYTES);
}

/** The other one: where in the epoch they punch (docs/spec/path.md). Of an invite's ends too. */
export function punchWord(secret: PairSecret | InviteSecret, epoch: number): number {
  return readUintBE(wordsOf(secret, epoch), WORD_BYTES, WORD_BYTES);
}

function wordsOf(secret: PairSecret | InviteSecret, epoch: number): Uint8Array {
  return kdf(secret.reveal(), LABELS.recordTimetable, epochBytes(epoch), 2 * WORD_BYTES);
}

/** Does a pair at `level` act in the epoch with this word? */
export function isActive(word: number, level: number): boolean {
  return word % 2 ** level === 0;
}

/** The back-off level after so many epochs since the last one both met in. */
export function levelAfter(epochsApart: number): number {
  const doublings = Math.floor(Math.log2(1 + Math.max(0, epochsApart) / LEVEL_EPOCHS));
  return Math.min(doublings, LEVEL_MAX);
}

/**
 * By how many levels everyone may be helped.
 * @param levels back-off levels of all absent contacts.
 * @param affordable how many of them can be served per epoch.
 */
export function relief(levels: readonly number[], affordable = AFFORDABLE_PER_EPOCH): number {
  for (let by = LEVEL_MAX; by > 0; by--) {
    let expected = 0;
    for (const level of levels) expected += 2 ** -Math.max(0, level - by);
    if (expected <= affordable) return by;
  }
  return 0;
}
