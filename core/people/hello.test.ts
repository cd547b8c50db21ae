import fc from 'fast-check';
import { expect, test } from 'vitest';
import { asDict, decode, encode, type Dict } from '../base/bencode.ts';
import { TIME_MS_MAX } from '../base/limits.ts';
import { decodeHello, encodeHello, type Hello } from './hello.ts';

const HELLO: Hello = {
  certificate: Uint8Array.of(1),
  deviceList: Uint8Array.of(2),
  bundle: Uint8Array.of(3),
  record: Uint8Array.of(4),
  name: 'Ana',
  wallMs: 5,
};

function dictOf(bytes: Uint8Array): Dict {
  const decoded = decode(bytes);
  return (decoded.ok && asDict(decoded.value)) || {};
}

test('[CON-1] a hello reads back; a nameless one too', () => {
  expect(decodeHello(dictOf(encodeHello(HELLO)))).toEqual(HELLO);
  const nameless = { ...HELLO, name: undefined };
  expect(decodeHello(dictOf(encodeHello(nameless)))).toEqual(nameless);
});

test('[CON-1] missing and oversized fields are refused, unknown keys ignored', () => {
  const good = dictOf(encodeHello(HELLO));
  expect(decodeHello(dictOf(encode({ ...good, zz: 1 })))).toEqual(HELLO);
  for (const key of ['b', 'c', 'l', 'r', 'w']) {
    expect(decodeHello(dictOf(encode({ ...good, [key]: undefined })))).toBeUndefined();
    expect(decodeHello(dictOf(encode({ ...good, [key]: [] })))).toBeUndefined();
    const huge = new Uint8Array(20_000);
    expect(decodeHello(dictOf(encode({ ...good, [key]: huge })))).toBeUndefined();
  }
});

test('[CON-1] a clock that has no text is refused', () => {
  const at = (wallMs: number): Hello | undefined =>
    decodeHello(dictOf(encodeHello({ ...HELLO, wallMs })));
  expect(at(TIME_MS_MAX)?.wallMs).toBe(TIME_MS_MAX);
  expect(at(TIME_MS_MAX + 1)).toBeUndefined();
  expect(at(Number.MAX_SAFE_INTEGER)).toBeUndefined();
});

test('[CON-3] a hostile name in a hello is cleaned, a malformed one dropped', () => {
  const named = (name: string | Uint8Array): string | undefined =>
    decodeHello(dictOf(encode({ ...dictOf(encodeHello(HELLO)), n: name })))?.name;
  expect(named('A\u202Ena')).toBe('Ana');
  expect(named(Uint8Array.of(0xff, 0xfe))).toBeUndefined();
  expect(named('x'.repeat(300))).toBeUndefined();
  expect(named('')).toBeUndefined();
  expect(named('\u202E')).toBeUndefined();
});

test('[CON-1] no dictionary makes it throw', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom('b', 'c', 'l', 'n', 'r', 'w'), fc.uint8Array()),
      (d) => {
        decodeHello(dictOf(encode(d)));
      },
    ),
  );
});
