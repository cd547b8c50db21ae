import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadVectors, unhex } from '../../vectors/load.ts';
import { concat, hex, utf8 } from '../base/bytes.ts';
import { dhPublicKey } from './dh.ts';
import { HPKE_OVERHEAD_BYTES, hpkeOpen, hpkeSeal } from './hpke.ts';
import { Secret } from './keys.ts';

interface Case {
  readonly info: string;
  readonly skEm: string;
  readonly pkEm: string;
  readonly skRm: string;
  readonly pkRm: string;
  readonly encryptions: readonly { aad: string; ct: string; pt: string }[];
}

interface MlsCase {
  readonly priv: string;
  readonly pub: string;
  readonly label: string;
  readonly context: string;
  readonly plaintext: string;
  readonly kem_output: string;
  readonly ciphertext: string;
}

const CASE = loadVectors<Case>('hpke/rfc9180-a2-base.json');
const SECRET = new Secret('hpke recipient', new Uint8Array(32).fill(7));
const PUBLIC = dhPublicKey(SECRET.reveal());
const INFO = utf8('info');

function ephemeral(fill = 9): Secret<'hpke ephemeral'> {
  return new Secret('hpke ephemeral', new Uint8Array(32).fill(fill));
}

describe('[CRY-11] HPKE', () => {
  test('gives the bytes of RFC 9180, and reads them', () => {
    const { encryptions, info, pkEm, pkRm, skEm, skRm } = CASE;
    const { aad, ct, pt } = encryptions[0]!;
    const by = new Secret('hpke ephemeral', unhex(skEm));
    const sealed = hpkeSeal(unhex(pkRm), by, unhex(info), unhex(pt), unhex(aad))!;
    expect(hex(sealed)).toBe(pkEm + ct);
    const secret = new Secret('hpke recipient', unhex(skRm));
    expect(hex(hpkeOpen(secret, unhex(info), sealed, unhex(aad))!)).toBe(pt);
  });

  test('opens what another implementation sealed for MLS (RFC 9420 5.1.3)', () => {
    const mls = loadVectors<MlsCase>('hpke/mls-encrypt-with-label.json');
    const [label, context] = [utf8(`MLS 1.0 ${mls.label}`), unhex(mls.context)];
    // Lengths below 64 are one byte (RFC 9420 2.1.2).
    const info = [label, context].map((part) => concat(Uint8Array.of(part.length), part));
    const secret = new Secret('hpke recipient', unhex(mls.priv));
    const sealed = unhex(mls.kem_output + mls.ciphertext);
    expect(hex(dhPublicKey(secret.reveal()))).toBe(mls.pub);
    expect(hex(hpkeOpen(secret, concat(...info), sealed)!)).toBe(mls.plaintext);
    expect(hpkeOpen(secret, concat(...info.reverse()), sealed)).toBeUndefined();
  });

  test('whatever is changed, nothing opens', () => {
    const sealed = hpkeSeal(PUBLIC, ephemeral(), INFO, utf8('hello'), utf8('aad'))!;
    expect(sealed.length).toBe(5 + HPKE_OVERHEAD_BYTES);
    expect(hpkeOpen(SECRET, INFO, sealed, utf8('aad'))).toEqual(utf8('hello'));
    for (let i = 0; i < sealed.length; i++) {
      // The highest bit of an X25519 key is ignored (RFC 7748), but it is part of the context.
      const forged = sealed.slice();
      forged[i]! ^= 0x80;
      expect(hpkeOpen(SECRET, INFO, forged, utf8('aad'))).toBeUndefined();
    }
    expect(hpkeOpen(SECRET, utf8('other'), sealed, utf8('aad'))).toBeUndefined();
    expect(hpkeOpen(SECRET, INFO, sealed)).toBeUndefined();
    const other = new Secret('hpke recipient', new Uint8Array(32).fill(8));
    expect(hpkeOpen(other, INFO, sealed, utf8('aad'))).toBeUndefined();
  });

  test('keys of small order and wrong sizes are refused, never thrown at', () => {
    expect(hpkeSeal(new Uint8Array(32), ephemeral(), INFO, utf8('x'))).toBeUndefined();
    expect(hpkeSeal(new Uint8Array(31), ephemeral(), INFO, utf8('x'))).toBeUndefined();
    expect(hpkeOpen(SECRET, INFO, new Uint8Array(HPKE_OVERHEAD_BYTES))).toBeUndefined();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(hpkeOpen(SECRET, INFO, bytes)).toBeUndefined();
      }),
    );
  });
});
