import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encode } from '../base/bencode.ts';
import { utf8 } from '../base/bytes.ts';
import { FRAME_BYTES_MAX } from '../base/limits.ts';
import { DATA_BYTES_MAX, REVOKED_MAX, WINDOW_BYTES } from './limits.ts';
import { NODES_MAX, type Question, QUESTION_ID_MAX, VALUE_BYTES_MAX } from './question.ts';
import { INDEXES, NUMBERS } from './slots.ts';
import { CIRCUIT_ID_MAX, decodeRelay, encodeRelay, type RelayMessage } from './wire.ts';

const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });
const circuit = fc.integer({ min: 1, max: CIRCUIT_ID_MAX });
const index = fc.nat(INDEXES - 1);
const number = fc.nat(NUMBERS - 1);
const maybe = <T>(some: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(some, { nil: undefined });
const of = <T extends RelayMessage['type'] | Question['type']>(type: T): fc.Arbitrary<T> =>
  fc.constant(type);

const question = fc.integer({ min: 1, max: QUESTION_ID_MAX });
const nodes = fc.nat(NODES_MAX);
const raw = fc.uint8Array({ minLength: 1, maxLength: VALUE_BYTES_MAX });
const seq = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
const signed = fc.record({ seq, signature: bytes(64) });
const item = fc.record({ raw, signed: maybe(signed) });
const what: fc.Arbitrary<Question> = fc.oneof(
  fc.record({ type: of('get'), key: bytes(32) }),
  fc.record({ type: of('get'), target: bytes(20) }),
  fc.record({
    type: of('put'),
    raw,
    signed: maybe(fc.record({ seq, signature: bytes(64), key: bytes(32) })),
  }),
);

const message: fc.Arbitrary<RelayMessage> = fc.oneof(
  fc.record({
    type: of('reserve'),
    former: maybe(fc.record({ number, proof: bytes(32) })),
    pass: maybe(bytes(32)),
    revoked: fc.array(index, { maxLength: REVOKED_MAX }),
  }),
  fc.record({ type: of('reserved'), key: bytes(32), number }),
  fc.record({ type: of('revoke'), index }),
  fc.record({ type: of('open'), circuit, slot: bytes(20) }),
  fc.record({ type: of('incoming'), circuit, index }),
  fc.record({ type: fc.constantFrom('accept', 'refuse', 'close', 'extended'), circuit }),
  fc.record({ type: of('data'), circuit, bytes: fc.uint8Array({ minLength: 1, maxLength: 400 }) }),
  fc.record({ type: of('taken'), circuit, count: fc.integer({ min: 1, max: WINDOW_BYTES }) }),
  fc.record({
    type: of('extend'),
    circuit,
    endpoint: fc.constantFrom(
      { host: '93.184.216.34', port: 443 },
      { host: '2606:2800:220:1::7', port: 40_000 },
    ),
    key: bytes(32),
  }),
  fc.record({ type: of('error'), circuit: maybe(circuit) }),
  fc.record({ type: of('ask'), question, pass: maybe(bytes(32)), what }),
  fc.record({ type: of('answer'), question, answer: fc.record({ nodes, item: maybe(item) }) }),
  fc.record({ type: fc.constantFrom('unanswered', 'forget'), question }),
);

const KEY = new Uint8Array(32);

test('[RLY-5] every message reads back as it was written', () => {
  fc.assert(
    fc.property(message, (one) => {
      expect(decodeRelay(encodeRelay(one))).toEqual(one);
    }),
    { numRuns: 400 },
  );
});

test('[RLY-5] on the wire a message is one canonical dictionary', () => {
  const text = (one: RelayMessage): string => new TextDecoder().decode(encodeRelay(one));
  expect(text({ type: 'accept', circuit: 2 })).toBe('d1:ci2e1:m6:accepte');
  expect(text({ type: 'data', circuit: 3, bytes: utf8('hi') })).toBe('d1:ci3e1:d2:hi1:m4:datae');
  expect(text({ type: 'error', circuit: undefined })).toBe('d1:m5:errore');
  expect(text({ type: 'taken', circuit: 3, count: 9 })).toBe('d1:bi9e1:ci3e1:m5:takene');
  const get = { type: 'get', target: utf8('abcdefghijklmnopqrst') } as const;
  expect(text({ type: 'ask', question: 7, what: get })).toBe(
    'd1:h20:abcdefghijklmnopqrst1:m3:get1:qi7ee',
  );
  expect(text({ type: 'answer', question: 7, answer: { nodes: 2 } })).toBe(
    'd1:bi2e1:m6:answer1:qi7ee',
  );
  expect(text({ type: 'reserve', revoked: [5] })).toBe('d1:m7:reserve1:xli5eee');
});

test('[RLY-5] the largest data message fits one frame', () => {
  const bytes = new Uint8Array(DATA_BYTES_MAX);
  const body = encodeRelay({ type: 'data', circuit: CIRCUIT_ID_MAX, bytes });
  expect(body.length).toBeLessThanOrEqual(FRAME_BYTES_MAX - 21);
});

test('[RLY-5] what is malformed, beyond its bounds or unknown is no message', () => {
  const bad = [
    { m: 'accept' },
    { c: 0, m: 'accept' },
    { c: 2 ** 31, m: 'accept' },
    { c: 2, m: 'data' },
    { c: 2, d: new Uint8Array(0), m: 'data' },
    { c: 2, d: new Uint8Array(DATA_BYTES_MAX + 1), m: 'data' },
    { b: 0, c: 2, m: 'taken' },
    { b: WINDOW_BYTES + 1, c: 2, m: 'taken' },
    { c: 2, m: 'open', s: new Uint8Array(19) },
    { c: 1, i: INDEXES, m: 'incoming' },
    { i: -1, m: 'revoke' },
    { c: 2, e: new Uint8Array(7), k: new Uint8Array(32), m: 'extend' },
    { c: 2, e: new Uint8Array(6), k: new Uint8Array(32), m: 'extend' },
    { m: 'reserve', n: 5 },
    { m: 'reserve', p: new Uint8Array(32) },
    { m: 'reserve', n: NUMBERS, p: new Uint8Array(32) },
    { m: 'reserve', t: new Uint8Array(31) },
    { m: 'reserve', x: 5 },
    { m: 'reserve', x: ['a'] },
    { m: 'reserve', x: new Array<number>(REVOKED_MAX + 1).fill(1) },
    { k: new Uint8Array(31), m: 'reserved', n: 1 },
    { c: 0, m: 'error' },
    { c: 2, m: 'proxy' },
    { k: KEY, m: 'get' },
    { k: KEY, m: 'get', q: 0 },
    { k: KEY, m: 'get', q: QUESTION_ID_MAX + 1 },
    { m: 'get', q: 1 },
    { h: KEY.subarray(20), m: 'get', q: 1 },
    { h: KEY.subarray(12), k: KEY, m: 'get', q: 1 },
    { k: KEY, m: 'get', q: 1, t: KEY.subarray(1) },
    { m: 'put', q: 1 },
    { m: 'put', q: 1, v: '' },
    { m: 'put', q: 1, v: new Uint8Array(VALUE_BYTES_MAX + 1) },
    { k: KEY, m: 'put', q: 1, v: 'x' },
    { k: KEY, m: 'put', n: -1, q: 1, s: new Uint8Array(64), v: 'x' },
    { m: 'put', n: 1, q: 1, s: new Uint8Array(64), v: 'x' },
    { m: 'answer', q: 1 },
    { b: NODES_MAX + 1, m: 'answer', q: 1 },
    { b: 1, m: 'answer', n: 1, q: 1 },
    { b: 1, m: 'answer', n: 1, q: 1, v: 'x' },
    { m: 'forget' },
    { c: 2 },
  ];
  for (const dict of bad) expect(decodeRelay(encode(dict)), JSON.stringify(dict)).toBeUndefined();
  for (const junk of ['', 'i5e', 'le', 'd1:m6:accept1:ci2ee', 'd1:ci2e1:m6:accepte ']) {
    expect(decodeRelay(utf8(junk))).toBeUndefined();
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (some) => void decodeRelay(some)));
});
