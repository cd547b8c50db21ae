/**
 * Front door: how somebody with the ID alone finds where to knock (DOR-1 to DOR-7).
 *
 *   ID --blinded for the day--> pointer --door key--> head --targets--> pieces of the content
 *
 *   day           floor(network time / 24 h)
 *   pointer       mutable item under the identity key blinded for (day, 1440 minutes)
 *                 sealing key = KDF(identity key, "door pointer seal", day)
 *     d  int      day           k  32 B   door key of the day
 *     l  int      device list: version        h  32 B   its hash
 *   door key      Ed25519, seed = KDF(door secret, "door key", day)
 *   content       pieces named by the head in the mutable item under the door key
 *                 sealing key = KDF(door key, "door seal", day)
 *     b  bytes    PQXDH prekey bundle of the door device
 *     c  bytes    certificate of the door device
 *     e  32 B     X25519 key of the day, for knocks (HPKE)
 *     m  bytes    protocol majors, one byte each, ascending
 *     r  int      cost of a knock in bits
 *     s  32 B     slot seed of the day
 *   slot i        i = 0 to 7, mutable item under seed KDF(slot seed, "knock slot key", i);
 *                 sealing key = KDF(slot seed, "knock slot seal", i)
 *   knock pieces  sealing key = KDF(slot seed, "knock piece seal")
 *
 * Day is 8 bytes, i one. Everybody who has the ID can compute and read all of this; nobody else
 * can find any of it, or tell two days of one person from two people. Nothing in it says where
 * the person is, or whether.
 * @module
 */
import { asBytes, asDict, asInt, decode, encode } from '../base/bencode.ts';
import {
  blindingFactor,
  blindPublicKey,
  blindSecret,
  signBlinded,
  type BlindingPeriod,
} from '../crypto/blind.ts';
import { kdf, LABELS } from '../crypto/kdf.ts';
import { Secret, type IdentitySecret } from '../crypto/keys.ts';
import { PUBLIC_KEY_BYTES, SigningKey } from '../crypto/sign.ts';
import { epochBytes } from './epoch.ts';
import type { ItemSigner } from './item.ts';
import { COST_BITS_MAX } from './knock-cost.ts';

export const DAY_MS = 24 * 3_600_000;
const DAY_MINUTES = 24 * 60;
const DAY_MAX = 2 ** 40;
export const SLOTS = 8;
const KEY_BYTES = 32;
const BUNDLE_BYTES_MAX = 2048;
const CERTIFICATE_BYTES_MAX = 1024;
const MAJORS_MAX = 8;

/** 32 random bytes from which the door keys of all days come; a linked device may hold it. */
export type DoorSecret = Secret<'door'>;
type DoorSeal = Secret<'door seal'>;

export interface DoorPointer {
  readonly day: number;
  readonly doorKey: Uint8Array;
  readonly list: { readonly version: number; readonly hash: Uint8Array };
}

export interface DoorContent {
  readonly bundle: Uint8Array;
  readonly certificate: Uint8Array;
  /** X25519, for HPKE. */
  readonly knockKey: Uint8Array;
  readonly majors: readonly number[];
  readonly costBits: number;
  readonly slotSeed: Uint8Array;
}

/** The day of a network time in ms; a clock before 1970 is in day 0. */
export function dayOf(networkMs: number): number {
  return Math.min(Math.max(Math.floor(networkMs / DAY_MS), 0), DAY_MAX);
}

function period(day: number): BlindingPeriod {
  return { number: day, minutes: DAY_MINUTES };
}

/** Under which key the pointer of a day lies; undefined where `identity` is no good key. */
export function pointerKey(identity: Uint8Array, day: number): Uint8Array | undefined {
  return blindPublicKey(identity, blindingFactor(identity, period(day)));
}

/** What signs the pointer of a day: made for that one signature, on the identity's device alone. */
export function pointerSigner(
  identity: IdentitySecret,
  publicKey: Uint8Array,
  day: number,
): ItemSigner & { wipe(): void } {
  const blinded = blindSecret(identity, blindingFactor(publicKey, period(day)));
  const blindedPublic = pointerKey(publicKey, day)!;
  return {
    publicKey: new Uint8Array(blindedPublic),
    signBare: (bytes) => signBlinded(blinded, bytes),
    wipe: () => blinded.wipe(),
  };
}

export function pointerSeal(identity: Uint8Array, day: number): DoorSeal {
  return new Secret('door seal', kdf(identity, LABELS.doorPointerSeal, epochBytes(day)));
}

export function doorSigner(secret: DoorSecret, day: number): SigningKey {
  const seed = new Secret('door key', kdf(secret.reveal(), LABELS.doorKey, epochBytes(day)));
  const key = new SigningKey(seed);
  seed.wipe();
  return key;
}

export function doorSeal(doorKey: Uint8Array, day: number): DoorSeal {
  return new Secret('door seal', kdf(doorKey, LABELS.doorSeal, epochBytes(day)));
}

/** Signs, finds and seals the head in one slot: known to everybody who can read the door. */
export function slotKeys(
  slotSeed: Uint8Array,
  slot: number,
): { signer: SigningKey; seal: DoorSeal } {
  const which = Uint8Array.of(slot);
  const seed = new Secret('slot key', kdf(slotSeed, LABELS.slotKey, which));
  const signer = new SigningKey(seed);
  seed.wipe();
  return { signer, seal: new Secret('door seal', kdf(slotSeed, LABELS.slotSeal, which)) };
}

export function pieceSeal(slotSeed: Uint8Array): DoorSeal {
  return new Secret('door seal', kdf(slotSeed, LABELS.pieceSeal));
}

export function encodePointer({ day, doorKey, list }: DoorPointer): Uint8Array<ArrayBuffer> {
  return encode({ d: day, h: list.hash, k: doorKey, l: list.version });
}

/** Reads the pointer of one day; undefined where it is none, or of another day. Never throws. */
export function decodePointer(bytes: Uint8Array, day: number): DoorPointer | undefined {
  const decoded = decode(bytes);
  const dict = decoded.ok ? asDict(decoded.value) : undefined;
  const doorKey = asBytes(dict?.['k'], PUBLIC_KEY_BYTES);
  const hash = asBytes(dict?.['h'], 32);
  const version = asInt(dict?.['l'], 0, Number.MAX_SAFE_INTEGER);
  if (!doorKey || !hash || version === undefined || dict?.['d'] !== day) return undefined;
  return { day, doorKey: doorKey.slice(), list: { version, hash: hash.slice() } };
}

export function encodeDoor(door: DoorContent): Uint8Array<ArrayBuffer> {
  return encode({
    b: door.bundle,
    c: door.certificate,
    e: door.knockKey,
    m: Uint8Array.from(door.majors),
    r: door.costBits,
    s: door.slotSeed,
  });
}

/** Reads what `encodeDoor` made; undefined where a field is missing or too large. */
export function decodeDoor(bytes: Uint8Array): DoorContent | undefined {
  const decoded = decode(bytes);
  const dict = decoded.ok ? asDict(decoded.value) : undefined;
  const bundle = asBytes(dict?.['b']);
  const certificate = asBytes(dict?.['c']);
  const knockKey = asBytes(dict?.['e'], KEY_BYTES);
  const majors = asBytes(dict?.['m']);
  const costBits = asInt(dict?.['r'], 0, COST_BITS_MAX);
  const slotSeed = asBytes(dict?.['s'], KEY_BYTES);
  if (!bundle || !certificate || !knockKey || !majors || !slotSeed) return undefined;
  if (costBits === undefined || majors.length < 1 || majors.length > MAJORS_MAX) return undefined;
  const large = bundle.length > BUNDLE_BYTES_MAX || certificate.length > CERTIFICATE_BYTES_MAX;
  if (large) return undefined;
  const copies = { bundle: bundle.slice(), certificate: certificate.slice() };
  return {
    ...copies,
    knockKey: knockKey.slice(),
    majors: [...majors],
    costBits,
    slotSeed: slotSeed.slice(),
  };
}
