/**
 * The Noise Protocol Framework, revision 34, for 25519, ChaChaPoly and SHA256 (LNK-1).
 *
 *   CipherState     one key and its nonce: encrypts, decrypts, rekeys        (Noise 5.1)
 *   SymmetricState  chaining key and transcript hash around a CipherState    (Noise 5.2)
 *   NoiseHandshake  walks a pattern's tokens, message by message             (Noise 5.3, 9)
 *
 *   e       send or read an ephemeral key      ee, es, se, ss   mix in a Diffie-Hellman result
 *   s       send or read a static key          psk              mix in a pre-shared key
 *
 * A pattern is data, so that published vectors of many patterns hold the same code that runs the
 * two which links use: IK between devices, NNpsk0 for a further path of a link.
 * @module
 */
import { assert } from '../base/assert.ts';
import { concat, utf8 } from '../base/bytes.ts';
import type { Random } from '../base/time.ts';
import { aeadOpen, aeadSeal, NONCE_BYTES, TAG_BYTES } from '../crypto/aead.ts';
import { dh, DH_BYTES, dhPublicKey } from '../crypto/dh.ts';
import { sha256 } from '../crypto/hash.ts';
import { Secret } from '../crypto/keys.ts';
import { hmac } from '../crypto/mac.ts';

export type Token = 'e' | 's' | 'ee' | 'es' | 'se' | 'ss' | 'psk';

/** One handshake pattern of Noise chapter 7, with psk tokens already in place. */
export interface Pattern {
  readonly name: string;
  /** Static keys known beforehand: the initiator's, the responder's. */
  readonly known: readonly [initiator: boolean, responder: boolean];
  /** Tokens of each message; the initiator writes the first. */
  readonly messages: readonly (readonly Token[])[];
}

/** `<- s / -> e, es, s, ss / <- e, ee, se` */
export const IK: Pattern = {
  name: 'IK',
  known: [false, true],
  messages: [
    ['e', 'es', 's', 'ss'],
    ['e', 'ee', 'se'],
  ],
};

/** `-> psk, e / <- e, ee` */
export const NN_PSK0: Pattern = {
  name: 'NNpsk0',
  known: [false, false],
  messages: [
    ['psk', 'e'],
    ['e', 'ee'],
  ],
};

/** Noise 3: no message is longer. */
export const MESSAGE_BYTES_MAX = 65_535;
/** A nonce never reaches this; 2^64-1 is Noise's own for REKEY. Links rekey long before. */
export const NONCE_MAX = 2 ** 48;

const EMPTY = new Uint8Array(0);
const ZEROS = new Uint8Array(32);

/** One direction's key, with a nonce that counts by itself. */
export class CipherState {
  #key: Uint8Array | undefined;
  #n = 0;
  /** Reused for each message: four zero bytes, then the counter in little-endian. */
  readonly #nonce = new Uint8Array(NONCE_BYTES);

  /** @param key 32 bytes, taken over; without one, bytes pass in clear (Noise 5.1). */
  constructor(key?: Uint8Array) {
    this.#key = key;
  }

  hasKey(): boolean {
    return this.#key !== undefined;
  }

  encrypt(aad: Uint8Array, plaintext: Uint8Array): Uint8Array {
    if (this.#key === undefined) return plaintext;
    const sealed = aeadSeal(this.#key, this.#nonceAt(this.#n), aad, plaintext);
    this.#n++;
    return sealed;
  }

  /** Undefined, and the nonce unmoved, where the tag does not verify. */
  decrypt(aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    if (this.#key === undefined) return sealed;
    const plaintext = aeadOpen(this.#key, this.#nonceAt(this.#n), aad, sealed);
    if (plaintext !== undefined) this.#n++;
    return plaintext;
  }

  /** Noise 4.2: the key becomes what the old one makes of zeros at nonce 2^64-1. */
  rekey(): void {
    assert(this.#key !== undefined, 'only a key is renewed');
    const nonce = new Uint8Array(NONCE_BYTES).fill(0xff, 4);
    const next = aeadSeal(this.#key, nonce, EMPTY, ZEROS).slice(0, 32);
    this.#key.fill(0);
    this.#key = next;
  }

  /** Overwrites the key; the state is useless afterwards. */
  wipe(): void {
    this.#key?.fill(0);
  }

  /** A copy that shares nothing with this one. */
  clone(): CipherState {
    const copy = new CipherState(this.#key?.slice());
    copy.#n = this.#n;
    return copy;
  }

  #nonceAt(n: number): Uint8Array {
    assert(n < NONCE_MAX, 'a key is renewed before its nonces end');
    const nonce = this.#nonce;
    let rest = n;
    for (let i = 4; i < 10; i++) {
      nonce[i] = rest & 255;
      rest = Math.floor(rest / 256);
    }
    return nonce;
  }
}

/** Noise's HKDF (4.3): `count` outputs of 32 bytes, `input` mixed into the chaining key. */
function noiseHkdf(chainingKey: Uint8Array, input: Uint8Array, count: number): Uint8Array[] {
  const key = hmac(chainingKey, input);
  const outputs: Uint8Array[] = [];
  for (let i = 1; i <= count; i++) {
    outputs.push(hmac(key, outputs.at(-1) ?? EMPTY, Uint8Array.of(i)));
  }
  key.fill(0);
  return outputs;
}

/** Transcript hash and chaining key, and the cipher they feed. */
class SymmetricState {
  hash: Uint8Array;
  #chainingKey: Uint8Array;
  #cipher = new CipherState();

  constructor(protocolName: string) {
    const name = utf8(protocolName);
    this.hash = name.length <= 32 ? concat(name, new Uint8Array(32 - name.length)) : sha256(name);
    this.#chainingKey = this.hash;
  }

  mixKey(input: Uint8Array): void {
    const [chainingKey, key] = noiseHkdf(this.#chainingKey, input, 2);
    this.#chainingKey = chainingKey!;
    this.#cipher = new CipherState(key);
  }

  mixHash(data: Uint8Array): void {
    this.hash = sha256(this.hash, data);
  }

  mixKeyAndHash(input: Uint8Array): void {
    const [chainingKey, hashInput, key] = noiseHkdf(this.#chainingKey, input, 3);
    this.#chainingKey = chainingKey!;
    this.mixHash(hashInput!);
    this.#cipher = new CipherState(key);
  }

  hasKey(): boolean {
    return this.#cipher.hasKey();
  }

  encryptAndHash(plaintext: Uint8Array): Uint8Array {
    const sealed = this.#cipher.encrypt(this.hash, plaintext);
    this.mixHash(sealed);
    return sealed;
  }

  decryptAndHash(sealed: Uint8Array): Uint8Array | undefined {
    const plaintext = this.#cipher.decrypt(this.hash, sealed);
    if (plaintext !== undefined) this.mixHash(sealed);
    return plaintext;
  }

  /** Both directions' keys as Noise splits them, and the HKDF's next output for our exporter. */
  split(): [CipherState, CipherState, Uint8Array] {
    const [first, second, third] = noiseHkdf(this.#chainingKey, EMPTY, 3);
    this.wipe();
    return [new CipherState(first), new CipherState(second), third!];
  }

  wipe(): void {
    this.#chainingKey = ZEROS.slice();
    this.#cipher.wipe();
  }

  clone(): SymmetricState {
    const copy = new SymmetricState('');
    copy.hash = this.hash;
    copy.#chainingKey = this.#chainingKey;
    copy.#cipher = this.#cipher.clone();
    return copy;
  }
}

export interface NoiseOptions {
  readonly initiator: boolean;
  readonly prologue: Uint8Array;
  /** Asked once, for the 32 bytes of the ephemeral secret. */
  readonly random: Random;
  readonly staticSecret?: Secret<string>;
  /** The peer's static public key, where the pattern has it known. */
  readonly remoteStatic?: Uint8Array;
  /** 32 bytes each, in the order in which the pattern uses them. */
  readonly psks?: readonly Secret<string>[];
}

/** What a finished handshake leaves. */
export interface NoiseSplit {
  readonly send: CipherState;
  readonly receive: CipherState;
  /** Third output of Split's HKDF: independent of both keys, known to both ends alone. */
  readonly secret: Uint8Array;
  /** The transcript hash: unique to this run, for channel binding. */
  readonly hash: Uint8Array;
}

/** One run of one pattern. Messages alternate; `split` once `done`. */
export class NoiseHandshake {
  readonly #pattern: Pattern;
  readonly #initiator: boolean;
  readonly #random: Random;
  readonly #s: Secret<string> | undefined;
  readonly #psks: readonly Secret<string>[];
  #symmetric: SymmetricState;
  #e: Secret<'ephemeral'> | undefined;
  #remoteStatic: Uint8Array | undefined;
  #remoteEphemeral: Uint8Array | undefined;
  #message = 0;
  #psksUsed = 0;

  constructor(pattern: Pattern, options: NoiseOptions) {
    this.#pattern = pattern;
    this.#initiator = options.initiator;
    this.#random = options.random;
    this.#s = options.staticSecret;
    this.#remoteStatic = options.remoteStatic;
    this.#psks = options.psks ?? [];
    this.#symmetric = new SymmetricState(`Noise_${pattern.name}_25519_ChaChaPoly_SHA256`);
    this.#symmetric.mixHash(options.prologue);
    for (const [side, known] of pattern.known.entries()) {
      if (known) this.#symmetric.mixHash(this.#knownStatic((side === 0) === options.initiator));
    }
  }

  /** The peer's static public key, once known. */
  get remoteStatic(): Uint8Array | undefined {
    return this.#remoteStatic;
  }

  get done(): boolean {
    return this.#message === this.#pattern.messages.length;
  }

  /**
   * Our next message.
   * @returns undefined where the peer's key has small order: its fault, and the handshake is over.
   * @throws AssertionError where it is the peer's turn: our bug.
   */
  write(payload: Uint8Array): Uint8Array | undefined {
    const parts: Uint8Array[] = [];
    for (const token of this.#tokens(true)) {
      if (token === 'e') {
        this.#e = new Secret('ephemeral', this.#random(DH_BYTES));
        const publicKey = dhPublicKey(this.#e.reveal());
        parts.push(publicKey);
        this.#mixEphemeral(publicKey);
      } else if (token === 's') {
        assert(this.#s !== undefined, 'a pattern with s has a static key');
        parts.push(this.#symmetric.encryptAndHash(dhPublicKey(this.#s.reveal())));
      } else if (!this.#mix(token)) {
        return undefined;
      }
    }
    parts.push(this.#symmetric.encryptAndHash(payload));
    this.#message++;
    const message = concat(...parts);
    assert(message.length <= MESSAGE_BYTES_MAX, 'a Noise message fits its limit');
    return message;
  }

  /**
   * The payload of the peer's next message; undefined, with nothing changed, where it does not
   * verify: a forged message must not spoil the run that the true one will finish (LNK-2).
   */
  read(message: Uint8Array): Uint8Array | undefined {
    const tokens = this.#tokens(false);
    if (message.length > MESSAGE_BYTES_MAX) return undefined;
    const before = {
      symmetric: this.#symmetric.clone(),
      remoteStatic: this.#remoteStatic,
      remoteEphemeral: this.#remoteEphemeral,
      psksUsed: this.#psksUsed,
    };
    const payload = this.#readTokens(tokens, message);
    if (payload === undefined) {
      this.#symmetric = before.symmetric;
      this.#remoteStatic = before.remoteStatic;
      this.#remoteEphemeral = before.remoteEphemeral;
      this.#psksUsed = before.psksUsed;
      return undefined;
    }
    this.#message++;
    return payload;
  }

  /** Ends the handshake: keys for each direction; the ephemeral secret is wiped. */
  split(): NoiseSplit {
    assert(this.done, 'split follows the last message');
    const hash = this.#symmetric.hash;
    const [first, second, secret] = this.#symmetric.split();
    this.wipe();
    return this.#initiator
      ? { send: first, receive: second, secret, hash }
      : { send: second, receive: first, secret, hash };
  }

  /** Overwrites what is secret in an unfinished run; it is useless afterwards. */
  wipe(): void {
    this.#e?.wipe();
    this.#symmetric.wipe();
  }

  #tokens(writing: boolean): readonly Token[] {
    const tokens = this.#pattern.messages[this.#message];
    assert(tokens !== undefined, 'the handshake has a next message');
    assert(((this.#message % 2 === 0) === this.#initiator) === writing, 'each side has its turn');
    return tokens;
  }

  #readTokens(tokens: readonly Token[], message: Uint8Array): Uint8Array | undefined {
    let at = 0;
    const take = (length: number): Uint8Array | undefined => {
      if (at + length > message.length) return undefined;
      at += length;
      // A copy: the key is kept, the caller's buffer is not ours.
      return message.slice(at - length, at);
    };
    for (const token of tokens) {
      if (token === 'e') {
        this.#remoteEphemeral = take(DH_BYTES);
        if (this.#remoteEphemeral === undefined) return undefined;
        this.#mixEphemeral(this.#remoteEphemeral);
      } else if (token === 's') {
        const sealed = take(this.#symmetric.hasKey() ? DH_BYTES + TAG_BYTES : DH_BYTES);
        this.#remoteStatic = sealed && this.#symmetric.decryptAndHash(sealed);
        if (this.#remoteStatic === undefined) return undefined;
      } else if (!this.#mix(token)) {
        return undefined;
      }
    }
    return this.#symmetric.decryptAndHash(message.subarray(at));
  }

  #mixEphemeral(publicKey: Uint8Array): void {
    this.#symmetric.mixHash(publicKey);
    // Noise 9.2: with psks, ephemeral keys are mixed into the key too.
    if (this.#psks.length > 0) this.#symmetric.mixKey(publicKey);
  }

  #mix(token: 'ee' | 'es' | 'se' | 'ss' | 'psk'): boolean {
    if (token === 'psk') {
      const psk = this.#psks[this.#psksUsed++];
      assert(psk !== undefined && psk.length === 32, 'a pattern with psk has 32 bytes for it');
      this.#symmetric.mixKeyAndHash(psk.reveal());
      return true;
    }
    // The first letter is the initiator's key, the second the responder's.
    const ours = token[this.#initiator ? 0 : 1] === 'e' ? this.#e : this.#s;
    const theirs =
      token[this.#initiator ? 1 : 0] === 'e' ? this.#remoteEphemeral : this.#remoteStatic;
    assert(ours !== undefined && theirs !== undefined, 'a pattern sends keys before it mixes them');
    const shared = dh(ours.reveal(), theirs);
    if (shared === undefined) return false;
    this.#symmetric.mixKey(shared);
    shared.fill(0);
    return true;
  }

  #knownStatic(ours: boolean): Uint8Array {
    const key = ours ? this.#s && dhPublicKey(this.#s.reveal()) : this.#remoteStatic;
    assert(key !== undefined, 'a pattern that knows a static key is given it');
    return key;
  }
}
