/**
 * Noise messages of a peer with valid keys, as far as their payload: everything before it is
 * worked out once, and whatever payload is then sealed into it verifies. Made by hand from the
 * Noise specification, so that it can say what the real one would never say.
 * @module
 */
import { concat, utf8 } from '@sotto/core/base/bytes.ts';
import { aeadSeal } from '@sotto/core/crypto/aead.ts';
import { dh, dhPublicKey } from '@sotto/core/crypto/dh.ts';
import { sha256 } from '@sotto/core/crypto/hash.ts';
import { hmac } from '@sotto/core/crypto/mac.ts';

const NONCE = new Uint8Array(12);

/** Transcript hash, chaining key and key of Noise 5.2. */
export class Transcript {
  #hash: Uint8Array;
  #chain: Uint8Array;
  #key: Uint8Array = NONCE;

  constructor(protocol: string, prologue: Uint8Array) {
    const name = utf8(protocol);
    this.#hash = name.length <= 32 ? concat(name, new Uint8Array(32 - name.length)) : sha256(name);
    this.#chain = this.#hash;
    this.mixHash(prologue);
  }

  mixHash(data: Uint8Array): void {
    this.#hash = sha256(this.#hash, data);
  }

  mixKey(input: Uint8Array): void {
    const secret = hmac(this.#chain, input);
    this.#chain = hmac(secret, Uint8Array.of(1));
    this.#key = hmac(secret, this.#chain, Uint8Array.of(2));
  }

  mixKeyAndHash(input: Uint8Array): void {
    const secret = hmac(this.#chain, input);
    this.#chain = hmac(secret, Uint8Array.of(1));
    const second = hmac(secret, this.#chain, Uint8Array.of(2));
    this.mixHash(second);
    this.#key = hmac(secret, second, Uint8Array.of(3));
  }

  /** Seals as the next thing of this transcript, without going on. */
  seal(plaintext: Uint8Array): Uint8Array {
    return aeadSeal(this.#key, NONCE, this.#hash, plaintext);
  }

  /** Seals and goes on. */
  sealAndMix(plaintext: Uint8Array): Uint8Array {
    const sealed = this.seal(plaintext);
    this.mixHash(sealed);
    return sealed;
  }
}

/** Seals a payload into a message of a peer. */
export type Sealer = (payload: Uint8Array) => Uint8Array;

const IK = 'Noise_IK_25519_ChaChaPoly_SHA256';
const NN_PSK0 = 'Noise_NNpsk0_25519_ChaChaPoly_SHA256';

/** First messages of IK. @param e, s the initiator's secrets. */
export function ikRequests(
  prologue: Uint8Array,
  responder: Uint8Array,
  e: Uint8Array,
  s: Uint8Array,
): Sealer {
  const transcript = new Transcript(IK, prologue);
  transcript.mixHash(responder);
  transcript.mixHash(dhPublicKey(e));
  transcript.mixKey(dh(e, responder)!);
  const sealed = transcript.sealAndMix(dhPublicKey(s));
  transcript.mixKey(dh(s, responder)!);
  return (payload) => concat(dhPublicKey(e), sealed, transcript.seal(payload));
}

/** Replies of IK to the first message `request` of an initiator. @param s the responder's. */
export function ikReplies(
  prologue: Uint8Array,
  request: Uint8Array,
  initiator: Uint8Array,
  e: Uint8Array,
  s: Uint8Array,
): Sealer {
  const theirs = request.subarray(0, 32);
  const transcript = new Transcript(IK, prologue);
  transcript.mixHash(dhPublicKey(s));
  transcript.mixHash(theirs);
  transcript.mixKey(dh(s, theirs)!);
  transcript.mixHash(request.subarray(32, 80));
  transcript.mixKey(dh(s, initiator)!);
  transcript.mixHash(request.subarray(80));
  transcript.mixHash(dhPublicKey(e));
  transcript.mixKey(dh(e, theirs)!);
  transcript.mixKey(dh(e, initiator)!);
  return (payload) => concat(dhPublicKey(e), transcript.seal(payload));
}

/** First messages of NNpsk0. @param e the initiator's public key: nothing needs its secret. */
export function attachRequests(prologue: Uint8Array, psk: Uint8Array, e: Uint8Array): Sealer {
  const transcript = startAttach(prologue, psk, e);
  return (payload) => concat(e, transcript.seal(payload));
}

/** Replies of NNpsk0 to the first message `request`. */
export function attachReplies(
  prologue: Uint8Array,
  psk: Uint8Array,
  request: Uint8Array,
  e: Uint8Array,
): Sealer {
  const theirs = request.subarray(0, 32);
  const transcript = startAttach(prologue, psk, theirs);
  transcript.mixHash(request.subarray(32));
  transcript.mixHash(dhPublicKey(e));
  transcript.mixKey(dhPublicKey(e));
  transcript.mixKey(dh(e, theirs)!);
  return (payload) => concat(dhPublicKey(e), transcript.seal(payload));
}

function startAttach(prologue: Uint8Array, psk: Uint8Array, e: Uint8Array): Transcript {
  const transcript = new Transcript(NN_PSK0, prologue);
  transcript.mixKeyAndHash(psk);
  transcript.mixHash(e);
  transcript.mixKey(e);
  return transcript;
}
