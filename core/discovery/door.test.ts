import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encode } from '../base/bencode.ts';
import { hex, utf8 } from '../base/bytes.ts';
import { Prng } from '../base/prng.ts';
import { blindSecret, blindingFactor } from '../crypto/blind.ts';
import { dhPublicKey } from '../crypto/dh.ts';
import { Secret, type IdentitySecret } from '../crypto/keys.ts';
import { SigningKey } from '../crypto/sign.ts';
import { yieldsIdentity } from '../crypto/testing/unblind.ts';
import {
  decodeDoor,
  decodePointer,
  doorSeal,
  doorSigner,
  encodeDoor,
  encodePointer,
  pointerKey,
  pointerSeal,
  pointerSigner,
  type DoorSecret,
} from './door.ts';
import { signItem, verifyItem } from './item.ts';
import { openKnock, sealKnock } from './knock.ts';
import { COST_BITS_MAX, Mint, proofBits } from './knock-cost.ts';
import { cutPieces, decodeHead, encodeHead, joinPieces, PIECED_BYTES_MAX } from './pieces.ts';
import { fetchPieces } from './piece-fetch.ts';
import { openItem, sealItem, VALUE_BYTES } from './sealed-item.ts';
import { MemoryDht } from './test-memory-dht.ts';

const prng = new Prng(44);
const random = (bytes: number): Uint8Array<ArrayBuffer> => prng.bytes(bytes);
const seed: IdentitySecret = new Secret('identity', prng.bytes(32));
const identity = new SigningKey(seed).publicKey;
const doorSecret: DoorSecret = new Secret('door', prng.bytes(32));
const DAY = 20_779;
const list = { version: 3, hash: prng.bytes(32) };

describe('[DOR-1] the pointer of a day', () => {
  const { publicKey: doorKey } = doorSigner(doorSecret, DAY);
  const value = sealItem(
    encodePointer({ day: DAY, doorKey, list }),
    pointerSeal(identity, DAY),
    random,
  );
  const item = signItem(pointerSigner(seed, identity, DAY), { seq: 1, value });

  test('is signed under the key that everybody with the ID computes', () => {
    expect(verifyItem(item)).toBe(true);
    expect(hex(item.publicKey)).toBe(hex(pointerKey(identity, DAY)!));
    const opened = openItem(value, pointerSeal(identity, DAY));
    expect(opened.ok && decodePointer(opened.inside, DAY)).toEqual({ day: DAY, doorKey, list });
  });

  test('is that of one day alone, and of one person alone', () => {
    const keys = [DAY - 1, DAY, DAY + 1].map((day) => hex(pointerKey(identity, day)!));
    expect(new Set(keys).size).toBe(3);
    expect(openItem(value, pointerSeal(identity, DAY + 1)).ok).toBe(false);
    expect(openItem(value, pointerSeal(prng.bytes(32), DAY)).ok).toBe(false);
    const wrongDay = encodePointer({ day: DAY + 1, doorKey, list });
    expect(decodePointer(wrongDay, DAY)).toBeUndefined();
    expect(pointerKey(new Uint8Array(32), DAY)).toBeUndefined();
  });

  test('[DOR-2] no two days have a key in common', () => {
    const days = [DAY, DAY + 1].map((day) => doorSigner(doorSecret, day).publicKey);
    expect(hex(days[0]!)).not.toBe(hex(days[1]!));
    expect(openItem(value, doorSeal(doorKey, DAY)).ok).toBe(false);
  });
});

describe('[DOR-4] pieces', () => {
  const key = new Secret('door seal', prng.bytes(32));

  test('any content comes back whole, in items of one size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: PIECED_BYTES_MAX }), (length) => {
        const content = prng.bytes(length);
        const { head, pieces } = cutPieces(content, key, random);
        expect(pieces.length).toBe(Math.ceil(length / 738));
        for (const piece of pieces) expect(piece.length).toBe(VALUE_BYTES + 4);
        const read = decodeHead(encodeHead(head))!;
        expect(read.targets.map(hex)).toEqual(head.targets.map(hex));
        const values = pieces.map((piece) => piece.subarray(4));
        expect(joinPieces(read, values, key)).toEqual(content);
      }),
      { numRuns: 30 },
    );
  });

  test('[DOR-5] a piece that is missing, swapped, changed or too many is no content', () => {
    const { head, pieces } = cutPieces(prng.bytes(2000), key, random);
    const values = pieces.map((piece) => piece.slice(4));
    const flipped = values[0]!.slice();
    flipped[100]! ^= 1;
    const wrong = [
      [values[0], values[1], undefined],
      [values[1], values[0], values[2]],
      [flipped, values[1], values[2]],
      [...values, values[0]],
    ];
    expect(joinPieces(head, values, key)).toBeDefined();
    for (const bad of wrong) expect(joinPieces(head, bad, key)).toBeUndefined();
    const short = { ...head, length: head.length - 1 };
    expect(joinPieces(short, values, key)).toBeUndefined();
  });

  test('[DOR-5] whatever a head says, five items are asked for at most', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const read = decodeHead(bytes);
        if (read) expect(read.targets.length).toBeLessThanOrEqual(5);
      }),
    );
    const targets = new Uint8Array(20 * 6);
    const six = encode({ h: new Uint8Array(32), n: 6 * 738, t: targets });
    expect(decodeHead(six)).toBeUndefined();
    const dht = new MemoryDht();
    const { head } = cutPieces(prng.bytes(PIECED_BYTES_MAX), key, random);
    let got: Uint8Array | undefined | 'nothing' = 'nothing';
    fetchPieces(dht, head, key, (content) => (got = content));
    dht.run();
    expect([dht.gets, got]).toEqual([5, undefined]);
  });
});

test('[DOR-2] a door is read back, and no bytes make the reader throw', () => {
  const door = {
    bundle: prng.bytes(1803),
    certificate: prng.bytes(328),
    knockKey: prng.bytes(32),
    majors: [1],
    costBits: 17,
    slotSeed: prng.bytes(32),
  };
  expect(decodeDoor(encodeDoor(door))).toEqual(door);
  expect(encodeDoor(door).length).toBeLessThanOrEqual(PIECED_BYTES_MAX);
  expect(decodeDoor(encodeDoor({ ...door, costBits: COST_BITS_MAX + 1 }))).toBeUndefined();
  expect(decodeDoor(encodeDoor({ ...door, bundle: prng.bytes(2049) }))).toBeUndefined();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
      decodeDoor(bytes);
      decodePointer(bytes, DAY);
    }),
  );
});

describe('[DOR-8] a knock', () => {
  const secret = new Secret('hpke recipient', prng.bytes(32));
  const at = { doorKey: prng.bytes(32), day: DAY };
  const body = sealKnock(utf8('who asks'), at, dhPublicKey(secret.reveal()), random)!;

  test('opens at its door and on its day alone', () => {
    expect(openKnock(body, at, secret)).toEqual(utf8('who asks'));
    expect(openKnock(body, { ...at, day: DAY + 1 }, secret)).toBeUndefined();
    expect(openKnock(body, { ...at, doorKey: prng.bytes(32) }, secret)).toBeUndefined();
    const other = new Secret('hpke recipient', prng.bytes(32));
    expect(openKnock(body, at, other)).toBeUndefined();
  });
});

describe('[DOR-9] the cost of a knock', () => {
  const cost = { doorKey: prng.bytes(32), day: DAY, bodyHash: prng.bytes(32) };

  test('is paid for one door, one day and one body', () => {
    const mint = new Mint(cost, 12, random);
    let proof: Uint8Array | undefined;
    let steps = 0;
    while (!proof && steps < 100) {
      proof = mint.step(1000);
      steps++;
    }
    expect(proofBits(cost, proof!)).toBeGreaterThanOrEqual(12);
    const others = [
      { ...cost, day: DAY + 1 },
      { ...cost, doorKey: prng.bytes(32) },
      { ...cost, bodyHash: prng.bytes(32) },
    ];
    for (const other of others) expect(proofBits(other, proof!)).toBeLessThan(12);
  });

  test('counts leading zero bits', () => {
    // One in 2^n has n zero bits or more.
    const counts = Array.from({ length: 4096 }, () => proofBits(cost, prng.bytes(8)));
    expect(counts.filter((bits) => bits >= 1).length / 4096).toBeCloseTo(0.5, 1);
    expect(counts.filter((bits) => bits >= 4).length / 4096).toBeCloseTo(1 / 16, 1);
    expect(Math.max(...counts)).toBeLessThan(40);
  });
});

test('[DOR-7] a linked device cannot compute the identity; a blinded secret can', () => {
  const days = Array.from({ length: 30 }, (_, i) => DAY + i);
  const held: Uint8Array[] = [doorSecret.reveal(), prng.bytes(32)];
  for (const day of days) {
    const doorKey = doorSigner(doorSecret, day).publicKey;
    const seal = pointerSeal(identity, day);
    const value = sealItem(encodePointer({ day, doorKey, list }), seal, random);
    const item = signItem(pointerSigner(seed, identity, day), { seq: 1, value });
    const { signature } = item;
    held.push(doorKey, item.publicKey, signature.subarray(0, 32), signature.subarray(32));
    held.push(seal.reveal(), value.subarray(0, 32));
  }
  // Everything it holds, tried as the blinded scalar of some day.
  const tries = Array.from({ length: 1000 }, (_, i) => {
    const day = days[i % days.length]!;
    return yieldsIdentity(held[(i * 7) % held.length]!, identity, { number: day, minutes: 1440 });
  });
  expect(tries.filter(Boolean)).toHaveLength(0);
  for (const day of days.slice(0, 5)) {
    const period = { number: day, minutes: 1440 };
    const blinded = blindSecret(seed, blindingFactor(identity, period));
    expect(yieldsIdentity(blinded.reveal().subarray(0, 32), identity, period)).toBe(true);
  }
});
