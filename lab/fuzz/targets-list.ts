/**
 * Target: device lists, by people who hold their identity key and some of their devices' keys.
 * @module
 */
import { assert } from '@sotto/core/base/assert.ts';
import { asList, decode, encode } from '@sotto/core/base/bencode.ts';
import { concat, equal } from '@sotto/core/base/bytes.ts';
import { Prng } from '@sotto/core/base/prng.ts';
import { LABELS, labelledHash } from '@sotto/core/crypto/kdf.ts';
import type { SigningKey } from '@sotto/core/crypto/sign.ts';
import { CAN_ADMIT, issueCertificate } from '@sotto/core/people/certificate.ts';
import { mergeDeviceLists, readDeviceList } from '@sotto/core/people/device-list.ts';
import type { Target } from './target.ts';
import { keyOf } from './targets-people.ts';

const DEVICES = 24;
const STEPS_MAX = 70;

/** As many devices as there may be. */
const MANY = Array.from({ length: 32 }, (_, i) => (i % 2 === 0 ? 0 : i - 1));

interface Device {
  readonly key: SigningKey;
  readonly certificate: Uint8Array;
}

/** First byte odd: a list as it is; even: a script, two bytes for each entry to sign. */
export const deviceList: Target = {
  name: 'device-list',
  covers: {
    'core/people/device-list.ts': [
      ...['readDeviceList', 'readEntry', 'extend', 'maySign', 'applied', 'keysOf', 'deviceIn'],
      'mergeDeviceLists',
    ],
  },
  bytesMax: 17 * 1024,
  words: [
    ...'anprs',
    'bs',
    Uint8Array.of(0, 0),
    Uint8Array.of(16, 1),
    Uint8Array.of(8, 0),
    Uint8Array.from(MANY),
  ],
  bencodeAt: 1,
  start() {
    const prng = new Prng(40);
    const identity = keyOf(prng);
    const devices = Array.from({ length: DEVICES }, (_, i) => deviceOf(prng, identity, i));
    const signed = new Map<string, Uint8Array>();
    const sign = (key: SigningKey, body: Uint8Array): Uint8Array => {
      const hash = labelledHash(LABELS.deviceListHash, body);
      const name = String.fromCharCode(key.publicKey[0]!, ...hash);
      if (signed.size > 4096) signed.clear();
      const known = signed.get(name) ?? key.sign(LABELS.deviceListEntry, body);
      signed.set(name, known);
      return known;
    };
    const write = (script: Uint8Array): Uint8Array => listOf(script, identity, devices, sign);
    const scripts = [[0, 0], [0, 0, 0, 2, 0, 4], [0, 0, 16, 2, 8, 0, 0, 6], MANY].map((script) =>
      Uint8Array.from(script),
    );
    const known = [scripts[1]!, Uint8Array.of(0, 0, 16, 2)].map((script) => {
      const read = readDeviceList(write(script), identity.publicKey);
      assert(read.ok, 'a list to compare with');
      return read.list;
    });
    return {
      seeds: [
        ...scripts.slice(0, 3).map((script) => concat(Uint8Array.of(0), script)),
        ...scripts.slice(0, 3).map((script) => concat(Uint8Array.of(1), write(script))),
      ],
      run(input) {
        const rest = input.subarray(1);
        const bytes = ((input[0] ?? 0) & 1) !== 0 ? rest : write(rest.subarray(0, 2 * STEPS_MAX));
        const seen = readDeviceList(bytes, identity.publicKey);
        if (!seen.ok) return false;
        assert(seen.list.devices.length <= 16, 'so many devices at most');
        for (const mine of known) {
          const { list } = mergeDeviceLists(mine, seen.list);
          assert(list === mine || list === seen.list, 'one of both');
        }
        // Unknown keys of an entry do not survive, so only what we write is compared.
        const again = readDeviceList(seen.list.bytes, identity.publicKey);
        assert(again.ok && equal(again.list.hash, seen.list.hash), 'a list reads back');
        return true;
      },
    };
  },
};

function deviceOf(prng: Prng, identity: SigningKey, i: number): Device {
  const key = keyOf(prng);
  const signal = concat(Uint8Array.of(5), prng.bytes(32));
  // Two devices share a number, one has another person's certificate, odd ones may not admit.
  const number = i === 23 ? 1 : i + 1;
  const person = i === 22 ? keyOf(prng) : identity;
  const capabilities = i % 2 === 0 ? [CAN_ADMIT] : [];
  const keys = { noise: prng.bytes(32), signal, number, capabilities };
  return { key, certificate: issueCertificate(keys, person, key).bytes };
}

/**
 * First byte of a step: bit 3 revoke, else add; bit 4 signed by the device of the bits above 5,
 * else by the identity; bit 0 a wrong version, bit 1 a wrong hash, bit 2 both add and revoke or
 * neither, bit 5 another's signature. Second byte: which device, doubled; bit 0 no
 * certificate but a number.
 */
function listOf(
  script: Uint8Array,
  identity: SigningKey,
  devices: readonly Device[],
  sign: (key: SigningKey, body: Uint8Array) => Uint8Array,
): Uint8Array {
  const entries: { b: Uint8Array; s: Uint8Array }[] = [];
  let previous = new Uint8Array(32);
  for (let at = 0; at + 1 < script.length; at += 2) {
    const what = script[at]!;
    const device = devices[(script[at + 1]! >> 1) % DEVICES]!;
    const signer = (what & 16) !== 0 ? devices[what >> 6]!.key : identity;
    const revokes = (what & 8) !== 0;
    const added = (script[at + 1]! & 1) !== 0 ? 7 : device.certificate;
    const body = encode({
      a: revokes === ((what & 4) !== 0) ? added : undefined,
      n: entries.length + 1 + (what & 1),
      p: (what & 2) !== 0 ? new Uint8Array(32) : previous,
      r: revokes ? device.key.publicKey : undefined,
      s: signer.publicKey,
    });
    entries.push({ b: body, s: sign((what & 32) !== 0 ? device.key : signer, body) });
    previous = labelledHash(LABELS.deviceListHash, body);
  }
  const bytes = encode(entries);
  const decoded = decode(bytes);
  assert(!decoded.ok || asList(decoded.value) !== undefined, 'a list is a list');
  return bytes;
}
