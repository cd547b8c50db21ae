/**
 * What presence keeps in the vault, one document each (space 'record').
 *
 *   key "self"              d: c 32 B hash of what we say, g generation
 *   key "peer <peer>" or    d: g [[device, generation they said]], k 32 B mark key, m last epoch
 *       "invite <id>"          both met, n highest seq ever used, o our item, r [[first, last]]
 *                              epochs published in
 *     our item              d: e epoch, g generation, k public key, n seq, s signature, v raw value
 *
 * Ours alone, so a document that does not decode is a bug. Unknown keys of a later version are
 * dropped. Spec: DSC-14, DSC-16, DSC-17.
 * @module
 */
import { asBytes, asDict, asInt, asList, decode, encode, type Bvalue } from '../base/bencode.ts';
import { assert } from '../base/assert.ts';
import { Secret } from '../crypto/keys.ts';
import type { SignedItem } from './item.ts';

/** Shows us that we wrote a record; to all others it shows nothing. */
export type MarkSecret = Secret<'record mark'>;

export interface SavedSelf {
  readonly generation: number;
  readonly content: Uint8Array;
}

/** The last item of ours at one rendezvous. */
export interface OwnItem {
  readonly epoch: number;
  readonly seq: number;
  readonly generation: number;
  readonly item: SignedItem;
}
/** The other end: a contact (opaque text, the hex of its identity), or whoever holds an invite. */
export type RendezvousId = { readonly peer: string } | { readonly invite: string };
export type EpochRange = readonly [first: number, last: number];

export interface SavedRendezvous {
  readonly mark: MarkSecret;
  readonly metEpoch: number;
  readonly highestSeq: number;
  readonly own: OwnItem | undefined;
  readonly visited: readonly EpochRange[];
  readonly read: readonly { readonly device: Uint8Array; readonly generation: number }[];
}

export function encodeSelf(self: SavedSelf): Uint8Array<ArrayBuffer> {
  return encode({ c: self.content, g: self.generation });
}

export function decodeSelf(bytes: Uint8Array): SavedSelf {
  const dict = dictOf(bytes);
  const content = asBytes(dict['c'], 32);
  assert(content !== undefined, 'saved presence: self');
  return { generation: number(dict['g']), content };
}

export function encodeRendezvous(saved: SavedRendezvous): Uint8Array<ArrayBuffer> {
  const { own } = saved;
  return encode({
    g: saved.read.map(({ device, generation }) => [device, generation]),
    k: saved.mark.reveal(),
    m: saved.metEpoch,
    n: saved.highestSeq,
    o: own && {
      e: own.epoch,
      g: own.generation,
      k: own.item.publicKey,
      n: own.seq,
      s: own.item.signature,
      v: own.item.raw,
    },
    r: saved.visited,
  });
}

export function decodeRendezvous(bytes: Uint8Array): SavedRendezvous {
  const dict = dictOf(bytes);
  const mark = asBytes(dict['k'], 32);
  assert(mark !== undefined, 'saved presence: mark');
  return {
    mark: new Secret('record mark', mark.slice()),
    metEpoch: number(dict['m']),
    highestSeq: number(dict['n']),
    own: dict['o'] === undefined ? undefined : ownOf(dict['o']),
    visited: list(dict['r']).map((range) => [number(list(range)[0]), number(list(range)[1])]),
    read: list(dict['g']).map((entry) => {
      const [device, generation] = list(entry);
      return { device: byteString(device), generation: number(generation) };
    }),
  };
}

function ownOf(value: Bvalue): OwnItem {
  const dict = asDict(value);
  assert(dict !== undefined, 'saved presence: item');
  const seq = number(dict['n']);
  const item = {
    publicKey: byteString(dict['k']),
    seq: BigInt(seq),
    signature: byteString(dict['s']),
    raw: byteString(dict['v']),
  };
  return { epoch: number(dict['e']), seq, generation: number(dict['g']), item };
}

function dictOf(bytes: Uint8Array): { [key: string]: Bvalue } {
  const decoded = decode(bytes);
  const dict = decoded.ok ? asDict(decoded.value) : undefined;
  assert(dict !== undefined, 'saved presence is a dictionary');
  return dict;
}

function number(value: Bvalue | undefined): number {
  const read = asInt(value, 0, Number.MAX_SAFE_INTEGER);
  assert(read !== undefined, 'saved presence: number');
  return read;
}

function byteString(value: Bvalue | undefined): Uint8Array {
  const read = asBytes(value);
  assert(read !== undefined, 'saved presence: bytes');
  return read;
}

function list(value: Bvalue | undefined): Bvalue[] {
  const read = asList(value);
  assert(read !== undefined, 'saved presence: list');
  return read;
}

/** Under which key a rendezvous is kept; also its name inside presence. */
export function rendezvousName(id: RendezvousId): string {
  return 'peer' in id ? `peer ${id.peer}` : `invite ${id.invite}`;
}

export const SELF_NAME = 'self';
