import { expect, test } from 'vitest';
import fc from 'fast-check';
import { encode, type Encodable } from './bencode.ts';
import { hex, utf8 } from './bytes.ts';
import {
  decodeEvent,
  encodeEvent,
  REFS_MAX,
  SEQUENCE_MAX,
  ZERO_HASH,
  type Event,
} from './event.ts';
import { EVENT_BYTES_MAX } from './limits.ts';

const event: Event = {
  conversation: new Uint8Array(16).fill(1),
  author: new Uint8Array(32).fill(2),
  sequence: 7,
  timeMs: 1_790_000_000_000,
  kind: 'text',
  body: utf8('hi'),
  refs: [new Uint8Array(16).fill(3)],
  previous: ZERO_HASH,
};
const fields = {
  b: event.body,
  c: event.conversation,
  d: event.author,
  k: 'text',
  n: 7,
  p: ZERO_HASH,
  r: event.refs,
  t: event.timeMs,
};

function verdict(change: { [key: string]: Encodable | undefined }): string {
  const decoded = decodeEvent(encode({ ...fields, ...change }));
  return decoded.ok ? 'ok' : decoded.reason;
}

test('[EVT-1] an event is a dictionary of eight keys, byte for byte', () => {
  const text =
    `d1:b2:hi1:c16:${'\x01'.repeat(16)}1:d32:${'\x02'.repeat(32)}1:k4:text1:ni7e` +
    `1:p32:${'\0'.repeat(32)}1:rl16:${'\x03'.repeat(16)}e1:ti1790000000000ee`;
  expect(hex(encodeEvent(event))).toBe(hex(utf8(text)));
  expect(decodeEvent(encodeEvent(event))).toEqual({ ok: true, event });
});

test('[EVT-1] a field that is missing or of another type or size refuses the event', () => {
  expect(verdict({})).toBe('ok');
  for (const key of Object.keys(fields))
    expect(verdict({ [key]: undefined }), key).toBe('bad field');
  const bad: Record<string, Encodable>[] = [
    { b: 1 },
    { c: new Uint8Array(15) },
    { d: new Uint8Array(33) },
    { n: 0 },
    { n: -1 },
    { n: 2n ** 60n },
    { n: SEQUENCE_MAX + 1 },
    { n: Number.MAX_SAFE_INTEGER },
    { p: new Uint8Array(31) },
    { r: 'no list' },
    { r: [new Uint8Array(15)] },
    { r: new Array<Encodable>(REFS_MAX + 1).fill(new Uint8Array(16)) },
    { t: -1 },
  ];
  for (const change of bad) expect(verdict(change), Object.keys(change).join()).toBe('bad field');
  expect(verdict({ n: SEQUENCE_MAX })).toBe('ok');
  expect(verdict({ r: new Array<Encodable>(REFS_MAX).fill(new Uint8Array(16)) })).toBe('ok');
});

test('[EVT-1] 40 KiB fit, one byte more does not; other bytes never throw', () => {
  const rest = encodeEvent({ ...event, body: new Uint8Array(10_000) }).length - 10_000;
  expect(verdict({ b: new Uint8Array(EVENT_BYTES_MAX - rest) })).toBe('ok');
  expect(verdict({ b: new Uint8Array(EVENT_BYTES_MAX - rest + 1) })).toBe('too large');
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => !decodeEvent(bytes).ok));
  const bytes = encodeEvent(event);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, x) => {
      const bent = bytes.slice();
      bent[at]! ^= x;
      decodeEvent(bent);
      expect(decodeEvent(bytes.subarray(0, at))).toEqual({ ok: false, reason: 'not bencode' });
    }),
  );
});

test('[EVT-2] a kind is a name; unknown ones and unknown keys pass', () => {
  for (const kind of ['text', 'a', 'later-kind', 'abcdefghijklmnop']) {
    expect(verdict({ k: kind }), kind).toBe('ok');
  }
  for (const kind of ['', 'Text', 'a b', '<b>', 'abcdefghijklmnopq', 'é', 'a\n', '1']) {
    expect(verdict({ k: kind }), kind).toBe('bad field');
  }
  expect(verdict({ zz: ['anything'] })).toBe('ok');
});
