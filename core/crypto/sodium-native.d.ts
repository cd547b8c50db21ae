/** Types for the part of sodium-native that core/crypto uses; the package ships none. */
declare module 'sodium-native' {
  type Bytes = Uint8Array;
  const sodium: {
    crypto_aead_chacha20poly1305_ietf_encrypt(
      sealed: Bytes,
      plaintext: Bytes,
      aad: Bytes | null,
      secretNonce: null,
      nonce: Bytes,
      key: Bytes,
    ): number;
    /** Throws where the tag does not verify. */
    crypto_aead_chacha20poly1305_ietf_decrypt(
      plaintext: Bytes,
      secretNonce: null,
      sealed: Bytes,
      aad: Bytes | null,
      nonce: Bytes,
      key: Bytes,
    ): number;
    crypto_sign_seed_keypair(publicKey: Bytes, secretKey: Bytes, seed: Bytes): void;
    crypto_sign_detached(signature: Bytes, message: Bytes, secretKey: Bytes): void;
    crypto_sign_verify_detached(signature: Bytes, message: Bytes, publicKey: Bytes): boolean;
    /** Throws where the result is the all-zero point. */
    crypto_scalarmult(shared: Bytes, secret: Bytes, publicKey: Bytes): void;
    crypto_hash_sha256(output: Bytes, input: Bytes): void;
    crypto_scalarmult_base(publicKey: Bytes, secret: Bytes): void;
    sodium_memcmp(a: Bytes, b: Bytes): boolean;
    sodium_memzero(bytes: Bytes): void;
    crypto_pwhash_async(
      output: Bytes,
      password: Bytes,
      salt: Bytes,
      operations: number,
      memoryBytes: number,
      algorithm: number,
    ): Promise<void>;
    readonly crypto_pwhash_ALG_ARGON2ID13: number;
  };
  export default sodium;
}
