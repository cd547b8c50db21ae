/**
 * Door keeper: keeps an open door findable and looks who knocked (DOR-6, DOR-7, DOR-10, DOR-11).
 *
 *   open    put each day's items at once and then every hour; look into its slots every 15 ± 5
 *           minutes, and at once when a person asks
 *   shut    nothing at all: what is under way is taken back
 *
 *   slot --get--> head --one hash: does the proof pay?--> pieces --> knock, handed over until read
 *
 * A head that was read, or does not pay, costs nothing more; one whose pieces cannot be had, or
 * whose knock could not be looked at, is tried a few times, and then once an hour, as often as a
 * knock is put again. Monotonic ms throughout.
 * @module
 */
import { BoundedMap } from '../base/bounded.ts';
import { hex } from '../base/bytes.ts';
import { earliest, unit, type Random } from '../base/time.ts';
import { ScopedDht, type DhtPort } from './dht-port.ts';
import { pieceSeal, SLOTS, slotKeys } from './door.ts';
import type { FoundItem } from './item.ts';
import { proofBits } from './knock-cost.ts';
import type { PutItem } from './operations.ts';
import { COPIES_FEW, fetchPieces, putAll } from './piece-fetch.ts';
import { decodeHead, type Head } from './pieces.ts';
import { openItem } from './sealed-item.ts';

export const PUT_EVERY_MS = 3_600_000;
export const LOOK_EVERY_MS = 15 * 60_000;
export const LOOK_JITTER_MS = 5 * 60_000;
/** Pauses after a put that reached too few; the last one repeats. */
const PUT_AGAIN_MS = [15, 30, 60, 300].map((seconds) => seconds * 1000);
/** Heads whose fate is remembered, and how often they are tried at once in vain. */
const HEADS_MAX = 256;
const FETCHES_AT_ONCE = 4;

/** One day of our door, finished: what is put, and where people knock. */
export interface OpenDay {
  readonly day: number;
  readonly doorKey: Uint8Array;
  readonly slotSeed: Uint8Array;
  readonly costBits: number;
  /** Pointer, head and pieces; none for a day that is over and only looked at. */
  readonly items: readonly PutItem[];
}

export interface ArrivedKnock {
  readonly day: number;
  readonly body: Uint8Array;
  /** Zero bits of its cost proof. */
  readonly bits: number;
}

export interface KeeperState {
  readonly putAtMs: number | undefined;
  readonly copies: number;
  readonly lookedAtMs: number | undefined;
  /** Slots in which something lay at the last look. */
  readonly slotsTaken: number;
}

/** What became of a head. */
interface Fetched {
  readonly tries: number;
  /** Not before: never again where they were read. */
  readonly againAtMs: number;
}

interface Keeping {
  readonly open: OpenDay;
  putAtMs: number | undefined;
  failures: number;
}

export class DoorKeeper {
  readonly #random: Random;
  readonly #nowMs: () => number;
  readonly #dht: ScopedDht;
  readonly #knocked: (knock: ArrivedKnock, done: (isRead: boolean) => void) => void;
  #days: Keeping[] = [];
  #lookAtMs: number | undefined;
  /** Reads under way in the present look. */
  #reading = 0;
  #taken = 0;
  #waiting: (() => void)[] = [];
  readonly #heads = new BoundedMap<string, Fetched>(HEADS_MAX);
  #state = {
    putAtMs: undefined as number | undefined,
    copies: 0,
    lookedAtMs: undefined as number | undefined,
    slotsTaken: 0,
  };
  /** Heads that are being read: one in all slots is read once. */
  readonly #fetching = new Set<string>();
  readonly #counters = { looks: 0, heads: 0, unpaid: 0, lostPieces: 0, knocks: 0 };

  constructor(deps: {
    readonly random: Random;
    readonly dht: DhtPort;
    nowMs(): number;
    /** `done(false)` where it could not be looked at: it is handed over again later. */
    knocked(knock: ArrivedKnock, done: (isRead: boolean) => void): void;
  }) {
    this.#random = deps.random;
    this.#nowMs = deps.nowMs;
    this.#dht = new ScopedDht(deps.dht);
    this.#knocked = deps.knocked;
  }

  get state(): KeeperState {
    return this.#state;
  }

  /** The days that are open now; none: the door is shut. Days that stay keep their times. */
  setDays(days: readonly OpenDay[]): void {
    const nowMs = this.#nowMs();
    if (days.length === 0) return this.#shut();
    this.#days = days.map((open) => {
      const known = this.#days.find((keeping) => keeping.open === open);
      const putAtMs = open.items.length > 0 ? nowMs : undefined;
      return known ?? { open, putAtMs, failures: 0 };
    });
    this.#lookAtMs ??= nowMs + LOOK_JITTER_MS * unit(this.#random);
  }

  /** Looks into every slot now; `done` runs when all that is there was read, or on shutting. */
  look(done: () => void): void {
    this.#waiting.push(done);
    if (this.#days.length === 0) return this.#looked();
    if (this.#reading === 0) this.#look();
  }

  handleTimeout(): void {
    const nowMs = this.#nowMs();
    for (const keeping of this.#days) {
      if (keeping.putAtMs !== undefined && nowMs >= keeping.putAtMs) this.#put(keeping);
    }
    if (this.#lookAtMs !== undefined && nowMs >= this.#lookAtMs && this.#reading === 0) {
      this.#look();
    }
  }

  wakeAtMs(): number | undefined {
    const looking = this.#reading > 0 ? undefined : this.#lookAtMs;
    return earliest(looking, ...this.#days.map(({ putAtMs }) => putAtMs));
  }

  stats(): Record<string, number> {
    return {
      ...this.#counters,
      days: this.#days.length,
      remembered: this.#heads.size,
      underWay: this.#dht.underWay,
    };
  }

  #shut(): void {
    this.#dht.takeAllBack();
    this.#days = [];
    this.#lookAtMs = undefined;
    this.#reading = 0;
    this.#fetching.clear();
    this.#state = { putAtMs: undefined, copies: 0, lookedAtMs: undefined, slotsTaken: 0 };
    this.#answerWaiting();
  }

  #put(keeping: Keeping): void {
    keeping.putAtMs = undefined;
    putAll(this.#dht, keeping.open.items, (copies) => {
      const nowMs = this.#nowMs();
      const again = PUT_AGAIN_MS[Math.min(keeping.failures, PUT_AGAIN_MS.length - 1)]!;
      const isSafe = copies >= COPIES_FEW;
      keeping.failures = isSafe ? 0 : keeping.failures + 1;
      const pauseMs = isSafe ? PUT_EVERY_MS : again;
      keeping.putAtMs = nowMs + pauseMs * (0.9 + 0.1 * unit(this.#random));
      if (copies > 0) this.#state = { ...this.#state, putAtMs: nowMs, copies };
    });
  }

  #look(): void {
    this.#counters.looks++;
    this.#lookAtMs = undefined;
    this.#taken = 0;
    this.#reading = 1; // so that answers that come at once do not end the look
    for (const { open } of this.#days) {
      for (let slot = 0; slot < SLOTS; slot++) this.#readSlot(open, slot);
    }
    this.#readDone();
  }

  #readSlot(open: OpenDay, slot: number): void {
    const { seal, signer } = slotKeys(open.slotSeed, slot);
    this.#reading++;
    this.#dht.get({ publicKey: signer.publicKey }, ({ item }) => {
      const head = item && this.#headOf(item, seal);
      if (item) this.#taken++;
      if (head) this.#readKnock(open, head);
      this.#readDone();
    });
  }

  #headOf(item: FoundItem, seal: ReturnType<typeof slotKeys>['seal']): Head | undefined {
    const opened = openItem(item.value, seal);
    return opened.ok ? decodeHead(opened.inside) : undefined;
  }

  #readKnock({ costBits, day, doorKey, slotSeed }: OpenDay, head: Head): void {
    const key = `${day} ${hex(head.hash)}`;
    const { againAtMs = 0, tries = 0 } = this.#heads.get(key) ?? {};
    if (this.#nowMs() < againAtMs || this.#fetching.has(key)) return;
    this.#counters.heads++;
    const cost = { doorKey, day, bodyHash: head.hash };
    const bits = head.proof ? proofBits(cost, head.proof) : -1;
    if (bits < costBits) {
      // Not remembered: another head may bring the same body with a proof that pays.
      this.#counters.unpaid++;
      return;
    }
    this.#reading++;
    this.#fetching.add(key);
    fetchPieces(this.#dht, head, pieceSeal(slotSeed), (body) => {
      const settle = (isRead: boolean): void => {
        this.#fetching.delete(key);
        this.#heads.set(key, this.#fetched(tries + 1, isRead));
      };
      this.#counters[body ? 'knocks' : 'lostPieces']++;
      if (body) this.#knocked({ day, body, bits }, settle);
      else settle(false);
      this.#readDone();
    });
  }

  #fetched(tries: number, isRead: boolean): Fetched {
    if (isRead) return { tries, againAtMs: Infinity };
    return { tries, againAtMs: tries < FETCHES_AT_ONCE ? 0 : this.#nowMs() + PUT_EVERY_MS };
  }

  #readDone(): void {
    this.#reading--;
    if (this.#reading === 0) this.#looked();
  }

  #looked(): void {
    const nowMs = this.#nowMs();
    if (this.#days.length > 0) {
      const jitterMs = LOOK_JITTER_MS * (2 * unit(this.#random) - 1);
      this.#lookAtMs = nowMs + LOOK_EVERY_MS + jitterMs;
      this.#state = { ...this.#state, lookedAtMs: nowMs, slotsTaken: this.#taken };
    }
    this.#answerWaiting();
  }

  #answerWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const done of waiting) done();
  }
}
