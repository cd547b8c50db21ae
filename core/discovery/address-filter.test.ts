import { expect, test } from 'vitest';
import { loadVectors } from '../../vectors/load.ts';
import { hex } from '../base/bytes.ts';
import { addressFilter, FILTER_BYTES } from './address-filter.ts';

const vector = loadVectors<{ filter: string; estimate: number }>('beps/bep33-filter.json');

test('[DHT-57] the filter of 1,256 addresses is that of BEP 33, and so is its estimate', () => {
  const hosts = [
    ...Array.from({ length: 256 }, (_, i) => `192.0.2.${i}`),
    ...Array.from({ length: 1000 }, (_, i) => `2001:db8::${i.toString(16)}`),
  ];
  const filter = addressFilter(hosts);
  expect(hex(filter)).toBe(vector.filter);
  const bits = 8 * FILTER_BYTES;
  let zeros = bits;
  for (const byte of filter) for (let rest = byte; rest > 0; rest &= rest - 1) zeros--;
  const size = Math.log(Math.min(bits - 1, zeros) / bits) / (2 * Math.log(1 - 1 / bits));
  expect(size).toBeCloseTo(vector.estimate, 3);
});

test('[DHT-57] no address, no bit; an address twice counts once', () => {
  expect(addressFilter([])).toEqual(new Uint8Array(FILTER_BYTES));
  expect(addressFilter(['9.9.9.9', '9.9.9.9', 'no address'])).toEqual(addressFilter(['9.9.9.9']));
});
