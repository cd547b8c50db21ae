import { describe, expect, test } from 'vitest';
import { equal, hex, utf8 } from '../base/bytes.ts';
import { Prng } from '../base/prng.ts';
import { dhPublicKey } from '../crypto/dh.ts';
import { Secret, type IdentitySecret } from '../crypto/keys.ts';
import { SigningKey } from '../crypto/sign.ts';
import {
  decodePointer,
  decodeDoor,
  doorSeal,
  doorSigner,
  encodeDoor,
  encodePointer,
  pieceSeal,
  pointerKey,
  pointerSeal,
  pointerSigner,
  SLOTS,
  slotKeys,
  type DoorSecret,
} from './door.ts';
import { DoorKeeper, LOOK_EVERY_MS, LOOK_JITTER_MS, type OpenDay } from './door-keeper.ts';
import { mutableTarget, SEQ_MAX, signItem, type SignedItem } from './item.ts';
import { openKnock, sealKnock } from './knock.ts';
import { Mint } from './knock-cost.ts';
import { Knocker, type FoundDoor, type PlacedKnock } from './knocker.ts';
import { cutPieces, decodeHead, encodeHead, joinPieces, type Head } from './pieces.ts';
import { openItem, sealItem } from './sealed-item.ts';
import { MemoryDht } from './test-memory-dht.ts';

const DAY = 20_779;
const COST = 6;

/** An owner with an open door, and everything they know. */
class Owner {
  readonly prng = new Prng(7);
  readonly random = (bytes: number): Uint8Array<ArrayBuffer> => this.prng.bytes(bytes);
  readonly seed: IdentitySecret = new Secret('identity', this.prng.bytes(32));
  readonly identity = new SigningKey(this.seed).publicKey;
  readonly doorSecret: DoorSecret = new Secret('door', this.prng.bytes(32));
  readonly knockSecret = new Secret('hpke recipient', this.prng.bytes(32));
  readonly slotSeed = this.prng.bytes(32);
  readonly read: { body: Uint8Array; bits: number }[] = [];
  /** What becomes of a knock: it is looked at. */
  settle: (done: (isRead: boolean) => void) => void = (done) => done(true);
  nowMs = 0;
  readonly keeper: DoorKeeper;
  readonly day: OpenDay;

  constructor(readonly dht: MemoryDht) {
    this.keeper = new DoorKeeper({
      random: this.random,
      dht,
      nowMs: () => this.nowMs,
      knocked: ({ bits, body }, done) => {
        this.read.push({ body, bits });
        this.settle(done);
      },
    });
    this.day = this.makeDay(1, 1);
    this.keeper.setDays([this.day]);
    this.step();
  }

  makeDay(listVersion: number, seq: number): OpenDay {
    const signer = doorSigner(this.doorSecret, DAY);
    const doorKey = signer.publicKey;
    const content = encodeDoor({
      bundle: this.prng.bytes(1803),
      certificate: this.prng.bytes(328),
      knockKey: dhPublicKey(this.knockSecret.reveal()),
      majors: [1],
      costBits: COST,
      slotSeed: this.slotSeed,
    });
    const seal = doorSeal(doorKey, DAY);
    const { head, pieces } = cutPieces(content, seal, this.random);
    const list = { version: listVersion, hash: this.prng.bytes(32) };
    const pointer = encodePointer({ day: DAY, doorKey, list });
    const items = [
      ...pieces.map((immutable) => ({ immutable })),
      signItem(signer, { seq, value: sealItem(encodeHead(head), seal, this.random) }),
      signItem(pointerSigner(this.seed, this.identity, DAY), {
        seq,
        value: sealItem(pointer, pointerSeal(this.identity, DAY), this.random),
      }),
    ];
    return { day: DAY, doorKey, slotSeed: this.slotSeed, costBits: COST, items };
  }

  step(): void {
    this.keeper.handleTimeout();
    this.dht.run();
  }

  look(): void {
    this.keeper.look(() => undefined);
    this.dht.run();
  }
}

class Asker {
  nowMs = 0;
  found: FoundDoor | undefined;
  readonly knocker: Knocker;

  constructor(
    readonly owner: Owner,
    seed: number,
    payload: Uint8Array,
    listVersion = 0,
    public placed?: PlacedKnock,
  ) {
    const random = new Prng(seed).bytes;
    this.knocker = new Knocker({
      identity: owner.identity,
      random,
      dht: owner.dht,
      nowMs: () => this.nowMs,
      day: () => DAY,
      listVersion,
      placed,
      found: (found) => {
        this.found = found;
        this.knocker.handlePayload(payload);
      },
      save: (saved) => (this.placed = saved),
      stepped: () => undefined,
    });
  }

  /** Lets it act until it has nothing to do within `ms`. */
  run(ms: number): void {
    const untilMs = this.nowMs + ms;
    this.owner.dht.run();
    for (let dueMs = this.knocker.wakeAtMs(); ; dueMs = this.knocker.wakeAtMs()) {
      if (dueMs === undefined || dueMs > untilMs) break;
      this.nowMs = Math.max(this.nowMs, dueMs);
      this.knocker.handleTimeout();
      this.owner.dht.run();
    }
    this.nowMs = untilMs;
  }
}

/** What anybody with the ID finds, reads and derives. */
class Snoop {
  readonly pointer;
  readonly door;

  constructor(readonly owner: Owner) {
    const { dht, identity } = owner;
    const at = dht.find(hex(mutableTarget(pointerKey(identity, DAY)!)))!;
    const opened = openItem(at.value, pointerSeal(identity, DAY));
    this.pointer = decodePointer(opened.ok ? opened.inside : utf8(''), DAY)!;
    const seal = doorSeal(this.pointer.doorKey, DAY);
    const head = this.#head(this.pointer.doorKey, seal)!;
    this.door = decodeDoor(this.#content(head, seal)!)!;
  }

  /** The bodies of all knocks that lie there. */
  knocks(): Uint8Array[] {
    const { slotSeed } = this.door;
    const bodies: Uint8Array[] = [];
    for (let slot = 0; slot < SLOTS; slot++) {
      const { seal, signer } = slotKeys(slotSeed, slot);
      const head = this.#head(signer.publicKey, seal);
      const body = head && this.#content(head, pieceSeal(slotSeed));
      if (body) bodies.push(body);
    }
    return bodies;
  }

  #head(publicKey: Uint8Array, seal: Secret<string>): Head | undefined {
    const item = this.owner.dht.find(hex(mutableTarget(publicKey)));
    const opened = item && openItem(item.value, seal);
    return opened?.ok ? decodeHead(opened.inside) : undefined;
  }

  #content(head: Head, seal: Secret<string>): Uint8Array | undefined {
    const values = head.targets.map((target) => this.owner.dht.find(hex(target))?.value);
    return joinPieces(head, values, seal);
  }
}

function place(owner: Owner, slot: number, head: Head, seq = 1): void {
  const { seal, signer } = slotKeys(owner.slotSeed, slot);
  const value = sealItem(encodeHead(head), seal, owner.random);
  owner.dht.write(signItem(signer, { seq, value }));
}

/** A knock put by hand, with as much proof as is asked for here. */
function knock(owner: Owner, slot: number, bits: number, pieces: 'there' | 'missing'): Head {
  const { doorKey } = owner.day;
  const at = { doorKey, day: DAY };
  const knockKey = dhPublicKey(owner.knockSecret.reveal());
  const body = sealKnock(owner.prng.bytes(3000), at, knockKey, owner.random)!;
  const cut = cutPieces(body, pieceSeal(owner.slotSeed), owner.random);
  const mint = new Mint({ ...at, bodyHash: cut.head.hash }, bits, owner.random);
  let proof: Uint8Array | undefined;
  while (!proof) proof = mint.step(64);
  const head = { ...cut.head, proof };
  if (pieces === 'there') for (const immutable of cut.pieces) owner.dht.write({ immutable });
  place(owner, slot, head);
  return head;
}

describe('[DOR-8] somebody with the ID and all that can be derived from it', () => {
  test('collects every item and reads who knocks in none', () => {
    const owner = new Owner(new MemoryDht());
    const askers = Array.from({ length: 6 }, (_, i) => {
      const identity = new Prng(900 + i).bytes(32);
      const asker = new Asker(owner, 50 + i, new Uint8Array([...identity, ...utf8('payload')]));
      asker.run(60_000);
      expect(asker.knocker.step).toBe('placed');
      return { asker, identity };
    });
    const snoop = new Snoop(owner);
    const bodies = snoop.knocks();
    expect(bodies).toHaveLength(6);
    const { door, pointer } = snoop;
    const known = [owner.identity, pointer.doorKey, door.knockKey, door.slotSeed];
    for (const seal of [pointerSeal(owner.identity, DAY), doorSeal(pointer.doorKey, DAY)]) {
      known.push(seal.reveal());
    }
    let opened = 0;
    let seen = 0;
    for (const body of bodies) {
      for (const bytes of known) {
        const secret = new Secret('hpke recipient', bytes.slice());
        if (openKnock(body, pointer, secret)) opened++;
      }
      for (const { identity } of askers) if (hex(body).includes(hex(identity))) seen++;
    }
    expect([opened, seen]).toEqual([0, 0]);
    // The control: the owner reads all of them.
    owner.look();
    const read = owner.read.map(({ body }) => openKnock(body, pointer, owner.knockSecret));
    const names = read.map((payload) => hex(payload!.subarray(0, 32))).sort();
    expect(names).toEqual(askers.map(({ identity }) => hex(identity)).sort());
  });

  test('[DOR-10] fills all slots: others wait, and take the first that is empty', () => {
    const owner = new Owner(new MemoryDht());
    const junk = (slot: number): void => void knock(owner, slot, 0, 'missing');
    for (let slot = 0; slot < SLOTS; slot++) junk(slot);
    const kept = [...owner.dht.items.keys()].length;
    const asker = new Asker(owner, 5, utf8('let me in'));
    asker.run(60_000);
    expect(asker.knocker.step).toBe('full');
    expect(owner.dht.items.size).toBe(kept);
    const { signer } = slotKeys(owner.slotSeed, 3);
    owner.dht.items.delete(hex(mutableTarget(signer.publicKey)));
    asker.run(11 * 60_000);
    expect(asker.knocker.step).toBe('placed');
  });
});

describe('the owner, at whose door anything may lie', () => {
  test('[DOR-9] pays one hash for a knock that does not pay, and no lookup', () => {
    const owner = new Owner(new MemoryDht());
    owner.look();
    const before = owner.dht.gets;
    owner.look();
    const bare = owner.dht.gets - before;
    const { proof: _, ...unproven } = knock(owner, 0, 0, 'there');
    place(owner, 1, unproven);
    const cheap = knock(owner, 2, 0, 'there');
    place(owner, 2, { ...cheap, proof: new Uint8Array(8) }, 2);
    const from = owner.dht.gets;
    owner.look();
    // A proof of no bits may pay by chance; without luck nothing is fetched.
    const stats = owner.keeper.stats();
    expect(owner.dht.gets - from).toBe(bare + 5 * stats['knocks']!);
    expect(stats['unpaid']).toBeGreaterThanOrEqual(2);
    knock(owner, 4, COST, 'there');
    owner.look();
    expect(owner.read.at(-1)!.bits).toBeGreaterThanOrEqual(COST);
  });

  test('[DOR-10] reads a knock once, wherever it is shown again', () => {
    const owner = new Owner(new MemoryDht());
    const head = knock(owner, 0, COST, 'there');
    owner.look();
    expect(owner.read).toHaveLength(1);
    for (let slot = 1; slot < SLOTS; slot++) place(owner, slot, head);
    const from = owner.dht.gets;
    owner.look();
    expect([owner.read.length, owner.dht.gets - from]).toEqual([1, SLOTS]);
    expect(owner.keeper.state.slotsTaken).toBe(SLOTS);
  });

  test('[DOR-10] a knock that could not be looked at comes again, but not while it is', () => {
    const owner = new Owner(new MemoryDht());
    knock(owner, 0, COST, 'there');
    owner.settle = (done) => done(false);
    owner.look();
    owner.look();
    expect(owner.read).toHaveLength(2);
    let tell: (isRead: boolean) => void = () => undefined;
    owner.settle = (done) => void (tell = done);
    for (let i = 0; i < 3; i++) owner.look();
    expect(owner.read).toHaveLength(3);
    tell(true);
    owner.nowMs += 3_600_000;
    owner.look();
    expect(owner.read).toHaveLength(3);
  });

  test('[DOR-10] asks four times for pieces that are not there, then once an hour', () => {
    const owner = new Owner(new MemoryDht());
    const { targets } = knock(owner, 0, COST, 'missing');
    const asked = (): number => owner.dht.asked.filter((key) => key === hex(targets[0]!)).length;
    for (let i = 0; i < 10; i++) owner.look();
    expect(asked()).toBe(4);
    for (let hour = 1; hour <= 3; hour++) {
      owner.nowMs += 3_600_000;
      for (let i = 0; i < 5; i++) owner.look();
      expect(asked()).toBe(4 + hour);
    }
  });

  test('[DOR-10] a knock whose pieces came late is read all the same', () => {
    const owner = new Owner(new MemoryDht());
    const asker = new Asker(owner, 5, utf8('let me in'));
    asker.run(60_000);
    const whole = new Map(owner.dht.items);
    for (const [key, item] of whole) if ('immutable' in item) owner.dht.items.delete(key);
    for (let i = 0; i < 6; i++) owner.look();
    expect(owner.read).toEqual([]);
    for (const [key, item] of whole) owner.dht.items.set(key, item);
    owner.nowMs += 3_600_000;
    owner.look();
    expect(owner.read).toHaveLength(1);
  });

  test('[DOR-6] puts again soon what only few nodes keep', () => {
    const owner = new Owner(new MemoryDht());
    const thin = new MemoryDht();
    thin.copies = 2;
    const unlucky = new Owner(thin);
    for (const who of [owner, unlucky]) {
      while (who.nowMs < 600_000) {
        who.nowMs = who.keeper.wakeAtMs()!;
        who.step();
      }
    }
    expect(owner.dht.puts).toBe(owner.day.items.length);
    expect(thin.puts).toBeGreaterThanOrEqual(4 * owner.day.items.length);
    expect(unlucky.keeper.state.copies).toBe(2);
  });

  test('[DOR-8] a knock for another day or door is fetched and does not open', () => {
    const owner = new Owner(new MemoryDht());
    const knockKey = dhPublicKey(owner.knockSecret.reveal());
    const other = { doorKey: owner.day.doorKey, day: DAY - 1 };
    const body = sealKnock(utf8('yesterday'), other, knockKey, owner.random)!;
    const here = { doorKey: owner.day.doorKey, day: DAY };
    expect(openKnock(body, here, owner.knockSecret)).toBeUndefined();
    expect(equal(openKnock(body, other, owner.knockSecret)!, utf8('yesterday'))).toBe(true);
  });

  test('[DOR-11] looks every 15 minutes give or take 5, and at once when asked', () => {
    const owner = new Owner(new MemoryDht());
    const at: number[] = [];
    for (let looks = 0; owner.nowMs < 6 * 3_600_000;) {
      owner.nowMs = owner.keeper.wakeAtMs()!;
      owner.step();
      const now = owner.keeper.stats()['looks']!;
      if (now > looks) at.push(owner.nowMs);
      looks = now;
    }
    const pauses = at.slice(1).map((ms, i) => ms - at[i]!);
    expect(pauses.length).toBeGreaterThan(15);
    for (const pause of pauses) {
      expect(Math.abs(pause - LOOK_EVERY_MS)).toBeLessThanOrEqual(LOOK_JITTER_MS);
    }
    expect(new Set(pauses).size).toBeGreaterThan(10);
    const before = owner.keeper.stats()['looks']!;
    owner.look();
    expect(owner.keeper.stats()['looks']).toBe(before + 1);
  });

  test('[DOR-6] shut, it takes back what is under way and wakes no more', () => {
    const owner = new Owner(new MemoryDht());
    knock(owner, 0, COST, 'there');
    let ended = false;
    owner.keeper.look(() => (ended = true));
    owner.keeper.setDays([]);
    const { gets, puts } = owner.dht;
    owner.dht.run();
    owner.nowMs = 10 * 3_600_000;
    owner.step();
    expect([owner.dht.gets, owner.dht.puts, owner.read.length]).toEqual([gets, puts, 0]);
    expect([ended, owner.keeper.wakeAtMs()]).toEqual([true, undefined]);
  });
});

describe('an asker', () => {
  test('[DOR-12] who finds another head in their slot moves on, and overwrites nothing', () => {
    const owner = new Owner(new MemoryDht());
    const asker = new Asker(owner, 5, utf8('let me in'));
    asker.run(1_000);
    expect(asker.knocker.step).toBe('placed');
    const slots = Array.from({ length: SLOTS }, (_, slot) => {
      const { signer } = slotKeys(owner.slotSeed, slot);
      return hex(mutableTarget(signer.publicKey));
    });
    const mine = slots.findIndex((key) => owner.dht.items.has(key));
    knock(owner, mine, 0, 'missing');
    place(owner, mine, knock(owner, (mine + 1) % SLOTS, COST, 'there'), 9);
    asker.run(60_000);
    expect(asker.knocker.step).toBe('placed');
    const taken = slots.filter((key) => owner.dht.items.has(key));
    expect(taken).toHaveLength(3);
    owner.look();
    expect(owner.read).toHaveLength(2);
  });

  test('[DOR-12] whose own head was signed again with the last number moves on after a restart', () => {
    const owner = new Owner(new MemoryDht());
    const asker = new Asker(owner, 5, utf8('let me in'));
    asker.run(60_000);
    const { signer } = slotKeys(owner.slotSeed, asker.placed!.slot);
    const key = hex(mutableTarget(signer.publicKey));
    const { raw } = owner.dht.items.get(key) as SignedItem;
    const jammed = signItem(signer, { seq: SEQ_MAX, value: raw.subarray(4) });
    expect(equal(jammed.raw, raw)).toBe(true);
    owner.dht.write(jammed);
    const again = new Asker(owner, 6, utf8('let me in'), 0, asker.placed);
    again.run(60_000);
    expect(again.knocker.step).toBe('placed');
    expect(again.placed!.slot).not.toBe(asker.placed!.slot);
    expect(owner.dht.items.get(key)).toBe(jammed);
  });

  test('[DOR-13] puts the very same bytes every hour', () => {
    const owner = new Owner(new MemoryDht());
    const asker = new Asker(owner, 5, utf8('let me in'));
    asker.run(60_000);
    const before = new Map(owner.dht.items);
    const puts = owner.dht.puts;
    asker.run(5 * 3_600_000);
    expect(owner.dht.puts).toBeGreaterThan(puts + 4);
    expect(owner.dht.items.size).toBe(before.size);
    for (const [key, item] of owner.dht.items) expect(item).toEqual(before.get(key));
  });

  test('[DOR-13] puts again after a minute what only few nodes keep, until enough do', () => {
    const owner = new Owner(new MemoryDht());
    const asker = new Asker(owner, 5, utf8('let me in'));
    owner.dht.copies = 2;
    asker.run(200_000);
    expect(asker.knocker.step).toBe('placed');
    const thin = owner.dht.puts;
    asker.run(200_000);
    expect(owner.dht.puts).toBeGreaterThan(thin);
    owner.dht.copies = 8;
    asker.run(200_000);
    const safe = owner.dht.puts;
    asker.run(3_000_000);
    expect(owner.dht.puts).toBe(safe);
  });

  test('[DOR-20] does not follow a pointer to an older device list', () => {
    const owner = new Owner(new MemoryDht());
    const asker = new Asker(owner, 5, utf8('let me in'), 2);
    asker.run(60_000);
    expect([asker.knocker.step, asker.found]).toEqual(['seeking', undefined]);
    for (const item of owner.makeDay(2, 2).items) owner.dht.write(item);
    asker.run(10 * 60_000);
    expect(asker.knocker.step).toBe('placed');
  });

  test('[DOR-12] with nobody there to ask, waits and loses nothing', () => {
    const owner = new Owner(new MemoryDht());
    const asker = new Asker(owner, 5, utf8('let me in'));
    owner.dht.offline = true;
    asker.run(30 * 60_000);
    expect(asker.knocker.step).toBe('seeking');
    expect(owner.dht.gets).toBeLessThan(30);
    owner.dht.offline = false;
    asker.run(11 * 60_000);
    expect(asker.knocker.step).toBe('placed');
  });
});
