/**
 * Message authentication: HMAC-SHA256 (RFC 2104) and comparison in constant time.
 * @module
 */
import { createHmac } from 'node:crypto';
import sodium from 'sodium-native';

/** 32 bytes over the concatenation of `parts`. */
export function hmac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const mac = createHmac('sha256', key);
  for (const part of parts) mac.update(part);
  return new Uint8Array(mac.digest());
}

/** Same bytes, in time that depends on the length alone. */
export function equalSecret(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && sodium.sodium_memcmp(a, b);
}
