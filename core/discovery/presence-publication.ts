/**
 * Publication: our record at one rendezvous, and the rules that keep its numbers straight.
 *
 *   idle --check--> checking --got--> saving --stored--> putting --put-done--> idle
 *                      '--nothing to put--> idle   '--not stored--> idle
 *
 * - Before every put the target is read. What lies there decides: our own bytes are put again
 *   unchanged; for anything else the next item takes seq = max(ours, seen) + 1 (DSC-14).
 * - Finished bytes are stored before their first put, so no two values ever share a seq (DSC-15).
 * - Each record carries a mark that only we can make, over the key and seq it was written for. A
 *   marked record with a seq we never used was written by a second copy of this device (DSC-16).
 *   One without is the other end's scribble, which hurts nobody else.
 *
 * seq starts at 1 in each epoch, so that it links no two epochs. Should a clock fault bring us
 * back to an epoch we published in before, it starts above every seq we ever used (DSC-17).
 * @module
 */
import { concat, equal, uintBE } from '../base/bytes.ts';
import type { Random } from '../base/time.ts';
import { kdf, LABELS } from '../crypto/kdf.ts';
import { equalSecret } from '../crypto/mac.ts';
import type { RecordKeys } from './epoch.ts';
import { SEQ_LIMIT, signItem, type FoundItem, type SignedItem } from './item.ts';
import type { EpochRange, MarkSecret, OwnItem } from './presence-saved.ts';
import { MARK_BYTES, openRecord, sealRecord, type PresenceRecord } from './record.ts';

/** Ranges of epochs remembered; the two nearest are joined beyond that. */
export const RANGES_MAX = 8;

export type Verdict =
  | { readonly verdict: 'put'; readonly own: OwnItem }
  /** A second copy of this device writes here. */
  | { readonly verdict: 'copy' }
  /** The other end has used up the numbers of this epoch: our record cannot be put in it. */
  | { readonly verdict: 'spoiled' };

export class Publication {
  #own: OwnItem | undefined;
  #highestSeq: number;
  #visited: readonly EpochRange[];
  /** Are the bytes of `own` on disk? */
  stored: boolean;

  constructor(
    readonly mark: MarkSecret,
    saved: {
      readonly own: OwnItem | undefined;
      readonly highestSeq: number;
      readonly visited: readonly EpochRange[];
    },
  ) {
    this.#own = saved.own;
    this.#highestSeq = saved.highestSeq;
    this.#visited = saved.visited;
    this.stored = saved.own !== undefined;
  }

  get own(): OwnItem | undefined {
    return this.#own;
  }
  get highestSeq(): number {
    return this.#highestSeq;
  }
  get visited(): readonly EpochRange[] {
    return this.#visited;
  }

  /**
   * Decides what to put in `epoch`, after its target was read.
   * @param seen what lies there, verified against the public key of `keys`.
   * @param record what we say now, without mark.
   */
  prepare(
    epoch: number,
    keys: RecordKeys,
    seen: FoundItem | undefined,
    record: PresenceRecord,
    random: Random,
  ): Verdict {
    if (seen && this.isCopy(epoch, keys, seen)) return { verdict: 'copy' };
    const ours = this.#own?.epoch === epoch ? this.#own : undefined;
    const again = ours === undefined && this.#visitedBefore(epoch);
    const seenSeq = seen?.seq ?? 0n;
    if (ours?.generation === record.generation && isNewest(ours.item, seen)) {
      return { verdict: 'put', own: ours };
    }
    // Ours may be as high as theirs: it followed a number that they had put there.
    const next = 1 + Math.max(ours?.seq ?? 0, again ? this.#highestSeq : 0, Number(seenSeq));
    if (next >= SEQ_LIMIT) return { verdict: 'spoiled' };
    return { verdict: 'put', own: this.#write(epoch, keys, next, record, random) };
  }

  /** Did a second copy of this device write what lies there? */
  isCopy(epoch: number, keys: RecordKeys, seen: FoundItem): boolean {
    const seq = seen.seq ?? 0n;
    if (seq >= SEQ_LIMIT || !isMarked(seen, keys, this.mark)) return false;
    if (this.#own?.epoch === epoch) {
      const { seq: ownSeq, item } = this.#own;
      return seq > BigInt(ownSeq) || (seq === BigInt(ownSeq) && !equal(seen.raw, item.raw));
    }
    // What we wrote here before the clock went astray is not known any more, but its bound is.
    return seq > BigInt(this.#visitedBefore(epoch) ? this.#highestSeq : 0);
  }

  #write(
    epoch: number,
    keys: RecordKeys,
    seq: number,
    record: PresenceRecord,
    random: Random,
  ): OwnItem {
    const mark = markOf(this.mark, keys.signing.publicKey, seq);
    const value = sealRecord({ ...record, mark }, keys.sealing, random);
    const item = signItem(keys.signing, { seq, value });
    this.#own = { epoch, seq, generation: record.generation, item };
    this.#highestSeq = Math.max(this.#highestSeq, seq);
    this.#visited = withEpoch(this.#visited, epoch);
    this.stored = false;
    return this.#own;
  }

  /** Other keys from now on: what was put under the former ones is not put again. */
  forgetItem(): void {
    this.#own = undefined;
  }

  #visitedBefore(epoch: number): boolean {
    return this.#visited.some(([first, last]) => epoch >= first && epoch <= last);
  }
}

/** Nothing newer, and nothing else under the same number, lies in the DHT. */
function isNewest(item: SignedItem, seen: FoundItem | undefined): boolean {
  if (!seen || seen.seq === undefined || seen.seq < item.seq) return true;
  return seen.seq === item.seq && equal(seen.raw, item.raw);
}

/** 16 bytes over whose key and which seq a record was written for. */
function markOf(mark: MarkSecret, publicKey: Uint8Array, seq: number): Uint8Array {
  const info = concat(publicKey, uintBE(seq, 6));
  return kdf(mark.reveal(), LABELS.recordMark, info, MARK_BYTES);
}

function isMarked(seen: FoundItem, keys: RecordKeys, mark: MarkSecret): boolean {
  const opened = openRecord(seen.value, keys.sealing);
  if (!opened.ok || !opened.record.mark) return false;
  const expected = markOf(mark, keys.signing.publicKey, Number(seen.seq));
  return equalSecret(opened.record.mark, expected);
}

/** Adds an epoch to sorted, disjoint ranges. */
function withEpoch(ranges: readonly EpochRange[], epoch: number): readonly EpochRange[] {
  const all = [...ranges, [epoch, epoch] as EpochRange].sort((a, b) => a[0] - b[0]);
  const joined: EpochRange[] = [];
  for (const range of all) {
    const last = joined.at(-1);
    if (last && range[0] <= last[1] + 1) {
      joined[joined.length - 1] = [last[0], Math.max(last[1], range[1])];
    } else joined.push(range);
  }
  while (joined.length > RANGES_MAX) joinNearest(joined);
  return joined;
}

function joinNearest(ranges: EpochRange[]): void {
  let at = 1;
  for (let i = 2; i < ranges.length; i++) {
    const gap = ranges[i]![0] - ranges[i - 1]![1];
    if (gap < ranges[at]![0] - ranges[at - 1]![1]) at = i;
  }
  ranges.splice(at - 1, 2, [ranges[at - 1]![0], ranges[at]![1]]);
}
