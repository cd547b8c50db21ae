import { describe, expect, test } from 'vitest';
import { concat, equal } from '../base/bytes.ts';
import { Prng } from '../base/prng.ts';
import { sha256 } from '../crypto/hash.ts';
import { kdf } from '../crypto/kdf.ts';
import { Secret } from '../crypto/keys.ts';
import {
  CIPHERTEXT_BYTES,
  ENCAPSULATION_KEY_BYTES,
  mlkemDecapsulate,
  mlkemKeyPair,
} from '../crypto/mlkem.ts';
import type { Proof } from './carrier.ts';
import { Carriers } from './carriers.ts';
import type { Agreed } from './handshake.ts';
import { LINK_LIMITS } from './limits.ts';
import { answerMix, type Mixed, offerMix } from './mix.ts';
import { CipherState } from './noise.ts';

const NONE = new Uint8Array(0);
const X = new Prng(1).bytes(32);
const HASH = new Prng(2).bytes(32);
const peer = {
  peerNoise: new Uint8Array(32),
  peerInstance: new Uint8Array(8),
  version: 1,
  features: 0,
};

/** One end after IK. Both ends have X and the hash in common. */
function agreed(): Agreed {
  const keys = { send: new CipherState(X.slice()), receive: new CipherState(X.slice()) };
  return { peer, keys, secret: new Secret('handshake', X.slice()), hash: HASH, remoteId: 0 };
}

interface Exchange {
  ours: Mixed | undefined;
  theirs: Mixed | undefined;
  ek: Uint8Array;
  ct: Uint8Array | undefined;
}

/** An exchange with somebody between the two. */
function exchange(
  bendKey: (ek: Uint8Array) => Uint8Array = (ek) => ek,
  bendText: (ct: Uint8Array) => Uint8Array = (ct) => ct,
  seed = 3,
): Exchange {
  const { bytes } = new Prng(seed);
  const offer = offerMix(bytes, agreed());
  const ek = offer.encapsulationKey;
  const answer = answerMix(bytes, agreed(), bendKey(ek));
  const ct = answer?.ciphertext;
  return { ours: ct && offer.finish(bendText(ct)), theirs: answer, ek, ct };
}

/** True where each end reads what the other writes, and both have the same secrets. */
function agree({ ours, theirs }: Exchange): boolean {
  const reads = (from: Mixed, to: Mixed): boolean => {
    const sealed = from.keys.send.clone().encrypt(NONE, Uint8Array.of(7));
    return to.keys.receive.clone().decrypt(NONE, sealed) !== undefined;
  };
  const [a, b] = [ours!.established, theirs!.established];
  const facts = [
    reads(ours!, theirs!),
    reads(theirs!, ours!),
    a.exporter.equals(b.exporter),
    a.attach.root.equals(b.attach.root),
  ];
  expect(new Set(facts).size).toBe(1);
  return facts[0]!;
}

describe('[LNK-51] the mix', () => {
  test('gives both ends the same keys, new ones each time', () => {
    const first = exchange();
    expect(agree(first)).toBe(true);
    expect([first.ek.length, first.ct!.length]).toEqual([
      ENCAPSULATION_KEY_BYTES,
      CIPHERTEXT_BYTES,
    ]);
    const again = exchange(undefined, undefined, 4);
    expect(agree(again)).toBe(true);
    expect(agree({ ...first, theirs: again.theirs })).toBe(false);
    const { attach, exporter } = first.ours!.established;
    expect(equal(attach.root.reveal(), exporter.reveal())).toBe(false);
  });

  test('is KDF(X || ss, "pq", h || H(ek) || H(ct) || use)', () => {
    const { ct, ek, ours } = exchange();
    // The initiator drew its seed first.
    const shared = mlkemDecapsulate(mlkemKeyPair(new Prng(3).bytes).decapsulationKey, ct!)!;
    const derive = (use: number): Uint8Array =>
      kdf(
        concat(X, shared.reveal()),
        'pq',
        concat(HASH, sha256(ek), sha256(ct!), Uint8Array.of(use)),
      );
    const one = Uint8Array.of(1);
    expect(ours!.keys.send.encrypt(NONE, one)).toEqual(
      new CipherState(derive(1)).encrypt(NONE, one),
    );
    const back = new CipherState(derive(2)).encrypt(NONE, one);
    expect(ours!.keys.receive.decrypt(NONE, back)).toEqual(one);
    const { attach, exporter } = ours!.established;
    const forLink = derive(0);
    expect(attach.root.reveal()).toEqual(
      kdf(forLink, 'path attach', concat(Uint8Array.of(0), HASH)),
    );
    expect(exporter.reveal()).toEqual(kdf(forLink, 'link exporter', HASH));
  });

  test('needs ss as well as X: who has broken X25519 and has a recording derives nothing', () => {
    const { ct, ek, ours } = exchange();
    const sealed = ours!.keys.send.encrypt(NONE, Uint8Array.of(1));
    const context = concat(HASH, sha256(ek), sha256(ct!), Uint8Array.of(1));
    for (const secret of [X, concat(X, new Uint8Array(32))]) {
      const guess = new CipherState(kdf(secret, 'pq', context));
      expect(guess.decrypt(NONE, sealed)).toBeUndefined();
    }
  });

  test('[LNK-56] overwrites X and the key that decapsulates, also where nothing comes of it', () => {
    for (const bend of [(ct: Uint8Array) => ct, (ct: Uint8Array) => ct.subarray(1)]) {
      const { bytes } = new Prng(5);
      const [ours, theirs] = [agreed(), agreed()];
      const offer = offerMix(bytes, ours);
      const answer = answerMix(bytes, theirs, offer.encapsulationKey)!;
      const mixed = offer.finish(bend(answer.ciphertext));
      for (const { secret } of [ours, theirs]) expect(secret.reveal()).toEqual(new Uint8Array(32));
      // A second use of the wiped key cannot give the keys of the first.
      expect(() => offer.finish(answer.ciphertext)).toThrow();
      if (mixed) expect(mixed.established.exporter.equals(answer.established.exporter)).toBe(true);
    }
    const idle = agreed();
    offerMix(new Prng(6).bytes, idle).wipe();
    expect(idle.secret.reveal()).toEqual(new Uint8Array(32));
  });
});

test('[LNK-56] a path that comes to nothing leaves none of its secrets', () => {
  const route = { transport: 'tcp', endpoint: { host: '10.0.0.1', port: 1 } } as const;
  const gate = { id: 'g', kind: 'direct', secret: new Secret('gate', X.slice()) } as const;
  const carriers = new Carriers(() => undefined, LINK_LIMITS);
  const [ours, theirs] = [agreed(), agreed()];
  const offer = offerMix(new Prng(7).bytes, agreed());
  const { established } = exchange().ours!;
  const common = { gate, startedAtMs: 0, deadlineMs: 0 };
  const proofs: Proof[] = [
    { ...common, type: 'dialled', dial: 1, offer: offerMix(new Prng(8).bytes, ours) },
    { ...common, type: 'dialled', dial: 2, offer, established },
    { ...common, type: 'arrived', payload: NONE, agreed: theirs },
  ];
  for (const [stream, proof] of proofs.entries()) {
    carriers.discard(carriers.open(stream, route, agreed().keys, proof, 0), 'reset');
  }
  const secrets = [ours.secret, theirs.secret, established.attach.root, established.exporter];
  for (const secret of secrets) expect(secret.reveal()).toEqual(new Uint8Array(32));
  expect(carriers.size + carriers.unproven.size).toBe(0);
});

describe('[LNK-52] what is not a key or a ciphertext', () => {
  test('of another length is refused', () => {
    for (const length of [0, 1, 1087, 1088, 1183, 1185, 1568]) {
      expect(exchange(() => new Uint8Array(length)).theirs, `key of ${length}`).toBeUndefined();
    }
    for (const length of [0, 1, 1087, 1089, 1184]) {
      const { ours } = exchange(undefined, () => new Uint8Array(length));
      expect(ours, `ciphertext of ${length}`).toBeUndefined();
    }
  });

  test('with numbers beyond the modulus is refused', () => {
    for (const at of [0, 600, 1149]) {
      const { theirs } = exchange((ek) => ek.slice().fill(255, at, at + 3));
      expect(theirs).toBeUndefined();
    }
  });

  test('but has its shape gives each end other keys: implicit rejection', () => {
    for (const at of [0, 500, 1087]) {
      const bend = (bytes: Uint8Array): Uint8Array => {
        const bent = bytes.slice();
        bent[at]! ^= 1;
        return bent;
      };
      expect(agree(exchange(undefined, bend))).toBe(false);
    }
    // The seed at the end of a key has no shape to check.
    const otherSeed = (ek: Uint8Array): Uint8Array => ek.slice().fill(0, 1152);
    expect(agree(exchange(otherSeed))).toBe(false);
    expect(agree(exchange(undefined, () => new Uint8Array(CIPHERTEXT_BYTES)))).toBe(false);
    const other = exchange(undefined, undefined, 9);
    expect(agree(exchange(() => other.ek))).toBe(false);
    expect(agree(exchange(undefined, () => other.ct!))).toBe(false);
  });
});
