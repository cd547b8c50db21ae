/**
 * IK's first message made by hand, from what a thief of the responder's static secret has.
 * @module
 */
import { concat } from '../../base/bytes.ts';
import { Prng } from '../../base/prng.ts';
import { aeadSeal } from '../../crypto/aead.ts';
import { dh, dhPublicKey } from '../../crypto/dh.ts';
import { sha256 } from '../../crypto/hash.ts';
import { hmac } from '../../crypto/mac.ts';
import { versionListHash } from '../versions.ts';

/**
 * Plays `victim`, whose secret is not known, by ss = DH(responder's secret, victim's public key).
 * Versions [1], gate kind direct.
 */
export function forgedFirst(
  responder: { identity: Uint8Array; device: Uint8Array },
  responderSecret: Uint8Array,
  victim: Uint8Array,
  hello: Uint8Array,
): Uint8Array {
  const prologue = concat(
    versionListHash([1]),
    Uint8Array.of(1, 1),
    responder.identity,
    responder.device,
  );
  const responderNoise = dhPublicKey(responderSecret);
  let h: Uint8Array = new TextEncoder().encode('Noise_IK_25519_ChaChaPoly_SHA256');
  let ck = h;
  let key: Uint8Array = new Uint8Array(32);
  const mixHash = (data: Uint8Array): void => void (h = sha256(h, data));
  const mixKey = (input: Uint8Array): void => {
    const temp = hmac(ck, input);
    ck = hmac(temp, Uint8Array.of(1));
    key = hmac(temp, ck, Uint8Array.of(2));
  };
  const seal = (plaintext: Uint8Array): Uint8Array => {
    const sealed = aeadSeal(key, new Uint8Array(12), h, plaintext);
    mixHash(sealed);
    return sealed;
  };
  mixHash(prologue);
  mixHash(responderNoise);
  const e = new Prng(99).bytes(32);
  mixHash(dhPublicKey(e));
  mixKey(dh(e, responderNoise)!);
  const s = seal(victim);
  mixKey(dh(responderSecret, victim)!);
  return concat(dhPublicKey(e), s, seal(hello));
}
