import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadVectors, unhex } from '../../vectors/load.ts';
import { utf8 } from '../base/bytes.ts';
import { Prng } from '../base/prng.ts';
import {
  compareDistance,
  crc32c,
  distanceShare,
  idForHost,
  idNear,
  idSharing,
  isCompliant,
  sharedBits,
} from './node-id.ts';

interface Vectors {
  readonly ipv4: readonly { ip: string; rand: number; node_id_hex: string }[];
  readonly ipv6_derived: {
    readonly cases: readonly { ip: string; rand: number; crc32c_hex: string }[];
  };
  readonly crc32c_check: readonly { input_ascii?: string; input_hex?: string; crc: string }[];
}
const vectors = loadVectors<Vectors>('beps/bep42-node-id.json');
const random = new Prng(42).bytes;
const id = fc.uint8Array({ minLength: 20, maxLength: 20 });

describe('BEP 42', () => {
  test.each(vectors.crc32c_check)('[DHT-2] crc32c is $crc', ({ input_ascii, input_hex, crc }) => {
    const input = input_ascii === undefined ? unhex(input_hex!) : utf8(input_ascii);
    expect(crc32c(input).toString(16)).toBe(crc);
  });

  test.each(vectors.ipv4)('[DHT-2] the published id of $ip complies there alone', (vector) => {
    const published = unhex(vector.node_id_hex);
    expect(published[19]).toBe(vector.rand);
    expect(isCompliant(published, vector.ip)).toBe(true);
    expect(isCompliant(published, '8.8.8.8')).toBe(false);
    for (const bit of [0, 7, 13, 20]) {
      const other = published.slice();
      other[bit >> 3]! ^= 0x80 >> (bit % 8);
      expect(isCompliant(other, vector.ip)).toBe(false);
    }
    const free = published.slice();
    free[2]! ^= 0x07; // bits 21 to 23 are random
    expect(isCompliant(free, vector.ip)).toBe(true);
  });

  test.each(vectors.ipv6_derived.cases)('[DHT-2] an id for $ip', ({ ip, rand, crc32c_hex }) => {
    const crc = unhex(crc32c_hex);
    const fitting = Uint8Array.from({ length: 20 }, (_, i) => (i < 3 ? crc[i]! : rand));
    expect(isCompliant(fitting, ip)).toBe(true);
    fitting[0]! ^= 1;
    // Unique-local addresses are exempt.
    expect(isCompliant(fitting, ip)).toBe(ip.startsWith('fd'));
  });

  test('[DHT-2] every id we make complies, with all eight prefixes of a host in use', () => {
    for (const host of ['124.31.75.21', '2001:db8:85a3::8a2e:370:7334']) {
      const prefixes = new Set<number>();
      for (let i = 0; i < 200; i++) {
        const made = idForHost(host, random);
        expect(isCompliant(made, host)).toBe(true);
        prefixes.add((made[0]! << 13) | (made[1]! << 5) | (made[2]! >> 3));
      }
      expect(prefixes.size).toBe(8);
    }
  });

  test('[DHT-3] addresses of one’s own network are exempt', () => {
    for (const host of ['10.1.2.3', '172.16.9.9', '192.168.1.1', '169.254.3.3', '127.0.0.1']) {
      expect(isCompliant(random(20), host)).toBe(true);
    }
    for (const host of ['100.64.1.1', '::1', 'fe80::1', 'fd00::1']) {
      expect(isCompliant(random(20), host)).toBe(true);
    }
    const wrong = idForHost('9.9.9.9', random);
    expect(isCompliant(wrong, '198.18.0.1')).toBe(false);
  });
});

test('[DHT-1] the closer of two ids is the one whose XOR with the target is the smaller number', () => {
  const number = (bytes: Uint8Array): bigint => bytes.reduce((n, b) => n * 256n + BigInt(b), 0n);
  fc.assert(
    fc.property(id, id, id, (target, a, b) => {
      const far = (x: Uint8Array): bigint => number(x.map((byte, i) => byte ^ target[i]!));
      const difference = far(a) - far(b);
      expect(Math.sign(compareDistance(target, a, b))).toBe(
        Number(difference > 0n) - Number(difference < 0n),
      );
    }),
  );
});

test('[DHT-1] shared bits are counted from the first', () => {
  fc.assert(
    fc.property(id, fc.integer({ min: 0, max: 159 }), (own, bits) => {
      expect(sharedBits(own, idSharing(own, bits, random))).toBe(bits);
      expect(sharedBits(own, own)).toBe(160);
    }),
  );
});

test('[DHT-71] a masked id shares at least the wanted bits, and the rest is noise', () => {
  fc.assert(
    fc.property(id, fc.integer({ min: 0, max: 160 }), (wanted, bits) => {
      expect(sharedBits(idNear(wanted, bits, random), wanted)).toBeGreaterThanOrEqual(bits);
    }),
  );
  const same = Array.from({ length: 64 }, () => idNear(new Uint8Array(20), 9, random));
  expect(same.filter((masked) => sharedBits(masked, new Uint8Array(20)) === 9).length).toBe(
    same.filter((masked) => (masked[1]! & 0x40) !== 0).length,
  );
  expect(new Set(same.map((masked) => masked.join())).size).toBe(64);
});

test('[DHT-72] a distance as a share of all ids', () => {
  const zero = new Uint8Array(20);
  const with1 = (at: number): Uint8Array => {
    const bytes = new Uint8Array(20);
    bytes[at >> 3] = 0x80 >> (at & 7);
    return bytes;
  };
  expect([0, 1, 13, 47].map((at) => distanceShare(zero, with1(at)))).toEqual(
    [1, 2, 14, 48].map((bits) => 2 ** -bits),
  );
});
