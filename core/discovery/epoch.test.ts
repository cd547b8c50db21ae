import { describe, expect, test } from 'vitest';
import { concat, fromHex, hex } from '../base/bytes.ts';
import { Prng } from '../base/prng.ts';
import { Secret, type InviteSecret, type PairSecret } from '../crypto/keys.ts';
import { EPOCH_MS, epochOf, inviteKeys, pairKeys } from './epoch.ts';
import { signItem, verifyItem } from './item.ts';
import { openRecord, sealRecord } from './record.ts';
import { VALUE_BYTES } from './sealed-item.ts';

// Known answers: computed with Python's hmac and hashlib and the `cryptography` package (Ed25519,
// ChaCha20-Poly1305), from docs/spec/discovery.md alone.
const SECRET = Uint8Array.from({ length: 32 }, (_, i) => i);
const PUBLISHER = new Uint8Array(32).fill(0xaa);
const EPOCH = 497_222;
const pair = (bytes = SECRET): PairSecret => new Secret('pair', bytes.slice());
const invite = (): InviteSecret => new Secret('invite', SECRET.slice());

const record = {
  majors: [1],
  policy: 'auto',
  generation: 1,
  list: { version: 1, hash: new Uint8Array(32) },
  candidates: [],
} as const;

describe('epochs', () => {
  test('[DSC-1] an epoch is an hour of network time, from 0 to 2^48 - 1', () => {
    expect(epochOf(0)).toBe(0);
    expect(epochOf(EPOCH_MS - 1)).toBe(0);
    expect(epochOf(EPOCH_MS)).toBe(1);
    expect(epochOf(Date.UTC(2026, 8, 21, 14, 59, 59))).toBe(497_222);
    expect(epochOf(-5)).toBe(0);
    expect(epochOf(Number.MAX_VALUE)).toBe(2 ** 48 - 1);
  });

  test('[DSC-2] keys are those of the spec', () => {
    const keys = pairKeys(pair(), PUBLISHER, EPOCH);
    expect(hex(keys.signing.publicKey)).toBe(
      '750179837cf9b85ef9b54a1cf597fca1707753606fbb4998faa2480c44483d69',
    );
    expect(hex(keys.sealing.reveal())).toBe(
      'a03181026bbba26bce18c336636723bbada843176634c79ff4bd6551bdb31127',
    );
    const invited = inviteKeys(invite(), 'inviter', EPOCH);
    expect(hex(invited.signing.publicKey)).toBe(
      'd9d19cb8beb653ef35ee922faf395b3bc60e5a5b605f8cd661f74ed0b1e1334f',
    );
    expect(hex(invited.sealing.reveal())).toBe(
      '4a3963a304f9f53ce1d915ae8caf36c4d909baf588368b5f20f977d21ef3afb3',
    );
    const inviting = inviteKeys(invite(), 'invitee', EPOCH);
    expect(hex(inviting.signing.publicKey)).toBe(
      'f3c34e2925864e67769dbaf2df821c731449c7ab541239d216364b467eedfc92',
    );
    expect(hex(inviting.sealing.reveal())).toBe(
      'b46846c5383fdebca520ceaadd942ad3d69a189d4d1ef5fa853f93fbb18bc89c',
    );
  });

  test('[DSC-3] other pair, other publisher, other hour: other keys', () => {
    const other = Uint8Array.from(PUBLISHER, (byte, i) => (i === 31 ? byte ^ 1 : byte));
    const all = [
      pairKeys(pair(), PUBLISHER, EPOCH),
      pairKeys(pair(), PUBLISHER, EPOCH + 1),
      pairKeys(pair(), other, EPOCH),
      pairKeys(pair(Uint8Array.from(SECRET).reverse()), PUBLISHER, EPOCH),
      inviteKeys(invite(), 'inviter', EPOCH),
      inviteKeys(invite(), 'invitee', EPOCH),
    ];
    const texts = all.flatMap((keys) => [hex(keys.signing.publicKey), hex(keys.sealing.reveal())]);
    expect(new Set(texts).size).toBe(2 * all.length);
  });

  test('[DSC-3] two epochs of one pair look like two strangers, even to a holder of one key', () => {
    const { bytes: random } = new Prng(1);
    const items = [EPOCH, EPOCH + 1].map((epoch) => {
      const keys = pairKeys(pair(), PUBLISHER, epoch);
      const value = sealRecord(record, keys.sealing, random);
      return { keys, value, item: signItem(keys.signing, { seq: 1, value }) };
    });
    const [now, next] = [items[0]!, items[1]!];
    expect(next.item.raw.length).toBe(now.item.raw.length);
    // Whoever has all keys of this hour can read it, and nothing of the next.
    expect(openRecord(now.value, now.keys.sealing).ok).toBe(true);
    expect(openRecord(next.value, now.keys.sealing)).toEqual({ ok: false, reason: 'sealed' });
    const forged = signItem(now.keys.signing, { seq: 2, value: now.value });
    expect(verifyItem({ ...forged, publicKey: next.item.publicKey })).toBe(false);
    // Not even eight bytes repeat between the two, once what BEP 44 itself writes is left out.
    const seen = new Set<string>();
    const windows = (bytes: Uint8Array): string[] =>
      Array.from({ length: bytes.length - 7 }, (_, i) => hex(bytes.subarray(i, i + 8)));
    const parts = ({ item, value }: (typeof items)[0]): Uint8Array =>
      concat(item.publicKey, item.signature, value);
    for (const window of windows(parts(now))) seen.add(window);
    expect(windows(parts(next)).filter((window) => seen.has(window))).toEqual([]);
    expect(seen.size).toBeGreaterThan(VALUE_BYTES);
  });

  test('[DSC-3] a record put under the key of another publisher or hour is not read', () => {
    const { bytes: random } = new Prng(2);
    const keys = pairKeys(pair(), PUBLISHER, EPOCH);
    const value = sealRecord(record, keys.sealing, random);
    const mirrored = pairKeys(pair(), new Uint8Array(32).fill(0xbb), EPOCH);
    const later = pairKeys(pair(), PUBLISHER, EPOCH + 1);
    expect(openRecord(value, mirrored.sealing).ok).toBe(false);
    expect(openRecord(value, later.sealing).ok).toBe(false);
  });

  test('[DSC-2] the item of the spec, byte for byte', () => {
    const keys = pairKeys(pair(), PUBLISHER, EPOCH);
    const value = sealRecord(
      {
        majors: [1],
        policy: 'auto',
        generation: 7,
        list: { version: 3, hash: new Uint8Array(32).fill(0x11) },
        candidates: [
          { transport: 'udp', nat: 'open', endpoint: { host: '198.51.100.7', port: 8080 } },
        ],
        gate: { kind: 'direct', secret: new Secret('gate', new Uint8Array(32).fill(0x22)) },
      },
      keys.sealing,
      () => Uint8Array.from({ length: 12 }, (_, i) => i),
    );
    const item = signItem(keys.signing, { seq: 1, value });
    expect(hex(item.signature)).toBe(
      '30a501a6f5e1e30cb602c3001f9f10710504289b1909e6b95bbf6d99a8ed793b' +
        '6bd6b7a70bc533c3372301e7662f88eb2d9dcabff7710f537f768f192e76fb0c',
    );
    expect(fromHex(hex(item.raw.subarray(0, 4)))).toEqual(new TextEncoder().encode('768:'));
  });
});
