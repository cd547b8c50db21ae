/**
 * Protocol versions and feature bits: what two devices speak with each other (LNK-10 to LNK-12).
 *
 * A device publishes its list in records and invites. The initiator puts the hash of the list as
 * it knows it into the prologue, so a list that somebody shortened on the way fails the handshake
 * instead of lowering the version.
 * @module
 */
import { assert } from '../base/assert.ts';
import { encode } from '../base/bencode.ts';
import { LABELS, labelledHash } from '../crypto/kdf.ts';

/** Versions in one list. */
export const VERSIONS_MAX = 16;
/** The highest number a version may have. */
export const VERSION_MAX = 65_535;
/** Feature bits, an unsigned number: bits that one side does not know do nothing. */
export const FEATURES_MAX = 2 ** 32 - 1;

/** A list on the wire: 1 to 16 whole numbers from 1 to 65,535, rising. */
export function isVersionList(list: readonly number[]): boolean {
  return (
    list.length >= 1 &&
    list.length <= VERSIONS_MAX &&
    list.every(
      (version, i) =>
        Number.isInteger(version) &&
        version >= 1 &&
        version <= VERSION_MAX &&
        (i === 0 || version > list[i - 1]!),
    )
  );
}

/** The highest version in both lists, or undefined where there is none. */
export function highestCommon(a: readonly number[], b: readonly number[]): number | undefined {
  let highest: number | undefined;
  for (const version of a) {
    if (b.includes(version) && (highest === undefined || version > highest)) highest = version;
  }
  return highest;
}

/** Feature bits that both sides set. */
export function commonFeatures(a: number, b: number): number {
  return (a & b) >>> 0;
}

/** 32 bytes that stand for a list in the prologue: H over its bencoded form. */
export function versionListHash(list: readonly number[]): Uint8Array<ArrayBuffer> {
  assert(isVersionList(list), 'a version list rises and is short');
  return labelledHash(LABELS.versionList, encode([...list]));
}
