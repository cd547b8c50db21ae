/**
 * Attach ids: how the first 32 bytes of a further path name its link, and nothing else (LNK-34).
 *
 *   block b of a link: 16 ids, from its secrets           responder keeps blocks c .. c+3
 *   an id in block d was used: it is gone, c becomes d    initiator counts up, within its window
 *
 * Ids look random, and each works once.
 * @module
 */
import { assert } from '../base/assert.ts';
import { ATTACH_BLOCK_IDS, attachIds, type AttachRoot } from './handshake.ts';
import { OneTimeIds } from './one-time-ids.ts';

/** Blocks that the responder knows ahead. */
export const ATTACH_BLOCKS = 4;

interface Entry<Link> {
  readonly link: Link;
  readonly root: AttachRoot;
  /** Block number and its unused ids; rising. */
  blocks: { number: number; ids: Uint8Array[] }[];
}

/** The responder's side, for all its links. */
export class AttachIndex<Link> {
  readonly #ids = new OneTimeIds<{ readonly entry: Entry<Link>; readonly block: number }>();
  readonly #byLink = new Map<Link, Entry<Link>>();

  /** Ids that are waiting: at most 64 for each link. */
  get size(): number {
    return this.#ids.size;
  }

  add(link: Link, root: AttachRoot): void {
    assert(!this.#byLink.has(link), 'a link enters once');
    const entry: Entry<Link> = { link, root, blocks: [] };
    this.#byLink.set(link, entry);
    this.#extend(entry, 0);
  }

  /** The link that this opening names; it stays usable until `use`. */
  find(opening: Uint8Array): Link | undefined {
    return this.#ids.find(opening)?.entry.link;
  }

  /** A flight with this opening verified: the opening, and all blocks before its own, are gone. */
  use(opening: Uint8Array): void {
    const found = this.#ids.find(opening);
    if (found === undefined) return;
    this.#ids.remove([opening]);
    this.#extend(found.entry, found.block);
  }

  remove(link: Link): void {
    const entry = this.#byLink.get(link);
    if (entry === undefined) return;
    this.#byLink.delete(link);
    for (const { ids } of entry.blocks) this.#ids.remove(ids);
  }

  #extend(entry: Entry<Link>, first: number): void {
    for (const { ids, number } of entry.blocks) if (number < first) this.#ids.remove(ids);
    entry.blocks = entry.blocks.filter((block) => block.number >= first);
    for (let number = first; number < first + ATTACH_BLOCKS; number++) {
      if (entry.blocks.some((block) => block.number === number)) continue;
      const ids = attachIds(entry.root, number);
      entry.blocks.push({ number, ids });
      this.#ids.add(ids, { entry, block: number });
    }
  }
}

/** The initiator's side of one link. */
export class AttachCounter {
  readonly #root: AttachRoot;
  #next = 0;
  /** First index that the responder may not know yet. */
  #end = ATTACH_BLOCKS * ATTACH_BLOCK_IDS;
  #cached: { block: number; ids: Uint8Array[] } | undefined;

  constructor(root: AttachRoot) {
    this.#root = root;
  }

  /**
   * The next unused id with its block, or undefined where the responder would not know it.
   * @param spare so many are left for others.
   */
  take(spare = 0): { opening: Uint8Array; block: number } | undefined {
    if (this.#next >= this.#end - spare) return undefined;
    const index = this.#next++;
    const block = Math.floor(index / ATTACH_BLOCK_IDS);
    if (this.#cached?.block !== block) {
      this.#cached = { block, ids: attachIds(this.#root, block) };
    }
    return { opening: this.#cached.ids[index % ATTACH_BLOCK_IDS]!, block };
  }

  /** An id of this block was answered, so the responder looks ahead from there. */
  confirmed(block: number): void {
    this.#end = Math.max(this.#end, (block + ATTACH_BLOCKS) * ATTACH_BLOCK_IDS);
  }
}
