import { expect, test } from 'vitest';
import { hex } from '../base/bytes.ts';
import { Prng } from '../base/prng.ts';
import {
  ASK_BYTES,
  decodeAsk,
  decodeReply,
  encodeAsk,
  encodeReply,
  listingHash,
  REPLY_BYTES,
  SHARDS,
  TOKEN_BYTES,
} from './listing.ts';

const prng = new Prng(61);
const TOKEN = prng.bytes(TOKEN_BYTES);
const KEY = prng.bytes(32);

test('[RLY-26] four hashes each hour, all of them different', () => {
  const hashes = [1, 2, 472_222].flatMap((epoch) =>
    Array.from({ length: SHARDS }, (_, shard) => hex(listingHash(epoch, shard))),
  );
  expect(new Set(hashes).size).toBe(12);
  expect(hashes.every((hash) => hash.length === 40)).toBe(true);
  // Recomputed by Python's hashlib from the rule's words.
  expect(hex(listingHash(472_222, 3))).toBe('4096929d82e6186f6a8cc0eb9b44e9571768632f');
});

test('[RLY-27] ⚑ a reply is shorter than what it answers', () => {
  const ask = encodeAsk(TOKEN, prng.bytes);
  const reply = encodeReply({ key: KEY, tcp: true, token: TOKEN }, prng.bytes);
  expect([ask.length, reply.length]).toEqual([ASK_BYTES, REPLY_BYTES]);
  expect(reply.length).toBeLessThan(ask.length);
  expect(decodeAsk(ask)).toEqual(TOKEN);
  expect(decodeReply(reply)).toEqual({ key: KEY, tcp: true, token: TOKEN });
  const silent = encodeReply({ key: KEY, tcp: false, token: TOKEN }, prng.bytes);
  expect(decodeReply(silent)).toEqual({ key: KEY, tcp: false, token: TOKEN });
  const onWeb = { key: KEY, tcp: true, token: TOKEN, web: true } as const;
  expect(decodeReply(encodeReply(onWeb, prng.bytes))).toEqual(onWeb);
});

test('[RLY-27] neither is taken for the other, nor anything else for one of them', () => {
  const ask = encodeAsk(TOKEN, prng.bytes);
  const reply = encodeReply({ key: KEY, tcp: true, token: TOKEN }, prng.bytes);
  expect(decodeReply(ask)).toBeUndefined();
  expect(decodeAsk(reply)).toBeUndefined();
  expect(decodeReply(ask.subarray(0, REPLY_BYTES))).toBeUndefined();
  for (let i = 0; i < ASK_BYTES; i++) {
    const bent = ask.slice();
    bent[i]! ^= 1;
    expect(decodeAsk(bent)).toBeUndefined();
    expect(decodeAsk(ask.subarray(0, i))).toBeUndefined();
  }
  for (let i = 0; i < REPLY_BYTES; i++) {
    const bent = reply.slice();
    bent[i]! ^= 128;
    expect(decodeReply(bent)).toBeUndefined();
  }
});

test('[RLY-27] two asks of one token look like nothing of each other', () => {
  const [one, two] = [encodeAsk(TOKEN, prng.bytes), encodeAsk(TOKEN, prng.bytes)];
  const same = one.filter((byte, i) => byte === two[i]).length;
  expect(same).toBeLessThan(8);
});
