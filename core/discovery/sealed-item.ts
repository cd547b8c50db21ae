/**
 * Sealed item: the one shape of everything of ours that lies in the DHT. Every value has 768
 * bytes, whatever it says, and looks like chance to whoever lacks the key (DSC-8).
 *
 *   value     offset  size  field
 *             0       12    random nonce
 *             12      756   ChaCha20-Poly1305 of the content, its tag at the end
 *   content   offset  size  field
 *             0       2     length n of what is inside, big-endian, at most 738
 *             2       n     what is inside
 *             2 + n         zeros up to 740
 *
 * @module
 */
import { asBytes, type Bvalue } from '../base/bencode.ts';
import { assert } from '../base/assert.ts';
import { concat, readUintBE, uintBE } from '../base/bytes.ts';
import type { Random } from '../base/time.ts';
import { open, seal } from '../crypto/aead.ts';
import type { Secret } from '../crypto/keys.ts';

export const VALUE_BYTES = 768;
export const CONTENT_BYTES = 740;
export const INSIDE_BYTES_MAX = CONTENT_BYTES - 2;

export type SealedItemFault = 'size' | 'sealed' | 'padding';
export type OpenedItem =
  | { readonly ok: true; readonly inside: Uint8Array<ArrayBuffer> }
  | { readonly ok: false; readonly reason: SealedItemFault };

/** The 768 bytes that go into the DHT; at most 738 fit inside. */
export function sealItem(
  inside: Uint8Array,
  key: Secret<string>,
  random: Random,
): Uint8Array<ArrayBuffer> {
  assert(inside.length <= INSIDE_BYTES_MAX, `an item holds at most ${INSIDE_BYTES_MAX} bytes`);
  const content = new Uint8Array(CONTENT_BYTES);
  content.set(concat(uintBE(inside.length, 2), inside));
  return seal(key.reveal(), content, random);
}

/** Reads what `sealItem` made. `value` is whatever lay in the DHT; never throws. */
export function openItem(value: Bvalue, key: Secret<string>): OpenedItem {
  const sealed = asBytes(value, VALUE_BYTES);
  if (!sealed) return { ok: false, reason: 'size' };
  const content = open(key.reveal(), sealed);
  if (!content) return { ok: false, reason: 'sealed' };
  const end = 2 + readUintBE(content, 0, 2);
  if (end > CONTENT_BYTES || content.subarray(end).some((byte) => byte !== 0)) {
    return { ok: false, reason: 'padding' };
  }
  return { ok: true, inside: content.slice(2, end) };
}
