/**
 * Secrets with a type for each role. A secret reaches no log, no JSON and no string: every such
 * path yields its role in brackets. The bytes come out only by `reveal`, which tidy allows in
 * core/crypto and in the few codecs that must store or seal a key (CRY-2).
 * @module
 */
import sodium from 'sodium-native';
import { assert } from '../base/assert.ts';

/** Secret bytes of one role, such as 'identity' or 'link send'. */
export class Secret<Role extends string> {
  readonly #bytes: Uint8Array;

  /** Takes over `bytes`: the caller keeps no copy. */
  constructor(
    readonly role: Role,
    bytes: Uint8Array,
  ) {
    assert(bytes.length > 0, 'a secret has bytes');
    this.#bytes = bytes;
  }

  get length(): number {
    return this.#bytes.length;
  }

  /** The bytes themselves; never keep, copy or print them. */
  reveal(): Uint8Array {
    return this.#bytes;
  }

  /** In constant time. */
  equals(other: Secret<Role>): boolean {
    return other.length === this.length && sodium.sodium_memcmp(this.#bytes, other.#bytes);
  }

  /** Overwrites the bytes; the secret is useless afterwards. */
  wipe(): void {
    sodium.sodium_memzero(this.#bytes);
  }

  toString(): string {
    return `[${this.role}]`;
  }

  toJSON(): string {
    return this.toString();
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** Ed25519 seeds and X25519 scalars, by what they are for. */
export type IdentitySecret = Secret<'identity'>;
export type NoiseSecret = Secret<'device noise'>;
export type RecordSecret = Secret<'record'>;
/** 32 random bytes that two accepted contacts share. */
export type PairSecret = Secret<'pair'>;
/** 32 random bytes that let a first flight pass one gate. */
export type GateSecret = Secret<'gate'>;
/** 32 random bytes inside an invite. */
export type InviteSecret = Secret<'invite'>;
/** From which a relay derives the key of each reservation. */
export type RelaySecret = Secret<'relay'>;
/** What the owner of a reservation makes slots with. */
export type ReservationKey = Secret<'relay reservation'>;
