/**
 * What outlives a restart of our reservations, as one document of the vault (space 'relay'): with
 * it the slots in records that others have go on leading to us (RLY-3).
 *
 *   key  type   meaning
 *   n    int    the next index
 *   p    list   at most 8 places: {k key of the reservation (32 B), n its number, r the relay's
 *               Noise key (32 B)}
 *   s    bytes  whose each slot is, UTF-8: lines of index, a space, reader
 * @module
 */
import { asBytes, asDict, asInt, asList, decode, encode } from '../base/bencode.ts';
import { fromHex, hex, utf8, utf8Text } from '../base/bytes.ts';
import type { Doc, DocChange } from '../base/vault.ts';
import { Secret } from '../crypto/keys.ts';
import type { Reservation } from '../relay/client.ts';
import { INDEXES, KEY_BYTES, NUMBERS } from '../relay/slots.ts';

/** Relays whose reservation is remembered. */
export const PLACES_MAX = 8;
const KEY = utf8('places');

export interface SavedPlaces {
  readonly nextIndex: number;
  /** By hex of the relay's key; the newest last. */
  readonly places: ReadonlyMap<string, Reservation>;
  /** By reader. */
  readonly indexes: ReadonlyMap<string, number>;
}

export function placesDoc({ indexes, nextIndex, places }: SavedPlaces): DocChange {
  const lines = [...indexes].map(([reader, index]) => `${index} ${reader}\n`);
  const kept = [...places].slice(-PLACES_MAX).map(([relay, { key, number }]) => ({
    k: key.reveal(),
    n: number,
    r: fromHex(relay)!,
  }));
  return { space: 'relay', key: KEY, value: encode({ n: nextIndex, p: kept, s: lines.join('') }) };
}

/** Reads our own document; without one there is nothing yet. */
export function savedPlaces(docs: readonly Doc[]): SavedPlaces {
  const doc = docs.find(({ space }) => space === 'relay');
  const decoded = doc && decode(doc.value);
  const dict = decoded?.ok ? asDict(decoded.value) : undefined;
  const places = new Map<string, Reservation>();
  for (const entry of asList(dict?.['p']) ?? []) {
    const place = asDict(entry);
    const key = asBytes(place?.['k'], KEY_BYTES);
    const number = asInt(place?.['n'], 0, NUMBERS - 1);
    const relay = asBytes(place?.['r'], KEY_BYTES);
    if (!key || number === undefined || !relay) continue;
    places.set(hex(relay), { number, key: new Secret('relay reservation', key.slice()) });
  }
  const indexes = new Map<string, number>();
  for (const line of (utf8Text(asBytes(dict?.['s']) ?? utf8('')) ?? '').split('\n')) {
    const match = /^(\d+) (.+)$/.exec(line);
    if (match && Number(match[1]) < INDEXES) indexes.set(match[2]!, Number(match[1]));
  }
  return { nextIndex: asInt(dict?.['n'], 1, INDEXES) ?? 1, places, indexes };
}
