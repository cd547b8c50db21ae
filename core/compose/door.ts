/**
 * Front door: whether people who have our ID can knock, and the bytes by which they do (DOR-1 to
 * DOR-7, DOR-16). Shut until its person opens it; shut means that nothing is put or asked.
 *
 *   shut --door-open--> open: sign pointers ahead, make the day's door, keep both lying there, look
 *    ^                    |   who knocked; by relays, or from our own address where a person
 *    '-----door-shut------'   agreed and no relay is there
 *
 * Pointers are signed one at a time, day after day: a signature takes some milliseconds.
 * @module
 */
import { earliest } from '../base/time.ts';
import type { Doc, DocChange } from '../base/vault.ts';
import type { DoorView } from '../commands.ts';
import { dhPublicKey } from '../crypto/dh.ts';
import { Secret } from '../crypto/keys.ts';
import {
  DAY_MS,
  dayOf,
  doorSeal,
  doorSigner,
  encodeDoor,
  encodePointer,
  pointerSeal,
  pointerSigner,
  SLOTS,
} from '../discovery/door.ts';
import { DoorKeeper, type ArrivedKnock, type OpenDay } from '../discovery/door-keeper.ts';
import {
  dayDoc,
  doorDoc,
  loadDoor,
  pointerDoc,
  type SavedDay,
  type SavedDoor,
  type SavedFrontDoor,
} from '../discovery/door-saved.ts';
import { signItem } from '../discovery/item.ts';
import { openKnock } from '../discovery/knock.ts';
import { COST_BITS } from '../discovery/knock-cost.ts';
import { cutPieces, encodeHead } from '../discovery/pieces.ts';
import { sealItem } from '../discovery/sealed-item.ts';
import { decodeKnock, type Knock } from '../people/knock.ts';
import { failed, type Context } from './context.ts';
import type { Finding } from './finding.ts';
import type { Me } from './self.ts';
import { VERSIONS } from './versions.ts';

/** Pointers are signed for so many days, today's included. */
export const DAYS_AHEAD = 30;
/** Tomorrow's door is there so long before midnight, yesterday's is looked at so long after. */
const EARLY_MS = 3_600_000;
const LATE_MS = 2 * 3_600_000;
/** A clock that was set, or a night's sleep, is noticed by then. */
const CLOCK_CHECK_MS = 300_000;
const SAVE_AGAIN_MS = 10_000;

export class Door {
  readonly #saved: SavedFrontDoor;
  readonly #keeper: DoorKeeper;
  /** The finished days handed to the keeper, by day; one object each, for it goes by them. */
  #open = new Map<number, OpenDay>();
  #wakeAtMs: number | undefined;
  #saving = false;
  /** What the vault refused: nothing of it leaves before it is there. */
  #unsaved: readonly DocChange[] = [];

  constructor(
    private readonly context: Context,
    private readonly me: Me,
    private readonly finding: Pick<Finding, 'strangers' | 'canHide' | 'networkMs'>,
    docs: readonly Doc[],
    private readonly ports: {
      /** Our prekey bundle of now. */
      bundle(): Uint8Array;
      /** `done(false)` where it has to come again. */
      knocked(knock: Knock, bits: number, done: (isRead: boolean) => void): void;
    },
  ) {
    this.#saved = loadDoor(docs);
    this.#keeper = new DoorKeeper({
      random: context.random,
      dht: finding.strangers(() => this.#mayShow),
      nowMs: () => context.now.monoMs,
      knocked: (knock, done) => this.#knocked(knock, done),
    });
    if (this.isOpen) this.#wakeAtMs = context.now.monoMs;
  }

  get isOpen(): boolean {
    return this.#saved.door?.open === true;
  }

  /** Does it, or would it, hide our address from those who have our ID? */
  get isHidden(): boolean {
    if (this.isOpen) return !this.#mayShow;
    return this.#hides || this.finding.canHide;
  }

  /** Who hides by default agreed to nothing else. */
  get #mayShow(): boolean {
    return this.#saved.door?.agreed === true && !this.#hides;
  }

  get #hides(): boolean {
    return this.context.profile.policy === 'hidden';
  }

  view(): DoorView {
    const { copies, lookedAtMs, putAtMs, slotsTaken } = this.#keeper.state;
    const { monoMs, wallMs } = this.context.now;
    const wall = (atMs: number | undefined): number | undefined =>
      atMs === undefined ? undefined : Math.round(wallMs - (monoMs - atMs));
    const days = [...this.#saved.pointers.keys()];
    return {
      open: this.isOpen,
      hidden: this.isHidden,
      signedUntilMs: days.length === 0 ? undefined : (Math.max(...days) + 1) * DAY_MS,
      putMs: wall(putAtMs),
      copies,
      lookedMs: wall(lookedAtMs),
      slotsTaken,
      slots: SLOTS,
    };
  }

  /**
   * `done(false)` where the vault refused: nothing has changed then.
   * @param agreed it may show our address while no relay hides it.
   */
  open(agreed: boolean, done: (ok: boolean) => void): void {
    const door = this.#saved.door ?? {
      secret: new Secret('door', this.context.random(32)),
      generation: 0,
      listVersion: this.me.list.version,
    };
    this.#set({ ...door, open: true, agreed: agreed || (this.isOpen && this.#mayShow) }, done);
  }

  /** Nothing more is put from this moment on, whatever the vault says. */
  shut(done: (ok: boolean) => void): void {
    const { door } = this.#saved;
    this.#keeper.setDays([]);
    this.#open.clear();
    this.#wakeAtMs = undefined;
    if (!door) return done(true);
    this.#saved.door = { ...door, open: false, agreed: false };
    this.#set(this.#saved.door, done);
  }

  /** Looks who has knocked; `done` once everything there was read. */
  look(done: () => void): void {
    this.#keeper.look(done);
  }

  handleTimeout(): void {
    const { monoMs } = this.context.now;
    this.#keeper.handleTimeout();
    if (this.#wakeAtMs === undefined || monoMs < this.#wakeAtMs || this.#saving) return;
    this.#wakeAtMs = monoMs + CLOCK_CHECK_MS;
    this.#keepDays();
  }

  wakeAtMs(): number | undefined {
    return earliest(this.#keeper.wakeAtMs(), this.#saving ? undefined : this.#wakeAtMs);
  }

  stats(): Record<string, number> {
    const { days, pointers } = this.#saved;
    return { ...this.#keeper.stats(), pointers: pointers.size, savedDays: days.size };
  }

  #set(door: SavedDoor, done: (ok: boolean) => void): void {
    this.context.vault({ op: 'put', docs: [doorDoc(door)] }, (reply) => {
      if (failed(reply)) return done(false);
      this.#saved.door = door;
      if (door.open) this.#wakeAtMs = this.context.now.monoMs;
      done(true);
    });
  }

  /** Which days are open now; what is missing for them is made and stored first. */
  #keepDays(): void {
    const { door } = this.#saved;
    if (!door?.open) return;
    if (this.#unsaved.length > 0) return this.#store(this.#unsaved);
    const networkMs = this.finding.networkMs;
    const today = dayOf(networkMs);
    const sinceMs = networkMs - today * DAY_MS;
    const days = sinceMs >= DAY_MS - EARLY_MS ? [today, today + 1] : [today];
    const docs: DocChange[] = [...this.#forgetOld(today), ...this.#signOne(door, today)];
    for (const day of days) if (!this.#saved.days.has(day)) docs.push(this.#makeDay(door, day));
    if (docs.length > 0) return this.#store(docs);
    const late = sinceMs < LATE_MS ? [today - 1] : [];
    this.#hand(door, [...late, ...days], today);
  }

  /** Finished bytes are on disk before the first of them leaves. */
  #store(docs: readonly DocChange[]): void {
    this.#saving = true;
    this.context.vault({ op: 'put', docs }, (reply) => {
      this.#saving = false;
      this.#unsaved = failed(reply) ? docs : [];
      if (!this.isOpen) return;
      const { monoMs } = this.context.now;
      this.#wakeAtMs = failed(reply) ? monoMs + SAVE_AGAIN_MS : monoMs;
    });
  }

  #hand(door: SavedDoor, days: readonly number[], today: number): void {
    const open = new Map<number, OpenDay>();
    for (const day of days) {
      const saved = this.#saved.days.get(day);
      const pointer = this.#saved.pointers.get(day);
      if (!saved || (!pointer && day >= today)) continue;
      const isOver = day < today;
      const known = this.#open.get(day);
      if (known && isOver === (known.items.length === 0)) {
        open.set(day, known);
        continue;
      }
      const { costBits, head, pieces, slotSeed } = saved;
      const content = pieces.map((immutable) => ({ immutable }));
      const items = isOver ? [] : [...content, head, pointer!];
      const { publicKey: doorKey } = doorSigner(door.secret, day);
      open.set(day, { day, doorKey, slotSeed, costBits, items });
    }
    this.#open = open;
    this.#keeper.setDays([...open.values()]);
  }

  /** Keys of days at which nobody knocks any more are gone: what was said there stays secret. */
  #forgetOld(today: number): DocChange[] {
    const docs: DocChange[] = [];
    for (const day of [...this.#saved.days.keys()]) {
      if (day >= today - 1 && day <= today + DAYS_AHEAD) continue;
      this.#saved.days.delete(day);
      docs.push(dayDoc(day, undefined));
    }
    for (const day of [...this.#saved.pointers.keys()]) {
      if (day >= today && day < today + DAYS_AHEAD) continue;
      this.#saved.pointers.delete(day);
      docs.push(pointerDoc(day, undefined));
    }
    return docs;
  }

  /** Signs the first pointer that is missing, or that names an older device list. */
  #signOne(door: SavedDoor, today: number): DocChange[] {
    const { identityKey, list } = this.me;
    if (!identityKey) return [];
    const docs: DocChange[] = [];
    let { generation } = door;
    if (generation === 0 || door.listVersion !== list.version) {
      generation++;
      this.#saved.pointers.clear();
      this.#saved.door = { ...door, generation, listVersion: list.version };
      docs.push(doorDoc(this.#saved.door));
    }
    for (let day = today; day < today + DAYS_AHEAD; day++) {
      if (this.#saved.pointers.has(day)) continue;
      const { publicKey: doorKey } = doorSigner(door.secret, day);
      const signer = pointerSigner(identityKey, this.me.identity, day);
      const seal = pointerSeal(this.me.identity, day);
      const pointer = encodePointer({ day, doorKey, list });
      const value = sealItem(pointer, seal, this.context.random);
      const item = signItem(signer, { seq: generation, value });
      signer.wipe();
      this.#saved.pointers.set(day, item);
      return [...docs, pointerDoc(day, item)];
    }
    return docs;
  }

  /** What lies behind the door on one day; nothing in it changes until the day is over. */
  #makeDay(door: SavedDoor, day: number): DocChange {
    const { random } = this.context;
    const signer = doorSigner(door.secret, day);
    const knockSecret = new Secret('hpke recipient', random(32));
    const slotSeed = random(32);
    const content = encodeDoor({
      bundle: this.ports.bundle(),
      certificate: this.me.certificate,
      knockKey: dhPublicKey(knockSecret.reveal()),
      majors: VERSIONS,
      costBits: COST_BITS,
      slotSeed,
    });
    const seal = doorSeal(signer.publicKey, day);
    const { head, pieces } = cutPieces(content, seal, random);
    const value = sealItem(encodeHead(head), seal, random);
    const item = signItem(signer, { seq: door.generation + 1, value });
    const saved: SavedDay = { knockSecret, slotSeed, costBits: COST_BITS, head: item, pieces };
    this.#saved.days.set(day, saved);
    return dayDoc(day, saved);
  }

  #knocked({ bits, body, day }: ArrivedKnock, done: (isRead: boolean) => void): void {
    const doorKey = this.#open.get(day)?.doorKey;
    const saved = this.#saved.days.get(day);
    const payload = doorKey && saved && openKnock(body, { doorKey, day }, saved.knockSecret);
    const knock = payload && decodeKnock(payload);
    if (knock) return this.ports.knocked(knock, bits, done);
    this.context.log('info', 'a knock could not be read');
    done(true);
  }
}
