/**
 * Knocker: finds one person's door by their ID and keeps a knock lying there (DOR-12, DOR-13).
 *
 *   seeking --door read--> preparing --payload--> minting --paid--> placing --put--> placed
 *      ^  '--no door: later                                     all slots taken: later '
 *      '------------------------- the day is over, or the slot was lost ------------------'
 *
 * A knock lies in one of eight slots, chosen by chance among those that are free, and is put
 * again every hour, exactly as it is. Each day has a door, keys and slots of its own, so each day
 * it is sealed anew. Monotonic ms throughout.
 * @module
 */
import { equal } from '../base/bytes.ts';
import { randomInt, unit, type Random } from '../base/time.ts';
import { sha256 } from '../crypto/hash.ts';
import { ScopedDht, type DhtPort } from './dht-port.ts';
import {
  decodeDoor,
  decodePointer,
  doorSeal,
  pieceSeal,
  pointerKey,
  pointerSeal,
  SLOTS,
  slotKeys,
  type DoorContent,
  type DoorPointer,
} from './door.ts';
import { SEQ_LIMIT, signItem, type FoundItem, type SignedItem } from './item.ts';
import { sealKnock } from './knock.ts';
import { Mint } from './knock-cost.ts';
import type { PutItem } from './operations.ts';
import { COPIES_FEW, fetchPieces, putAll } from './piece-fetch.ts';
import { cutPieces, decodeHead, encodeHead, type Pieced } from './pieces.ts';
import { openItem, sealItem } from './sealed-item.ts';

/** Pauses between looks for a door that is not there; the last one repeats. */
const SEEK_AGAIN_MS = [5, 10, 20, 40, 60, 120, 300, 600].map((seconds) => seconds * 1000);
/** With all slots taken, or a put that reached nobody. */
const FULL_AGAIN_MS = 10 * 60_000;
const PUT_AGAIN_MS = 15_000;
const PUT_EVERY_MS = 3_600_000;
/** Where only few hold it. */
const THIN_AGAIN_MS = 60_000;
/** Two who choose one slot at once notice it by then. */
const CHECK_AFTER_MS = 30_000;

export type KnockStep = 'seeking' | 'preparing' | 'minting' | 'placing' | 'placed' | 'full';

export interface FoundDoor {
  readonly pointer: DoorPointer;
  readonly door: DoorContent;
}

/** Where a knock of ours lies: kept across restarts, so that it takes no second slot. */
export interface PlacedKnock {
  readonly day: number;
  readonly slot: number;
  /** SHA-256 of the head's value. */
  readonly value: Uint8Array;
}

export interface KnockerDeps {
  /** Whose door. */
  readonly identity: Uint8Array;
  readonly random: Random;
  readonly dht: DhtPort;
  nowMs(): number;
  /** The day of network time. */
  day(): number;
  /** Of the device lists told by their doors, the newest version: older ones do not count. */
  listVersion: number;
  placed: PlacedKnock | undefined;
  /** A door was read: what to knock with is to be handed to `handlePayload`. */
  found(found: FoundDoor): void;
  save(placed: PlacedKnock): void;
  /** It stands at another step now. */
  stepped(): void;
}

export class Knocker {
  readonly #deps: KnockerDeps;
  readonly #dht: ScopedDht;
  #step: KnockStep = 'seeking';
  #wakeAtMs: number | undefined;
  #seeks = 0;
  #found: FoundDoor | undefined;
  #mint: Mint | undefined;
  #pieced: Pieced | undefined;
  #placed: PlacedKnock | undefined;
  #item: SignedItem | undefined;
  #checked = false;
  /** Few nodes hold a part of it. */
  #isThin = false;
  /** Slots of this day that are somebody else's. */
  #taken = new Set<number>();

  constructor(deps: KnockerDeps) {
    this.#deps = deps;
    this.#dht = new ScopedDht(deps.dht);
    this.#placed = deps.placed;
    this.#wakeAtMs = deps.nowMs();
  }

  get step(): KnockStep {
    return this.#step;
  }

  /** A person asks for them now. */
  want(): void {
    if (this.#step !== 'seeking' || this.#dht.underWay > 0) return;
    this.#seeks = 0;
    this.#wakeAtMs = this.#deps.nowMs();
  }

  stop(): void {
    this.#dht.takeAllBack();
    this.#wakeAtMs = undefined;
  }

  wakeAtMs(): number | undefined {
    return this.#wakeAtMs;
  }

  handleTimeout(): void {
    const nowMs = this.#deps.nowMs();
    if (this.#wakeAtMs === undefined || nowMs < this.#wakeAtMs) return;
    this.#wakeAtMs = undefined;
    if (this.#step === 'seeking') return this.#seek();
    if (this.#step === 'minting') return this.#mintOn();
    if (this.#step === 'placed' && !this.#checked) return this.#check();
    if (this.#found?.pointer.day !== this.#deps.day()) return this.#startOver();
    if (this.#step === 'placed') return this.#putAgain();
    if (this.#step === 'full') {
      this.#taken.clear();
      this.#place();
    } else if (this.#step === 'placing') this.#place();
  }

  /** What to knock with at the door that was found; undefined: not now. */
  handlePayload(payload: Uint8Array | undefined): void {
    if (this.#step !== 'preparing' || !this.#found) return;
    const { door, pointer } = this.#found;
    const body = payload && sealKnock(payload, pointer, door.knockKey, this.#deps.random);
    if (!body) return this.#notFound();
    this.#pieced = cutPieces(body, pieceSeal(door.slotSeed), this.#deps.random);
    const { hash: bodyHash } = this.#pieced.head;
    const cost = { doorKey: pointer.doorKey, day: pointer.day, bodyHash };
    this.#mint = new Mint(cost, door.costBits, this.#deps.random);
    this.#enter('minting');
    this.#wakeAtMs = this.#deps.nowMs();
  }

  // Their door

  #startOver(): void {
    this.#seeks = 0;
    this.#enter('seeking');
    this.#seek();
  }

  #seek(): void {
    const { identity } = this.#deps;
    const day = this.#deps.day();
    const publicKey = pointerKey(identity, day);
    if (!publicKey) return; // no key that anybody could have made: nothing will ever lie there
    this.#dht.get({ publicKey }, ({ item }) => {
      const opened = item && openItem(item.value, pointerSeal(identity, day));
      const pointer = opened?.ok ? decodePointer(opened.inside, day) : undefined;
      if (!pointer || pointer.list.version < this.#deps.listVersion) return this.#notFound();
      this.#readDoor(pointer);
    });
  }

  #readDoor(pointer: DoorPointer): void {
    const { day, doorKey } = pointer;
    const seal = doorSeal(doorKey, day);
    this.#dht.get({ publicKey: doorKey }, ({ item }) => {
      const opened = item && openItem(item.value, seal);
      const head = opened?.ok ? decodeHead(opened.inside) : undefined;
      if (!head) return this.#notFound();
      fetchPieces(this.#dht, head, seal, (content) => {
        const door = content && decodeDoor(content);
        if (!door) return this.#notFound();
        this.#enter('preparing');
        this.#found = { pointer, door };
        this.#taken.clear();
        this.#deps.listVersion = Math.max(this.#deps.listVersion, pointer.list.version);
        this.#deps.found(this.#found);
      });
    });
  }

  #notFound(): void {
    this.#enter('seeking');
    const pauseMs = SEEK_AGAIN_MS[Math.min(this.#seeks++, SEEK_AGAIN_MS.length - 1)]!;
    this.#wakeIn(pauseMs);
  }

  // Our knock

  #mintOn(): void {
    const proof = this.#mint!.step();
    if (!proof) {
      this.#wakeAtMs = this.#deps.nowMs();
      return;
    }
    this.#pieced = { ...this.#pieced!, head: { ...this.#pieced!.head, proof } };
    this.#mint = undefined;
    this.#item = undefined;
    this.#place();
  }

  /** Tries the slot we had, then the others in an order of chance, until one is free. */
  #place(): void {
    this.#enter('placing');
    const { day } = this.#found!.pointer;
    const had = this.#placed?.day === day ? this.#placed.slot : undefined;
    const free = Array.from({ length: SLOTS }, (_, slot) => slot).filter(
      (slot) => !this.#taken.has(slot),
    );
    if (free.length === 0) {
      this.#enter('full');
      return this.#wakeIn(FULL_AGAIN_MS);
    }
    const ours = had !== undefined && free.includes(had) ? had : undefined;
    this.#try(ours ?? free[randomInt(this.#deps.random, free.length)]!);
  }

  #try(slot: number): void {
    const { signer } = slotKeys(this.#found!.door.slotSeed, slot);
    this.#dht.get({ publicKey: signer.publicKey }, ({ item, responders }) => {
      if (responders === 0) return this.#wakeIn(PUT_AGAIN_MS);
      const next = (item?.seq ?? 0n) + 1n;
      // Who has the ID can sign our own head again, with a number that leaves us none.
      if (next >= SEQ_LIMIT || (item && !this.#isOurs(slot, item))) {
        this.#taken.add(slot);
        return this.#place();
      }
      this.#putInto(slot, next);
    });
  }

  #isOurs(slot: number, { raw }: FoundItem): boolean {
    const { day } = this.#found!.pointer;
    const placed = this.#placed;
    return placed?.day === day && placed.slot === slot && equal(placed.value, sha256(raw));
  }

  #putInto(slot: number, seq: bigint): void {
    const { door, pointer } = this.#found!;
    const { seal, signer } = slotKeys(door.slotSeed, slot);
    const value = sealItem(encodeHead(this.#pieced!.head), seal, this.#deps.random);
    this.#item = signItem(signer, { seq, value });
    this.#placed = { day: pointer.day, slot, value: sha256(this.#item.raw) };
    this.#deps.save(this.#placed);
    this.#checked = false;
    this.#putAgain();
  }

  /** All of it, exactly as it is; the head last, so that who finds it finds the pieces too. */
  #putAgain(): void {
    this.#enter('placing');
    const pieces: PutItem[] = this.#pieced!.pieces.map((immutable) => ({ immutable }));
    putAll(this.#dht, pieces, (copies) => {
      if (copies === 0) return this.#wakeIn(PUT_AGAIN_MS);
      putAll(this.#dht, [this.#item!], (heads) => {
        if (heads === 0) return this.#wakeIn(PUT_AGAIN_MS);
        this.#enter('placed');
        this.#isThin = Math.min(copies, heads) < COPIES_FEW;
        this.#checked = false;
        this.#wakeIn(CHECK_AFTER_MS);
      });
    });
  }

  /** Is it still ours that lies there? */
  #check(): void {
    const { slot } = this.#placed!;
    const { signer } = slotKeys(this.#found!.door.slotSeed, slot);
    this.#dht.get({ publicKey: signer.publicKey }, ({ item }) => {
      this.#checked = true;
      const againMs = this.#isThin ? THIN_AGAIN_MS : PUT_EVERY_MS - CHECK_AFTER_MS;
      if (!item || this.#isOurs(slot, item)) return this.#wakeIn(againMs);
      this.#taken.add(slot);
      this.#place();
    });
  }

  #enter(step: KnockStep): void {
    this.#step = step;
    this.#deps.stepped();
  }

  #wakeIn(pauseMs: number): void {
    const jitter = 0.9 + 0.1 * unit(this.#deps.random);
    this.#wakeAtMs = this.#deps.nowMs() + pauseMs * jitter;
  }
}
