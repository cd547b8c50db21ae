/**
 * Targets: what anybody in the same network may say, in the clear and as a card.
 * @module
 */
import { assert } from '@sotto/core/base/assert.ts';
import { concat, equal, readUintBE, uintBE, utf8 } from '@sotto/core/base/bytes.ts';
import { Prng } from '@sotto/core/base/prng.ts';
import { Secret } from '@sotto/core/crypto/keys.ts';
import { openCard, sealCard } from '@sotto/core/discovery/lan-card.ts';
import {
  decodeSearch,
  encodeSearch,
  SEARCH_BYTES_MAX,
  SEARCH_HASHES_MAX,
} from '@sotto/core/discovery/lan-message.ts';
import type { Target } from './target.ts';

const search: Target = {
  name: 'lan-search',
  covers: { 'core/discovery/lan-message.ts': ['decodeSearch', 'latin1'] },
  bytesMax: SEARCH_BYTES_MAX + 100,
  words: ['BT-SEARCH * HTTP/1.1\r\n', '\r\n', 'Port: ', 'Infohash: ', 'cookie: ', 'HTTP/1.0', '%'],
  start() {
    const { bytes } = new Prng(21);
    const hashes = Array.from({ length: 12 }, () => bytes(20));
    const seeds = (['v4', 'v6'] as const).flatMap((family) => [
      encodeSearch(family, { port: 40_000, hashes, cookie: 'c0ffee' }),
      encodeSearch(family, { port: 1, hashes: hashes.slice(0, 1), cookie: undefined }),
    ]);
    return {
      seeds: [
        ...seeds,
        utf8(`BT-SEARCH * HTTP/1.0\r\nX: y\r\nport:7\r\nINFOHASH:${'AB'.repeat(20)}`),
      ],
      run(input) {
        const read = decodeSearch(input);
        if (!read.ok) return false;
        const { hashes: found, port } = read.search;
        assert(port >= 1 && port <= 65_535, 'a port');
        assert(found.length >= 1 && found.length <= SEARCH_HASHES_MAX, 'some hashes');
        assert(
          found.every((hash) => hash.length === 20),
          'hashes have one length',
        );
        const again = decodeSearch(encodeSearch('v4', read.search));
        const isSame = again.ok && again.search.hashes.every((hash, i) => equal(hash, found[i]!));
        assert(!again.ok || isSame, 'what is read is written alike');
        return true;
      },
    };
  },
};

/** First byte: even for what is inside a card, sealed by us; odd for a card as it is. */
const card: Target = {
  name: 'lan-card',
  covers: { 'core/discovery/lan-card.ts': ['openCard'] },
  bytesMax: 820,
  words: [uintBE(0, 2), uintBE(40_000, 2)],
  start() {
    const { bytes } = new Prng(22);
    const key = new Secret('pair', bytes(32));
    const sender = bytes(32);
    const epoch = 497_222;
    const made = (port: number, record: Uint8Array): Uint8Array =>
      sealCard({ port, record }, key, sender, epoch, bytes);
    const whole = [made(40_000, new Uint8Array(0)), made(1, bytes(700))];
    const insides = [uintBE(40_000, 2), concat(uintBE(1, 2), bytes(300))];
    return {
      seeds: [
        ...whole.map((one) => concat(Uint8Array.of(1), one)),
        ...insides.map((one) => concat(Uint8Array.of(0), one)),
      ],
      run(input) {
        const rest = input.subarray(1);
        const asItIs = ((input[0] ?? 0) & 1) === 1;
        if (!asItIs && rest.length < 2) return false;
        const inside = rest.subarray(2, 738);
        const port = asItIs ? 0 : readUintBE(rest, 0, 2);
        const read = openCard(asItIs ? rest : made(port, inside), key, sender, epoch);
        assert(asItIs || (read === undefined) === (port === 0), 'what is sealed opens');
        assert(asItIs || !read || equal(read.record, inside), 'a record comes out as it went in');
        return read !== undefined;
      },
    };
  },
};

export const LAN: readonly Target[] = [search, card];
