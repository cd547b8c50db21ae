/**
 * Piece fetch: brings the pieces that a head names, all at once, each by one lookup (DOR-5). It
 * asks for at most five items, whatever the head says, and never again by itself.
 * @module
 */
import type { Bvalue } from '../base/bencode.ts';
import type { Secret } from '../crypto/keys.ts';
import type { DhtPort } from './dht-port.ts';
import { joinPieces, type Head } from './pieces.ts';

/** Nodes come and go, and one that is asked may be slow: fewer copies are put again soon. */
export const COPIES_FEW = 3;

/** `done` gets the content, or undefined where a piece is missing or is not what it should be. */
export function fetchPieces(
  dht: DhtPort,
  head: Head,
  key: Secret<string>,
  done: (content: Uint8Array | undefined) => void,
): void {
  const values = new Array<Bvalue | undefined>(head.targets.length).fill(undefined);
  let missing = values.length;
  for (const [i, target] of head.targets.entries()) {
    dht.get({ target }, ({ item }) => {
      values[i] = item?.value;
      missing--;
      if (missing === 0) done(joinPieces(head, values, key));
    });
  }
}

/** Puts finished items, all at once; `done` gets the fewest copies that any of them has now. */
export function putAll(
  dht: DhtPort,
  items: readonly Parameters<DhtPort['put']>[0][],
  done: (copies: number) => void,
): void {
  let copies = Infinity;
  let missing = items.length;
  for (const item of items) {
    dht.put(item, ({ stored }) => {
      copies = Math.min(copies, stored);
      missing--;
      if (missing === 0) done(copies);
    });
  }
}
