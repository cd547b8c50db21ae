import fc from 'fast-check';
import { expect, test } from 'vitest';
import { concat } from '../base/bytes.ts';
import { Prng } from '../base/prng.ts';
import { decodeEntry, encodeEntry } from './entry.ts';
import { formatRelay, parseRelay } from './relay-text.ts';

const prng = new Prng(9);
const [key, slot] = [prng.bytes(32), prng.bytes(20)];
const V4 = { host: '93.184.216.34', port: 443 };
const V6 = { host: '2606:2800:220:1::7', port: 40_000 };

test('[RLY-14] an entry is flags, endpoint, key and slot, in 59 or 71 bytes', () => {
  const four = encodeEntry({ endpoint: V4, key, slot, udp: false, tcp: true });
  expect(four).toEqual(concat(Uint8Array.of(2, 93, 184, 216, 34, 1, 187), key, slot));
  const six = encodeEntry({ endpoint: V6, key, slot, udp: true, tcp: true });
  expect([four.length, six.length]).toEqual([59, 71]);
  expect(decodeEntry(four)).toEqual({ endpoint: V4, key, slot, udp: false, tcp: true });
  expect(decodeEntry(six)).toEqual({ endpoint: V6, key, slot, udp: true, tcp: true });
});

test('[RLY-14] other sizes, no port and no way to get there are no entry; flags to come are none', () => {
  const good = encodeEntry({ endpoint: V4, key, slot, udp: true, tcp: false });
  const bent = (at: number, ...bytes: number[]): Uint8Array => {
    const copy = good.slice();
    copy.set(bytes, at);
    return copy;
  };
  for (const bad of [good.slice(1), concat(good, key), bent(0, 0), bent(5, 0, 0)]) {
    expect(decodeEntry(bad)).toBeUndefined();
  }
  expect(decodeEntry(bent(0, 0xfd))).toMatchObject({ udp: true, tcp: false });
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (some) => void decodeEntry(some)));
});

test('[RLY-14] [RLY-25] bit 2 says that TCP port 443 is there too; who does not know it reads the rest', () => {
  const plain = { endpoint: V6, key, slot, udp: true, tcp: true };
  const bytes = encodeEntry({ ...plain, web: true });
  expect([bytes[0], bytes.length]).toEqual([7, 71]);
  expect(decodeEntry(bytes)).toEqual({ ...plain, web: true });
  expect(decodeEntry(encodeEntry(plain))).not.toHaveProperty('web');
  // Alone it is no way to get there.
  const alone = bytes.slice();
  alone[0] = 4;
  expect(decodeEntry(alone)).toBeUndefined();
});

test('[RLY-16] [RLY-25] as text it is `+443` at the end', () => {
  for (const endpoint of [{ ...V4, port: 4_000 }, V6]) {
    const text = formatRelay({ endpoint, key, web: true });
    expect(text.endsWith(`:${endpoint.port}+443`)).toBe(true);
    expect(parseRelay(text)).toEqual({ endpoint, key, udp: true, tcp: true, web: true });
    expect(parseRelay(text.toUpperCase())).toEqual(parseRelay(text));
    for (const bad of ['0', '+443', ' +443']) expect(parseRelay(text + bad)).toBeUndefined();
    expect(parseRelay(text.replace('+443', '+444'))).toBeUndefined();
  }
});

test('[RLY-16] a relay as text reads back, in either case', () => {
  for (const endpoint of [V4, V6]) {
    const text = formatRelay({ endpoint, key });
    expect(text).toMatch(/^sotto-relay:[a-z2-7]{56}@/);
    expect(parseRelay(` ${text} `)).toEqual({ endpoint, key, udp: true, tcp: true });
    expect(parseRelay(text.toUpperCase())).toEqual(parseRelay(text));
  }
});

test('[RLY-16] a mistyped key, another version, a name in place of an address: no relay', () => {
  const text = formatRelay({ endpoint: V4, key });
  const typo = text.replace(/:(..)(.)/, (_, two: string, one: string) =>
    one === 'a' ? `:${two}b` : `:${two}a`,
  );
  for (const bad of [typo, text.replace('@', '#'), text.replace(V4.host, 'example.org'), '']) {
    expect(parseRelay(bad)).toBeUndefined();
  }
  expect(parseRelay(text.replace(':443', ':0'))).toBeUndefined();
});
