/**
 * The vault's only source of entropy: the operating system's.
 * @module
 */

/** Fresh bytes, at most 65,536. */
export function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  return globalThis.crypto.getRandomValues(new Uint8Array(length));
}
