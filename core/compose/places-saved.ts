/**
 * What outlives a restart of our reservations, as one document of the vault (space 'relay'): with
 * it the slots in records that others have go on leading to us (RLY-3).
 *
 *   key  type   meaning
 *   g    list   at most 3 guards: {a time away so far (ms), o identity of its owner (32 B; absent
 *               for the own list), r its Noise key (32 B), t since when (ms since 1970)}
 *   n    int    the next index
 *   p    list   at most 8 places: {k key of the reservation (32 B), n its number, r the relay's
 *               Noise key (32 B)}
 *   s    bytes  whose each slot is, UTF-8: lines of index, a space, reader
 * @module
 */
import { asBytes, asDict, asInt, asList, type Bvalue, decode, encode } from '../base/bencode.ts';
import { equal, fromHex, hex, utf8, utf8Text } from '../base/bytes.ts';
import type { Doc, DocChange } from '../base/vault.ts';
import { Secret } from '../crypto/keys.ts';
import type { Reservation } from '../relay/client.ts';
import { type Guard, GUARDS_MAX } from '../relay/guards.ts';
import { INDEXES, KEY_BYTES, NUMBERS } from '../relay/slots.ts';

/** Relays whose reservation is remembered. */
export const PLACES_MAX = 8;
const KEY = utf8('places');
const IDENTITY_BYTES = 32;

export interface SavedPlaces {
  readonly nextIndex: number;
  /** By hex of the relay's key; the newest last. */
  readonly places: ReadonlyMap<string, Reservation>;
  /** By reader. */
  readonly indexes: ReadonlyMap<string, number>;
  readonly guards: readonly Guard[];
}

export function placesDoc({ guards, indexes, nextIndex, places }: SavedPlaces): DocChange {
  const lines = [...indexes].map(([reader, index]) => `${index} ${reader}\n`);
  const kept = [...places].slice(-PLACES_MAX).map(([relay, { key, number }]) => ({
    k: key.reveal(),
    n: number,
    r: fromHex(relay)!,
  }));
  const g = guards.map(({ awayMs, isPublic, name, owner, sinceMs }) => ({
    a: awayMs,
    o: owner === undefined ? undefined : fromHex(owner)!,
    r: fromHex(name)!,
    t: sinceMs,
    u: isPublic ? 1 : undefined,
  }));
  const value = encode({ g, n: nextIndex, p: kept, s: lines.join('') });
  return { space: 'relay', key: KEY, value };
}

/** Reads our own document; without one there is nothing yet. */
export function savedPlaces(docs: readonly Doc[]): SavedPlaces {
  const doc = docs.find(({ key, space }) => space === 'relay' && equal(key, KEY));
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
  const guards = (asList(dict?.['g']) ?? []).flatMap((entry) => guardOf(entry) ?? []);
  const nextIndex = asInt(dict?.['n'], 1, INDEXES) ?? 1;
  return { nextIndex, places, indexes, guards: guards.slice(0, GUARDS_MAX) };
}

function guardOf(entry: Bvalue): Guard | undefined {
  const dict = asDict(entry);
  const relay = asBytes(dict?.['r'], KEY_BYTES);
  const owner = asBytes(dict?.['o'], IDENTITY_BYTES);
  const sinceMs = asInt(dict?.['t'], 0, Number.MAX_SAFE_INTEGER);
  const awayMs = asInt(dict?.['a'], 0, Number.MAX_SAFE_INTEGER);
  if (!relay || sinceMs === undefined || awayMs === undefined) return undefined;
  const isPublic = dict?.['u'] === 1 && { isPublic: true as const };
  return { name: hex(relay), owner: owner && hex(owner), sinceMs, awayMs, ...isPublic };
}
