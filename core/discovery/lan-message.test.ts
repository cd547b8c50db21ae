import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hex, utf8, utf8Text } from '../base/bytes.ts';
import {
  decodeSearch,
  encodeSearch,
  LAN_HASH_BYTES,
  SEARCH_BYTES_MAX,
  SEARCH_HASHES_MAX,
} from './lan-message.ts';

const HASH = new Uint8Array(LAN_HASH_BYTES).fill(0xab);
const OTHER = new Uint8Array(LAN_HASH_BYTES).fill(0x01);

test('[LAN-1] an announcement is written byte for byte as BEP 14 and its clients do', () => {
  const search = { port: 6881, hashes: [HASH, OTHER], cookie: '1a2b3c' };
  expect(utf8Text(encodeSearch('v4', search))).toBe(
    'BT-SEARCH * HTTP/1.1\r\n' +
      'Host: 239.192.152.143:6771\r\n' +
      'Port: 6881\r\n' +
      'Infohash: abababababababababababababababababababab\r\n' +
      'Infohash: 0101010101010101010101010101010101010101\r\n' +
      'cookie: 1a2b3c\r\n' +
      '\r\n\r\n',
  );
  const six = utf8Text(encodeSearch('v6', { ...search, cookie: undefined }));
  expect(six).toContain('\r\nHost: [ff15::efc0:988f]:6771\r\n');
  expect(six).not.toContain('cookie');
});

test('[LAN-1] what is written is read again, and a full one fits', () => {
  const hash = fc.uint8Array({ minLength: LAN_HASH_BYTES, maxLength: LAN_HASH_BYTES });
  const search = fc.record({
    port: fc.integer({ min: 1, max: 65_535 }),
    hashes: fc.array(hash, { minLength: 1, maxLength: 16 }),
    cookie: fc.option(fc.stringMatching(/^[0-9a-f]{1,8}$/), { nil: undefined }),
  });
  fc.assert(
    fc.property(search, fc.constantFrom('v4' as const, 'v6' as const), (wanted, family) => {
      const bytes = encodeSearch(family, wanted);
      expect(bytes.length).toBeLessThanOrEqual(SEARCH_BYTES_MAX);
      const read = decodeSearch(bytes);
      if (!read.ok) throw new Error(read.reason);
      const { cookie, hashes, port } = read.search;
      expect({ cookie, port }).toEqual({ cookie: wanted.cookie, port: wanted.port });
      expect(hashes.map(hex)).toEqual(wanted.hashes.map(hex));
    }),
  );
});

test('[LAN-2] messages of other clients are read, whatever the case of their headers', () => {
  const read = decodeSearch(
    utf8(
      'BT-SEARCH * HTTP/1.1\r\nHOST: 239.192.152.143:6771\r\nPORT: 51413\r\nX-Other: 1\r\n' +
        'INFOHASH: ABABABABABABABABABABABABABABABABABABABAB\r\n\r\n\r\n',
    ),
  );
  expect(read).toEqual({ ok: true, search: { port: 51_413, hashes: [HASH], cookie: undefined } });
});

const FINE = 'BT-SEARCH * HTTP/1.1\r\nPort: 1\r\nInfohash: ' + 'ab'.repeat(20) + '\r\n';

test.each([
  ['size', FINE + 'X: ' + 'a'.repeat(SEARCH_BYTES_MAX) + '\r\n\r\n'],
  ['not a search', 'NOTIFY * HTTP/1.1\r\nPort: 1\r\n\r\n'],
  ['not a search', 'BT-SEARCH * HTTP/2.0\r\nPort: 1\r\n\r\n'],
  ['not a search', ''],
  ['bad line', 'BT-SEARCH * HTTP/1.1\r\nno colon\r\n\r\n'],
  ['bad line', FINE + 'cookie: ' + 'a'.repeat(129) + '\r\n\r\n'],
  ['bad port', FINE.replace('Port: 1', 'Port: 0') + '\r\n'],
  ['bad port', FINE.replace('Port: 1', 'Port: 65536') + '\r\n'],
  ['bad port', FINE.replace('Port: 1\r\n', '') + '\r\n'],
  ['bad hash', FINE.replace('abab', 'ab') + '\r\n'],
  ['bad hash', FINE.replace('abab', 'xyzz') + '\r\n'],
  ['bad hash', 'BT-SEARCH * HTTP/1.1\r\nPort: 1\r\n\r\n'],
])('[LAN-2] %s: one bad part makes it nothing', (reason, text) => {
  expect(decodeSearch(utf8(text))).toEqual({ ok: false, reason });
});

test('[LAN-2] more hashes than fit into a message make it nothing', () => {
  const line = `Infohash: ${'ab'.repeat(20)}\r\n`;
  const many = `BT-SEARCH * HTTP/1.1\r\nPort: 1\r\n${line.repeat(SEARCH_HASHES_MAX + 1)}\r\n`;
  expect(decodeSearch(utf8(many)).ok).toBe(false);
});

test('[LAN-2] no bytes make the reader fail', () => {
  const bent = fc.tuple(fc.nat(FINE.length), fc.uint8Array({ maxLength: 40 }));
  fc.assert(
    fc.property(bent, ([at, bytes]) => {
      const text = utf8(FINE);
      text.set(bytes.subarray(0, text.length - at), at);
      expect(typeof decodeSearch(text).ok).toBe('boolean');
      expect(typeof decodeSearch(bytes).ok).toBe('boolean');
    }),
  );
});
