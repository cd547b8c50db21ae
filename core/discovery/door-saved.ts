/**
 * What the vault keeps of our own front door (DOR-16): finished bytes, so that any start puts the
 * same ones, and the secrets of the days that people may still knock at.
 *
 *   key "door"         a  int    1 where a person agreed that it may show our IP address; before it
 *                                was written, every open door had been agreed to
 *                      g  int    pointers were signed so often: their seq
 *                      l  int    version of the device list they name
 *                      o  int    1 while open
 *                      s  32 B   door secret
 *   key "pointer" day  i  item   finished pointer of that day
 *   key "day" day      c  int    cost in bits     k  32 B  knock secret (X25519)
 *                      h  item   finished head    p  list  finished pieces
 *                      s  32 B   slot seed
 *
 *   item  {k: public key, q: seq, s: signature, v: bencoded value}; day: 8 bytes, big-endian
 * @module
 */
import { asBytes, asDict, asInt, asList, decode, encode, type Bvalue } from '../base/bencode.ts';
import { concat, readUintBE, utf8 } from '../base/bytes.ts';
import type { Doc, DocChange } from '../base/vault.ts';
import type { OpeningSecret } from '../crypto/hpke.ts';
import { Secret } from '../crypto/keys.ts';
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from '../crypto/sign.ts';
import type { DoorSecret } from './door.ts';
import { epochBytes } from './epoch.ts';
import type { SignedItem } from './item.ts';
import { COST_BITS_MAX } from './knock-cost.ts';
import { PIECES_MAX } from './pieces.ts';

export interface SavedDoor {
  readonly open: boolean;
  /** A person agreed that it may show our IP address, where no relay hides it. */
  readonly agreed: boolean;
  readonly secret: DoorSecret;
  /** `seq` of the pointers signed last. */
  readonly generation: number;
  readonly listVersion: number;
}

export interface SavedDay {
  readonly knockSecret: OpeningSecret;
  readonly slotSeed: Uint8Array;
  readonly costBits: number;
  readonly head: SignedItem;
  readonly pieces: readonly Uint8Array[];
}

export interface SavedFrontDoor {
  door: SavedDoor | undefined;
  readonly pointers: Map<number, SignedItem>;
  readonly days: Map<number, SavedDay>;
}

const DOOR = utf8('door');
const POINTER = utf8('pointer ');
const DAY = utf8('day ');
const DAY_BYTES = 8;

export function doorDoc(door: SavedDoor): DocChange {
  const { agreed, generation, listVersion, open, secret } = door;
  const value = encode({
    a: agreed ? 1 : 0,
    g: generation,
    l: listVersion,
    o: open ? 1 : 0,
    s: secret.reveal(),
  });
  return { space: 'door', key: DOOR, value };
}

/** An undefined item deletes. */
export function pointerDoc(day: number, item: SignedItem | undefined): DocChange {
  const value = item && encode({ i: itemOf(item) });
  return { space: 'door', key: concat(POINTER, epochBytes(day)), value };
}

export function dayDoc(day: number, saved: SavedDay | undefined): DocChange {
  const value =
    saved &&
    encode({
      c: saved.costBits,
      h: itemOf(saved.head),
      k: saved.knockSecret.reveal(),
      p: saved.pieces,
      s: saved.slotSeed,
    });
  return { space: 'door', key: concat(DAY, epochBytes(day)), value };
}

/** Reads our own documents; what is damaged is left out, and made anew. */
export function loadDoor(docs: readonly Doc[]): SavedFrontDoor {
  const saved: SavedFrontDoor = { door: undefined, pointers: new Map(), days: new Map() };
  for (const { key, space, value } of docs) {
    if (space !== 'door') continue;
    const decoded = decode(value);
    const dict = decoded.ok ? asDict(decoded.value) : undefined;
    if (!dict) continue;
    const day = key.length > DAY_BYTES ? readUintBE(key, key.length - 6, 6) : -1;
    if (key.length === DOOR.length) saved.door = readDoor(dict);
    else if (key[0] === POINTER[0]) {
      const item = readItem(dict['i']);
      if (item) saved.pointers.set(day, item);
    } else {
      const read = readDay(dict);
      if (read) saved.days.set(day, read);
    }
  }
  return saved;
}

type Fields = Record<string, Bvalue>;

function readDoor(dict: Fields): SavedDoor | undefined {
  const secret = asBytes(dict['s'], 32);
  const generation = asInt(dict['g'], 0, Number.MAX_SAFE_INTEGER);
  const listVersion = asInt(dict['l'], 0, Number.MAX_SAFE_INTEGER);
  if (!secret || generation === undefined || listVersion === undefined) return undefined;
  const held: DoorSecret = new Secret('door', secret.slice());
  const open = dict['o'] === 1;
  const agreed = dict['a'] === undefined ? open : dict['a'] === 1;
  return { open, agreed, secret: held, generation, listVersion };
}

function readDay(dict: Fields): SavedDay | undefined {
  const knockSecret = asBytes(dict['k'], 32);
  const slotSeed = asBytes(dict['s'], 32)?.slice();
  const costBits = asInt(dict['c'], 0, COST_BITS_MAX);
  const head = readItem(dict['h']);
  const pieces = asList(dict['p'])?.map((piece) => asBytes(piece)?.slice());
  if (!knockSecret || !slotSeed || costBits === undefined || !head || !pieces) return undefined;
  const whole = pieces.filter((piece) => piece !== undefined);
  if (whole.length !== pieces.length || whole.length > PIECES_MAX) return undefined;
  const held: OpeningSecret = new Secret('hpke recipient', knockSecret.slice());
  return { knockSecret: held, slotSeed, costBits, head, pieces: whole };
}

function itemOf({ publicKey, raw, seq, signature }: SignedItem): Record<string, Bvalue> {
  return { k: publicKey, q: Number(seq), s: signature, v: raw };
}

function readItem(value: Bvalue | undefined): SignedItem | undefined {
  const dict = asDict(value);
  const publicKey = asBytes(dict?.['k'], PUBLIC_KEY_BYTES)?.slice();
  const seq = asInt(dict?.['q'], 0, Number.MAX_SAFE_INTEGER);
  const signature = asBytes(dict?.['s'], SIGNATURE_BYTES)?.slice();
  const raw = asBytes(dict?.['v'])?.slice();
  if (!publicKey || seq === undefined || !signature || !raw) return undefined;
  return { publicKey, seq: BigInt(seq), signature, raw };
}
