/**
 * Attach ids: how the first 32 bytes of a further path name its link, and nothing else (LNK-34).
 *
 *   block b of a link: 16 ids, from its secrets           responder keeps blocks c .. c+3
 *   an id in block d was used: it is gone, c becomes d    initiator counts up, within its window
 *
 * Ids look random, each works once, and one map finds the link: no trial of every link, no state
 * for bytes that name none.
 * @module
 */
import { assert } from '../base/assert.ts';
import { equal, readUintBE } from '../base/bytes.ts';
import { ATTACH_BLOCK_IDS, attachIds, type AttachRoot } from './handshake.ts';

/** Blocks that the responder knows ahead. */
export const ATTACH_BLOCKS = 4;
/** A number holds them exactly. */
const KEY_BYTES = 6;

interface Entry<Link> {
  readonly link: Link;
  readonly root: AttachRoot;
  /** Block number and its unused ids; rising. */
  blocks: { number: number; ids: Uint8Array[] }[];
}

/** The responder's side, for all its links. */
export class AttachIndex<Link> {
  readonly #byId = new Map<number, { id: Uint8Array; entry: Entry<Link>; block: number }>();
  readonly #byLink = new Map<Link, Entry<Link>>();

  /** Ids that are waiting: at most 64 for each link. */
  get size(): number {
    return this.#byId.size;
  }

  add(link: Link, root: AttachRoot): void {
    assert(!this.#byLink.has(link), 'a link enters once');
    const entry: Entry<Link> = { link, root, blocks: [] };
    this.#byLink.set(link, entry);
    this.#extend(entry, 0);
  }

  /** The link that this opening names; it stays usable until `use`. */
  find(opening: Uint8Array): Link | undefined {
    const found = this.#byId.get(keyOf(opening));
    return found && equal(found.id, opening) ? found.entry.link : undefined;
  }

  /** A flight with this opening verified: the opening, and all blocks before its own, are gone. */
  use(opening: Uint8Array): void {
    const key = keyOf(opening);
    const found = this.#byId.get(key);
    if (found === undefined) return;
    this.#byId.delete(key);
    this.#extend(found.entry, found.block);
  }

  remove(link: Link): void {
    const entry = this.#byLink.get(link);
    if (entry === undefined) return;
    this.#byLink.delete(link);
    for (const block of entry.blocks) for (const id of block.ids) this.#byId.delete(keyOf(id));
  }

  #extend(entry: Entry<Link>, first: number): void {
    for (const block of entry.blocks) {
      if (block.number < first) for (const id of block.ids) this.#byId.delete(keyOf(id));
    }
    entry.blocks = entry.blocks.filter((block) => block.number >= first);
    for (let number = first; number < first + ATTACH_BLOCKS; number++) {
      if (entry.blocks.some((block) => block.number === number)) continue;
      const ids = attachIds(entry.root, number);
      entry.blocks.push({ number, ids });
      for (const id of ids) this.#byId.set(keyOf(id), { id, entry, block: number });
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

/** A part that a map finds fast: every datagram of a stranger is looked up. */
function keyOf(id: Uint8Array): number {
  return readUintBE(id, 0, KEY_BYTES);
}
