/**
 * The part of node:crypto that core/crypto uses. Core compiles without Node's types, so that no
 * other part of Node slips in; the whole tree is checked against the real types besides.
 */
declare module 'node:crypto' {
  interface Digest {
    update(bytes: Uint8Array): this;
    digest(): Uint8Array;
  }
  export function createHash(algorithm: string): Digest;
  export function hash(algorithm: string, bytes: Uint8Array, encoding: 'buffer'): Uint8Array;
  export function hash(algorithm: string, bytes: Uint8Array, encoding: 'binary'): string;
  export function createHmac(algorithm: string, key: Uint8Array): Digest;
  export function hkdfSync(
    algorithm: string,
    key: Uint8Array,
    salt: Uint8Array,
    info: Uint8Array,
    length: number,
  ): ArrayBuffer;
}
