/**
 * Asked: somebody whom we asked, by their ID alone, to let us in: one document of the vault under
 * their identity key, until they have (DOR-18).
 *
 *   key  type   meaning
 *   a    int    1 once the person here agreed that it may show our IP address
 *   b    int    when that was, wall clock, milliseconds: the week begins
 *   e    16 B   id of our `knock` event
 *   h    32 B   hash of the device list that their door told, where one was read
 *   l    int    its version; 0 before
 *   p    bytes  where our knock lies: day (8) slot (1) hash of the head's value (32)
 * @module
 */
import { asBytes, asDict, asInt, decode, encode } from '../base/bencode.ts';
import { concat, readUintBE, uintBE } from '../base/bytes.ts';

const DAY_BYTES = 8;
const PLACED_BYTES = DAY_BYTES + 1 + 32;

export interface Asked {
  readonly identity: Uint8Array;
  agreed: boolean;
  sinceMs: number;
  event: Uint8Array;
  /** What their door says of their device list. */
  list: { readonly version: number; readonly hash: Uint8Array | undefined };
  placed: { readonly day: number; readonly slot: number; readonly value: Uint8Array } | undefined;
}

export function encodeAsked({ agreed, event, list, placed, sinceMs }: Asked): Uint8Array {
  return encode({
    a: agreed ? 1 : 0,
    b: sinceMs,
    e: event,
    h: list.hash,
    l: list.version,
    p:
      placed &&
      concat(
        new Uint8Array(2),
        uintBE(placed.day, DAY_BYTES - 2),
        Uint8Array.of(placed.slot),
        placed.value,
      ),
  });
}

/** Reads our own document; undefined means the vault holds something we never wrote. */
export function decodeAsked(identity: Uint8Array, bytes: Uint8Array): Asked | undefined {
  const decoded = decode(bytes);
  const dict = decoded.ok ? asDict(decoded.value) : undefined;
  const event = asBytes(dict?.['e'], 16)?.slice();
  const sinceMs = asInt(dict?.['b'], 0, Number.MAX_SAFE_INTEGER);
  const version = asInt(dict?.['l'], 0, Number.MAX_SAFE_INTEGER);
  if (!dict || !event || sinceMs === undefined || version === undefined) return undefined;
  const hash = asBytes(dict['h'], 32)?.slice();
  const packed = asBytes(dict['p'], PLACED_BYTES);
  const placed = packed && {
    day: readUintBE(packed, 2, DAY_BYTES - 2),
    slot: packed[DAY_BYTES]!,
    value: packed.slice(DAY_BYTES + 1),
  };
  return { identity, agreed: dict['a'] === 1, sinceMs, event, list: { version, hash }, placed };
}
