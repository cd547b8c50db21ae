/**
 * Key derivation: HKDF-SHA256 (RFC 5869) under labels from one registry (CRY-3).
 *
 *   KDF(key, label, info) = HKDF(salt = empty, ikm = key, info = "sotto/1 " label 00 info)
 *
 * The same registry names every use of a signature or hash that needs domain separation, so one
 * look shows that no two uses can be taken for each other; a test holds that all are unique.
 * @module
 */
import { hkdfSync } from 'node:crypto';
import { concat, utf8 } from '../base/bytes.ts';
import { sha256 } from './hash.ts';
import type { Secret } from './keys.ts';

/** What each label separates. Add a line here before using a new one. */
export const LABELS = {
  // key derivation
  recordKey: 'record key',
  recordSeal: 'record seal',
  recordTimetable: 'record timetable',
  recordMark: 'record mark',
  inviteRecordKey: 'invite record key',
  inviteRecordSeal: 'invite record seal',
  doorPointerSeal: 'door pointer seal',
  doorKey: 'door key',
  doorSeal: 'door seal',
  slotKey: 'knock slot key',
  slotSeal: 'knock slot seal',
  pieceSeal: 'knock piece seal',
  knock: 'knock',
  gateMask: 'gate mask',
  gateMac: 'gate mac',
  linkExporter: 'link exporter',
  pathAttach: 'path attach',
  pathCall: 'path call',
  pq: 'pq',
  relayGate: 'relay gate',
  relaySecret: 'relay secret',
  relayReservation: 'relay reservation',
  relayProof: 'relay proof',
  relayPass: 'relay pass',
  relayAsk: 'relay ask',
  trackerHash: 'tracker hash',
  lanHash: 'lan hash',
  lanCardName: 'lan card name',
  lanCardSeal: 'lan card seal',
  lanPadding: 'lan padding',
  lanHome: 'lan home',
  vaultKey: 'vault key',
  vaultPassphrase: 'vault passphrase',
  vaultBeside: 'vault beside',
  // signatures
  certificate: 'device certificate',
  deviceListEntry: 'device list entry',
  // hashes
  deviceListHash: 'device list hash',
  conversation: 'conversation',
  eventId: 'event id',
  deviceAddress: 'device address',
  sealedBetween: 'sealed between',
  versionList: 'version list',
  relayText: 'relay text',
  relayListing: 'relay listing',
  knockCost: 'knock cost',
} as const;
export type Label = (typeof LABELS)[keyof typeof LABELS];

/** `sotto/1 ` label 00: the prefix of everything we derive, sign or hash. */
export function domain(label: Label): Uint8Array<ArrayBuffer> {
  return utf8(`sotto/1 ${label}\0`);
}

/**
 * Derives key material.
 * @param key secret input, any length.
 * @param info public context; the caller makes it unambiguous (fixed sizes or bencode).
 * @param length bytes wanted, at most 8,160.
 */
export function kdf(
  key: Uint8Array,
  label: Label,
  info: Uint8Array = new Uint8Array(0),
  length = 32,
): Uint8Array<ArrayBuffer> {
  const context = concat(domain(label), info);
  return new Uint8Array(hkdfSync('sha256', key, new Uint8Array(0), context, length));
}

/** KDF of several secrets of fixed sizes, one behind the other: safe while one of them is. */
export function jointKdf(
  secrets: readonly Secret<string>[],
  label: Label,
  info: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const key = concat(...secrets.map((secret) => secret.reveal()));
  const derived = kdf(key, label, info);
  key.fill(0);
  return derived;
}

/** SHA-256 in the domain of a label: for identifiers that must not collide across uses. */
export function labelledHash(label: Label, ...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return sha256(domain(label), ...parts);
}
