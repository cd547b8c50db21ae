/**
 * Bugs as others had them, one at a time in a bundle of its own: each must be found.
 * @module
 */
import type { Patch } from './bundle.ts';

export interface Planted {
  readonly name: string;
  /** The target that must find it. */
  readonly target: string;
  readonly patches: readonly Patch[];
  /** Found only after very many inputs: nothing for the short form. */
  readonly isRare?: boolean;
}

export const PLANTED: readonly Planted[] = [
  {
    // Briar, 2023: an over-long message raised an error of another type, and the app ended.
    name: 'wrong error type for what is too long',
    target: 'event',
    patches: [
      {
        file: 'core/base/event.ts',
        find: "if (bytes.length > EVENT_BYTES_MAX) return { ok: false, reason: 'too large' };",
        put: "if (bytes.length > EVENT_BYTES_MAX) throw new RangeError('too large');",
      },
    ],
  },
  {
    // Syncthing, CVE-2021-21404: a negative length.
    name: 'negative length',
    isRare: true,
    target: 'bencode',
    patches: [
      {
        file: 'core/base/bencode.ts',
        find: 'const length = this.digits(CHAR_COLON);',
        put:
          'const minus = this.bytes[this.at] === CHAR_MINUS; if (minus) this.at++;' +
          'let length = this.digits(CHAR_COLON); if (minus && length) length = -length;',
      },
      {
        file: 'core/base/bencode.ts',
        find: 'if (token >= CHAR_0 && token <= CHAR_9) return this.string();',
        put: 'if (token >= CHAR_MINUS && token <= CHAR_9) return this.string();',
      },
    ],
  },
  {
    name: 'missing length check inside the keys',
    target: 'attach',
    patches: [
      {
        file: 'core/link/handshake.ts',
        find: 'if (bytes?.length !== ATTACH_PAYLOAD_BYTES) return undefined;',
        put: 'if (bytes === undefined) return undefined;',
      },
    ],
  },
  {
    name: 'numbers of a key beyond the modulus',
    target: 'mix',
    patches: [
      {
        file: 'core/crypto/mlkem.ts',
        find: 'if (!isEncapsulationKey(encapsulationKey)) return undefined;',
        put: 'if (encapsulationKey.length !== ENCAPSULATION_KEY_BYTES) return undefined;',
      },
    ],
  },
  {
    name: 'quadratic time',
    target: 'sealed-content',
    patches: [
      {
        file: 'vault/content.ts',
        find: 'while (end > 0 && padded[end] === 0) end--;',
        put: 'while (end > 0 && padded[end] === 0) padded = padded.slice(0, end--);',
      },
    ],
  },
  {
    name: 'memory for as many bytes as a length claims',
    isRare: true,
    target: 'krpc',
    patches: [
      {
        file: 'core/base/bencode.ts',
        find: 'if (length > BigInt(this.bytes.length - this.at)) return ',
        put:
          'if (length > 2n ** 30n) return this.fail("truncated");' +
          'const room = new Uint8Array(Number(length));' +
          'if (room.length > this.bytes.length - this.at) return ',
      },
    ],
  },
];
