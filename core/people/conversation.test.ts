import { expect, test } from 'vitest';
import fc from 'fast-check';
import { hex, utf8 } from '../base/bytes.ts';
import { sha256 } from '../crypto/hash.ts';
import { conversationOf, conversationText, parseConversation } from './conversation.ts';

const low = new Uint8Array(32).fill(1);
const high = new Uint8Array(32).fill(2);

test('[IDN-17] both ends compute one id of 16 bytes, the lower identity first', () => {
  const expected = sha256(utf8('sotto/1 conversation\0'), low, high).subarray(0, 16);
  expect(hex(conversationOf(low, high))).toBe(hex(expected));
  expect(hex(conversationOf(high, low))).toBe(hex(expected));
  expect(hex(conversationOf(low, low))).not.toBe(hex(expected));
});

test('[IDN-17] as text c_ and 26 characters, one text per id', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (id) => {
      const text = conversationText(id);
      expect(text).toMatch(/^c_[a-z2-7]{26}$/);
      expect(hex(parseConversation(text)!)).toBe(hex(id));
    }),
  );
  const text = conversationText(conversationOf(low, high));
  for (const bad of ['', 'c_', text.slice(1), text.slice(0, -1), `${text}a`, text.toUpperCase()]) {
    expect(parseConversation(bad), bad).toBeUndefined();
  }
  expect(parseConversation(`${text.slice(0, -1)}b`)).toBeUndefined();
});
