/**
 * The bloom filter in which a node tells how many peers it knows (BEP 33): who collects several can
 * count their union without being told an address.
 *
 *   2,048 bits; SHA-1 of the address (4 or 16 bytes) sets bits (h[0] | h[1] << 8) mod 2,048 and
 *   (h[2] | h[3] << 8) mod 2,048; bit i is 1 << i % 8 of byte i / 8
 *
 * @module
 */
import { parseAddress } from '../base/endpoint.ts';
import { sha1 } from '../crypto/hash.ts';

export const FILTER_BYTES = 256;

/** The filter of these addresses; ports play no part. */
export function addressFilter(hosts: Iterable<string>): Uint8Array<ArrayBuffer> {
  const filter = new Uint8Array(FILTER_BYTES);
  for (const host of hosts) {
    const address = parseAddress(host);
    if (!address) continue;
    const hash = sha1(address);
    for (const at of [0, 2]) {
      const bit = (hash[at]! | (hash[at + 1]! << 8)) % (8 * FILTER_BYTES);
      filter[bit >> 3]! |= 1 << (bit & 7);
    }
  }
  return filter;
}
