/**
 * What two who share a secret say to each other inside one network: the hash by which one is heard,
 * and the card with which the other answers (LAN-3 to LAN-6).
 *
 *   hash        20 B  KDF(K, "lan hash", sender || e)
 *   card name   20 B  KDF(K, "lan card name", sender || e)
 *   card key    32 B  KDF(K, "lan card seal", sender || e)
 *
 *   card   offset  size  field
 *          0       20    card name
 *          20      768   sealed under the card key as every item is (sealed-item.ts):
 *                          0  2  port of the sender, UDP and TCP, big-endian
 *                          2  n  its presence record; nothing where it has none to show
 *
 *   K        the pair secret, or the invite's
 *   sender   32 B signing key of the device; with an invite 00 for who made it, 01 for who holds it
 *   e        epoch, 8 B big-endian
 *
 * Both directions differ, so that what is thrown back at its sender means nothing to him.
 * @module
 */
import { concat, hex, readUintBE, uintBE } from '../base/bytes.ts';
import type { Random } from '../base/time.ts';
import { kdf, LABELS, type Label } from '../crypto/kdf.ts';
import { Secret, type NoiseSecret } from '../crypto/keys.ts';
import { epochBytes } from './epoch.ts';
import { LAN_HASH_BYTES } from './lan-message.ts';
import { openItem, sealItem, VALUE_BYTES } from './sealed-item.ts';

export const CARD_BYTES = LAN_HASH_BYTES + VALUE_BYTES;
const PORT_BYTES = 2;
/** So long that a search is no shorter than the card that answers it (LAN-5). */
const COOKIE_BYTES = 48;
const MARK_BYTES = 16;

/** Who announces by an invite: the one who made it, or one who holds it. */
export const INVITER = Uint8Array.of(0);
export const INVITEE = Uint8Array.of(1);

export interface Card {
  readonly port: number;
  /** Encoded presence record; empty where the sender has none to show. */
  readonly record: Uint8Array;
}

/** By what `sender` is heard in this hour. */
export function lanHash(key: Secret<string>, sender: Uint8Array, epoch: number): Uint8Array {
  return derive(key, LABELS.lanHash, sender, epoch, LAN_HASH_BYTES);
}

/** How the card of `sender` begins in this hour. */
export function cardName(key: Secret<string>, sender: Uint8Array, epoch: number): Uint8Array {
  return derive(key, LABELS.lanCardName, sender, epoch, LAN_HASH_BYTES);
}

export function sealCard(
  card: Card,
  key: Secret<string>,
  sender: Uint8Array,
  epoch: number,
  random: Random,
): Uint8Array<ArrayBuffer> {
  const inside = concat(uintBE(card.port, PORT_BYTES), card.record);
  const item = sealItem(inside, cardKey(key, sender, epoch), random);
  return concat(cardName(key, sender, epoch), item);
}

/** Reads a card whose name was recognised. Never throws. */
export function openCard(
  bytes: Uint8Array,
  key: Secret<string>,
  sender: Uint8Array,
  epoch: number,
): Card | undefined {
  const opened = openItem(bytes.subarray(LAN_HASH_BYTES), cardKey(key, sender, epoch));
  if (!opened.ok || opened.inside.length < PORT_BYTES) return undefined;
  const port = readUintBE(opened.inside, 0, PORT_BYTES);
  return port === 0 ? undefined : { port, record: opened.inside.subarray(PORT_BYTES) };
}

/**
 * Hashes that mean nothing, to fill up with, and the cookie: the same through an hour and over
 * restarts, since what stays when the rest changes would be told from it.
 */
export function lanPadding(
  own: NoiseSecret,
  epoch: number,
  count: number,
): { readonly hashes: readonly Uint8Array[]; readonly cookie: string } {
  const length = count * LAN_HASH_BYTES + COOKIE_BYTES;
  const bytes = kdf(own.reveal(), LABELS.lanPadding, epochBytes(epoch), length);
  const hashes = Array.from({ length: count }, (_, i) =>
    bytes.subarray(COOKIE_BYTES + i * LAN_HASH_BYTES, COOKIE_BYTES + (i + 1) * LAN_HASH_BYTES),
  );
  return { hashes, cookie: hex(bytes.subarray(0, COOKIE_BYTES)) };
}

/** What is kept of a network so that this device, and no other, knows it again: 32 hex digits. */
export function homeMark(own: NoiseSecret, print: Uint8Array): string {
  return hex(kdf(own.reveal(), LABELS.lanHome, print, MARK_BYTES));
}

function cardKey(key: Secret<string>, sender: Uint8Array, epoch: number): Secret<'lan card'> {
  const info = concat(sender, epochBytes(epoch));
  return new Secret('lan card', kdf(key.reveal(), LABELS.lanCardSeal, info));
}

function derive(
  key: Secret<string>,
  label: Label,
  sender: Uint8Array,
  epoch: number,
  length: number,
): Uint8Array {
  return kdf(key.reveal(), label, concat(sender, epochBytes(epoch)), length);
}
