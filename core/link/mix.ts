/**
 * Mix: ML-KEM-768 inside the START frames of a new link (LNK-50 to LNK-56).
 *
 *   initiator                                        responder
 *   START(ek)                 -- Noise's keys -->    encapsulates to ek
 *   decapsulates ct           <-- Noise's keys --    START(ct)
 *   every further record     <--- mixed keys --->    every further record
 *
 *   X    third output of HKDF in Noise's Split       t    h | H(ek) | H(ct)
 *   h    Noise's handshake hash                      ss   shared secret of ML-KEM
 *
 *   Y          KDF(X | ss, "pq", t | 00)             what attaches and the exporter come from
 *   keys       KDF(X | ss, "pq", t | 01)             initiator to responder; 02 back
 *   root       KDF(Y, "path attach", 00 | h)
 *   exporter   KDF(Y, "link exporter", h)
 *
 * The keys hold as long as one of X25519 and ML-KEM does: a recording opens only to who breaks
 * both. There is no link without them, because a `Link` is made of nothing else.
 * @module
 */
import { concat } from '../base/bytes.ts';
import type { Random } from '../base/time.ts';
import { sha256 } from '../crypto/hash.ts';
import { jointKdf, kdf, LABELS } from '../crypto/kdf.ts';
import { Secret } from '../crypto/keys.ts';
import {
  mlkemDecapsulate,
  mlkemEncapsulate,
  mlkemKeyPair,
  type MlkemShared,
} from '../crypto/mlkem.ts';
import type { LinkExporter } from './contract.ts';
import type { Agreed, AttachRoot, PathKeys, Peer } from './handshake.ts';
import { CipherState } from './noise.ts';

/** What both ends of a link know. */
export interface Established extends Peer {
  readonly attach: AttachRoot;
  readonly exporter: LinkExporter;
}

/** What an exchange leaves: the keys of the path it ran on, and those of the link. */
export interface Mixed {
  readonly keys: PathKeys;
  readonly established: Established;
}

/** The initiator's side. */
export interface MixOffer {
  /** Content of our START. */
  readonly encapsulationKey: Uint8Array;
  /** From the content of the peer's START, once; undefined where it is no ciphertext. */
  finish(ciphertext: Uint8Array): Mixed | undefined;
  /** Overwrites what is secret; the offer is useless afterwards. */
  wipe(): void;
}

/** Makes a key pair that serves this one link. */
export function offerMix(random: Random, agreed: Agreed): MixOffer {
  const { decapsulationKey, encapsulationKey } = mlkemKeyPair(random);
  const wipe = (): void => {
    decapsulationKey.wipe();
    agreed.secret.wipe();
  };
  return {
    encapsulationKey,
    wipe,
    finish(ciphertext): Mixed | undefined {
      const shared = mlkemDecapsulate(decapsulationKey, ciphertext);
      const mixed = shared && mix(agreed, true, shared, encapsulationKey, ciphertext);
      wipe();
      return mixed;
    },
  };
}

/** The responder's side: undefined where the content of the initiator's START is no good key. */
export function answerMix(
  random: Random,
  agreed: Agreed,
  encapsulationKey: Uint8Array,
): (Mixed & { readonly ciphertext: Uint8Array }) | undefined {
  const made = mlkemEncapsulate(random, encapsulationKey);
  if (made === undefined) return undefined;
  const { ciphertext, shared } = made;
  return { ...mix(agreed, false, shared, encapsulationKey, ciphertext), ciphertext };
}

/** Takes over what it mixes: X and the shared secret are overwritten. */
function mix(
  agreed: Agreed,
  initiator: boolean,
  shared: MlkemShared,
  encapsulationKey: Uint8Array,
  ciphertext: Uint8Array,
): Mixed {
  const { hash, peer, secret } = agreed;
  const transcript = concat(hash, sha256(encapsulationKey), sha256(ciphertext));
  const [forLink, forth, back] = [0, 1, 2].map((use) =>
    jointKdf([secret, shared], LABELS.pq, concat(transcript, Uint8Array.of(use))),
  ) as [Uint8Array, Uint8Array, Uint8Array];
  const root = kdf(forLink, LABELS.pathAttach, concat(Uint8Array.of(0), hash));
  const exporter = kdf(forLink, LABELS.linkExporter, hash);
  for (const used of [secret, shared]) used.wipe();
  forLink.fill(0);
  const [send, receive] = initiator ? [forth, back] : [back, forth];
  return {
    keys: { send: new CipherState(send), receive: new CipherState(receive) },
    established: {
      ...peer,
      attach: { root: new Secret('path attach', root), hash },
      exporter: new Secret('link exporter', exporter),
    },
  };
}
