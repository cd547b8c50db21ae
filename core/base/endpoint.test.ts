import { isIP } from 'node:net';
import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { fromHex, hex } from './bytes.ts';
import {
  decodeEndpoint,
  encodeEndpoint,
  endpointKey,
  familyOf,
  formatAddress,
  hostOf,
  isWithin,
  parseAddress,
  parseEndpoint,
  scopeOf,
  withoutZone,
  zoneOf,
} from './endpoint.ts';

describe('[ENC-9] the compact form', () => {
  // BEP 5: 4 address bytes and 2 port bytes; BEP 32: 16 and 2.
  test.each([
    ['127.0.0.1', 6881, '7f0000011ae1'],
    ['203.0.113.255', 1, 'cb0071ff0001'],
    ['2001:db8::1', 65535, '20010db8000000000000000000000001ffff'],
  ])('of %s port %i is %s', (host, port, bytes) => {
    expect(hex(encodeEndpoint({ host, port }))).toBe(bytes);
    expect(decodeEndpoint(fromHex(bytes)!)).toEqual({ host, port });
  });

  test('has 6 or 18 bytes and a port other than 0', () => {
    expect(decodeEndpoint(fromHex('7f0000010000')!)).toBeUndefined();
    for (const length of [0, 5, 7, 17, 19]) {
      expect(decodeEndpoint(new Uint8Array(length).fill(1))).toBeUndefined();
    }
  });

  test('what decodes encodes to the same bytes, except IPv4 inside IPv6', () => {
    const sizes = fc.constantFrom(6, 18);
    const compact = sizes.chain((size) => fc.uint8Array({ minLength: size, maxLength: size }));
    fc.assert(
      fc.property(compact, (bytes) => {
        const endpoint = decodeEndpoint(bytes);
        if (endpoint) expect(hex(encodeEndpoint(endpoint))).toBe(hex(bytes));
      }),
    );
    const mapped = decodeEndpoint(fromHex('00000000000000000000ffff7f0000011ae1')!);
    expect(mapped).toEqual({ host: '127.0.0.1', port: 6881 });
  });
});

describe('[ENC-10] the text of an address', () => {
  // RFC 5952 4 and 5: lower case, no leading zeros, the longest run of zeros, first of equals.
  test.each([
    ['2001:0DB8::0001', '2001:db8::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['::1', '::1'],
    ['fe80::', 'fe80::'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['192.0.2.1', '192.0.2.1'],
  ])('%s is written %s', (text, expected) => {
    expect(formatAddress(parseAddress(text)!)).toBe(expected);
  });

  test('is read as Node reads it, but for zones', () => {
    const part = fc.constantFrom(
      '0',
      '1',
      'ff',
      '0db8',
      '12345',
      ':',
      '::',
      '.',
      '255',
      '256',
      '01',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 15 }), (parts) => {
        const text = parts.join('');
        expect(parseAddress(text) !== undefined, text).toBe(isIP(text) !== 0);
      }),
      { numRuns: 3000 },
    );
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        expect(parseAddress(text), text).toBeDefined();
      }),
    );
    expect(parseAddress('fe80::1%eth0')).toBeUndefined();
  });

  test('every address comes back from its text', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        expect(hex(parseAddress(formatAddress(bytes))!)).toBe(hex(bytes));
      }),
    );
  });

  test('with a port: brackets for IPv6, 1 to 65535', () => {
    expect(parseEndpoint('192.0.2.1:80')).toEqual({ host: '192.0.2.1', port: 80 });
    expect(parseEndpoint('[2001:DB8::1]:443')).toEqual({ host: '2001:db8::1', port: 443 });
    expect(endpointKey({ host: '2001:db8::1', port: 443 })).toBe('[2001:db8::1]:443');
    expect(endpointKey({ host: '192.0.2.1', port: 80 })).toBe('192.0.2.1:80');
    expect(familyOf({ host: '::1', port: 1 })).toBe('v6');
    expect(familyOf({ host: '192.0.2.1', port: 1 })).toBe('v4');
    const bad = ['192.0.2.1', '192.0.2.1:0', '192.0.2.1:65536', '2001:db8::1:80', 'host:80', ':80'];
    for (const text of [...bad, '[192.0.2.1:80', '192.0.2.1:80 ', '']) {
      expect(parseEndpoint(text), text).toBeUndefined();
    }
  });
});

describe('[ENC-11] the scope of an address', () => {
  test.each([
    ['8.8.8.8', 'public'],
    ['2a00:1450:4001::1', 'public'],
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['::1', 'loopback'],
    ['10.0.0.1', 'private'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['172.32.0.1', 'public'],
    ['192.168.1.1', 'private'],
    ['100.64.0.1', 'private'],
    ['100.128.0.1', 'public'],
    ['fd00::1', 'private'],
    ['169.254.1.1', 'link-local'],
    ['fe80::1', 'link-local'],
    ['febf::1', 'link-local'],
    ['0.0.0.0', 'reserved'],
    ['224.0.0.1', 'reserved'],
    ['255.255.255.255', 'reserved'],
    ['192.0.2.1', 'reserved'],
    ['198.18.0.1', 'reserved'],
    ['198.51.100.1', 'reserved'],
    ['203.0.113.1', 'reserved'],
    ['::', 'reserved'],
    ['2001:db8::1', 'reserved'],
    ['ff02::1', 'reserved'],
    ['64:ff9b::1', 'reserved'],
    ['not an address', 'reserved'],
  ])('of %s is %s', (host, scope) => {
    expect(scopeOf(host)).toBe(scope);
  });
});

describe('[LAN-15] neighbours', () => {
  test('a zone stays with a link-local IPv6 address and with no other', () => {
    expect(hostOf('FE80::0:1%eth0')).toBe('fe80::1%eth0');
    expect(hostOf('2001:DB8::1')).toBe('2001:db8::1');
    expect(hostOf('192.168.1.1')).toBe('192.168.1.1');
    expect(hostOf('2a00::1%eth0')).toBeUndefined();
    expect(hostOf('192.168.1.1%eth0')).toBeUndefined();
    expect(hostOf('eth0')).toBeUndefined();
    expect(scopeOf('fe80::1%eth0')).toBe('link-local');
    expect(scopeOf('2a00::1%eth0')).toBe('reserved');
    expect([zoneOf('fe80::1%eth0'), withoutZone('fe80::1%eth0')]).toEqual(['eth0', 'fe80::1']);
    expect([zoneOf('fe80::1'), withoutZone('fe80::1')]).toEqual([undefined, 'fe80::1']);
  });

  test.each([
    ['192.168.1.200', '192.168.1.7/24', true],
    ['192.168.2.1', '192.168.1.7/24', false],
    ['10.1.2.3', '10.1.2.0/25', true],
    ['10.1.2.129', '10.1.2.0/25', false],
    ['fe80::2%eth0', 'fe80::1/64', true],
    ['fe80:0:0:1::2', 'fe80::1/64', false],
    ['192.168.1.1', 'fe80::1/64', false],
    ['192.168.1.1', '192.168.1.1/32', true],
    ['192.168.1.1', 'no network', false],
  ])('is %s in %s: %s', (host, network, isIn) => {
    expect(isWithin(host, network)).toBe(isIn);
  });
});
