/**
 * Device address: the name under which libsignal knows a device (VLT-6).
 *
 *   address = UUID text of the first 16 bytes of H("device address" device), version 8, variant 1
 *
 * libsignal binds both addresses into every message, so both ends must derive the same one; it
 * announces that later releases accept only service ids, which are UUIDs.
 * @module
 */
import { assert } from '../base/assert.ts';
import { hex } from '../base/bytes.ts';
import { LABELS, labelledHash } from './kdf.ts';

/** The UUID of a device signing key (32 bytes), in lower case. */
export function deviceAddress(device: Uint8Array): string {
  assert(device.length === 32, 'a device key is 32 bytes');
  const bytes = labelledHash(LABELS.deviceAddress, device).subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const text = hex(bytes);
  const cuts = [0, 8, 12, 16, 20, 32];
  return cuts
    .slice(1)
    .map((end, i) => text.slice(cuts[i], end))
    .join('-');
}
