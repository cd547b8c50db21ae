import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { asBytes, asDict, asList, decode, encode, type Encodable } from '../base/bencode.ts';
import { concat, hex } from '../base/bytes.ts';
import { Prng } from '../base/prng.ts';
import { Secret } from '../crypto/keys.ts';
import { SigningKey } from '../crypto/sign.ts';
import { type Certificate, issueCertificate } from './certificate.ts';
import {
  appendChange,
  deviceIn,
  type DeviceList,
  DEVICE_LIST_BYTES_MAX,
  mergeDeviceLists,
  newDeviceList,
  readDeviceList,
} from './device-list.ts';

const random = new Prng(11).bytes;
const signingKey = (): SigningKey => new SigningKey(new Secret('identity', random(32)));
const ana = signingKey();

interface Device {
  key: SigningKey;
  certificate: Certificate;
}

function device(number: number, capabilities: string[] = [], identity = ana): Device {
  const key = signingKey();
  const signal = concat(Uint8Array.of(5), random(32));
  const keys = { noise: random(32), signal, number, capabilities };
  return { key, certificate: issueCertificate(keys, identity, key) };
}

const phone = device(1, ['admit']);
const laptop = device(2, ['admit']);
const kiosk = device(3);
const first = newDeviceList(phone.certificate, ana);
const add = ({ certificate }: Device) => ({ kind: 'add', certificate }) as const;
const revoke = ({ key }: Device) => ({ kind: 'revoke', device: key.publicKey }) as const;
const numbers = (list: DeviceList): number[] => list.devices.map(({ number }) => number);

function read(bytes: Uint8Array, identity = ana.publicKey): string {
  const result = readDeviceList(bytes, identity);
  return result.ok ? `version ${result.list.version}` : result.reason;
}

/** A list with a last entry written by hand, so that any rule can be broken. */
function withEntry(
  list: DeviceList,
  change: { [key: string]: Encodable | undefined },
  signer: SigningKey,
): Uint8Array {
  const rest = { n: list.version + 1, p: list.hash, s: signer.publicKey };
  const body = encode({ ...rest, ...change });
  const entries = decode(list.bytes);
  const items = entries.ok ? asList(entries.value)! : [];
  return encode([...items, { b: body, s: signer.sign('device list entry', body) }]);
}

test('[IDN-12] entries are numbered, linked and signed; the whole list reads back', () => {
  const list = appendChange(appendChange(first, add(laptop), phone.key), add(kiosk), ana);
  const result = readDeviceList(list.bytes, ana.publicKey);
  expect(result.ok && result.list).toEqual(list);
  expect([list.version, numbers(list)]).toEqual([3, [1, 2, 3]]);
  expect(deviceIn(list, kiosk.key.publicKey)).toEqual(kiosk.certificate);
  const gone = appendChange(list, revoke(phone), laptop.key);
  expect([gone.version, numbers(gone)]).toEqual([4, [2, 3]]);
  expect(deviceIn(gone, phone.key.publicKey)).toBeUndefined();
  expect(read(gone.bytes)).toBe('version 4');
});

test('[IDN-12] the link is SHA-256 in its own domain over the body before', () => {
  const list = appendChange(first, add(laptop), ana);
  const entries = decode(list.bytes);
  const last = asDict(entries.ok ? asList(entries.value)?.[1] : undefined);
  const body = decode(asBytes(last?.['b'])!);
  const dict = body.ok ? asDict(body.value) : undefined;
  expect(hex(asBytes(dict?.['p'])!)).toBe(hex(first.hash));
  const adding = { a: kiosk.certificate.bytes };
  expect(read(withEntry(list, { ...adding, p: first.hash }, ana))).toBe('broken link');
  expect(read(withEntry(list, { ...adding, n: 2 }, ana))).toBe('broken link');
  expect(read(withEntry(list, { ...adding, n: 4 }, ana))).toBe('broken link');
});

describe('[IDN-13] who may sign:', () => {
  const adding = { a: kiosk.certificate.bytes };
  test('the identity, and a device that holds admit at the entry before', () => {
    expect(read(withEntry(first, adding, ana))).toBe('version 2');
    expect(read(withEntry(first, adding, phone.key))).toBe('version 2');
  });
  test('not a device without admit', () => {
    const list = appendChange(first, add(kiosk), ana);
    const more = { a: laptop.certificate.bytes };
    expect(read(withEntry(list, more, kiosk.key))).toBe('not allowed');
    expect(read(withEntry(list, { r: phone.key.publicKey }, kiosk.key))).toBe('not allowed');
  });
  test('not a revoked device', () => {
    const two = appendChange(first, add(laptop), ana);
    const list = appendChange(two, revoke(laptop), ana);
    expect(read(withEntry(list, adding, laptop.key))).toBe('not allowed');
  });
  test('not a device that adds itself, nor a stranger', () => {
    const itself = { a: laptop.certificate.bytes };
    expect(read(withEntry(first, itself, laptop.key))).toBe('not allowed');
    expect(read(withEntry(first, adding, signingKey()))).toBe('not allowed');
  });
  test("nobody with another's name: the signature is checked", () => {
    const forged = withEntry(first, { ...adding, s: ana.publicKey }, laptop.key);
    expect(read(forged)).toBe('signature');
  });
  test('the first device comes from the identity alone', () => {
    const body = encode({
      a: phone.certificate.bytes,
      n: 1,
      p: new Uint8Array(32),
      s: phone.key.publicKey,
    });
    const signature = phone.key.sign('device list entry', body);
    expect(read(encode([{ b: body, s: signature }]))).toBe('not allowed');
  });
});

describe('[IDN-14] a device belongs to one person, once:', () => {
  test('not with the certificate of another person', () => {
    const mallory = signingKey();
    const his = device(9, [], mallory);
    expect(read(withEntry(first, { a: his.certificate.bytes }, ana))).toBe('bad device');
    expect(read(newDeviceList(his.certificate, mallory).bytes)).toBe('not allowed');
  });
  test('never again after it was revoked, by key or by number', () => {
    const list = appendChange(appendChange(first, add(laptop), ana), revoke(laptop), ana);
    expect(read(withEntry(list, { a: laptop.certificate.bytes }, ana))).toBe('bad device');
    expect(read(withEntry(list, { a: device(2).certificate.bytes }, ana))).toBe('bad device');
    expect(read(withEntry(list, { a: device(4).certificate.bytes }, ana))).toBe('version 4');
  });
  test('nor with a link key or libsignal key that another device had', () => {
    const { noise, signal } = phone.certificate;
    const fresh = { noise: random(32), signal: concat(Uint8Array.of(5), random(32)) };
    for (const part of [{ noise }, { signal }]) {
      const keys = { ...fresh, ...part, number: 7, capabilities: [] };
      const copy = issueCertificate(keys, ana, signingKey());
      expect(read(withEntry(first, { a: copy.bytes }, ana))).toBe('bad device');
    }
  });
  test('only a current device is revoked', () => {
    expect(read(withEntry(first, { r: laptop.key.publicKey }, ana))).toBe('bad device');
  });
  test('at most 16 at a time', () => {
    let list = first;
    for (let number = 2; number <= 16; number++)
      list = appendChange(list, add(device(number)), ana);
    expect(read(withEntry(list, { a: device(17).certificate.bytes }, ana))).toBe('bad device');
    expect(list.bytes.length).toBeLessThan(DEVICE_LIST_BYTES_MAX);
  });
});

describe('[IDN-15] nobody goes back:', () => {
  const long = appendChange(appendChange(first, add(laptop), ana), add(kiosk), ana);
  test('the longer of two lists that agree is taken, whichever comes first', () => {
    expect(mergeDeviceLists(first, long)).toEqual({ list: long, outcome: 'newer' });
    expect(mergeDeviceLists(long, first)).toEqual({ list: long, outcome: 'older' });
    expect(mergeDeviceLists(long, long)).toEqual({ list: long, outcome: 'same' });
  });
  test('lists of two persons are never merged', () => {
    const mallory = signingKey();
    const his = newDeviceList(device(1, [], mallory).certificate, mallory);
    expect(() => mergeDeviceLists(first, his)).toThrow('one person');
  });
});

describe('[IDN-16] two entries of one version raise an alarm:', () => {
  const two = appendChange(first, add(laptop), ana);
  const byPhone = appendChange(two, revoke(laptop), phone.key);
  const byLaptop = appendChange(two, revoke(phone), laptop.key);
  const byIdentity = appendChange(two, add(kiosk), ana);
  test('the branch that the identity signed wins, on either side', () => {
    expect(mergeDeviceLists(byPhone, byIdentity)).toEqual({ list: byIdentity, outcome: 'fork' });
    expect(mergeDeviceLists(byIdentity, byPhone)).toEqual({ list: byIdentity, outcome: 'fork' });
  });
  test('so it does where the identity signed later in its branch, and the other is longer', () => {
    const later = appendChange(byLaptop, add(kiosk), ana);
    let longer = byPhone;
    for (let number = 5; number < 9; number++) {
      longer = appendChange(longer, add(device(number)), phone.key);
    }
    expect(mergeDeviceLists(longer, later).list).toBe(later);
    expect(mergeDeviceLists(later, longer).list).toBe(later);
  });
  test('with no word of the identity, or two, what we have stays', () => {
    expect(mergeDeviceLists(byPhone, byLaptop)).toEqual({ list: byPhone, outcome: 'fork' });
    expect(mergeDeviceLists(byLaptop, byPhone)).toEqual({ list: byLaptop, outcome: 'fork' });
    const other = appendChange(two, revoke(phone), ana);
    expect(mergeDeviceLists(byIdentity, other)).toEqual({ list: byIdentity, outcome: 'fork' });
  });
});

test('[IDN-12] what is not well formed is refused, and no bytes throw', () => {
  expect(read(encode([]))).toBe('malformed');
  expect(read(encode({}))).toBe('malformed');
  expect(read(new Uint8Array(DEVICE_LIST_BYTES_MAX + 1))).toBe('too long');
  expect(read(encode(new Array<Encodable>(65).fill({})))).toBe('too long');
  const both = { a: kiosk.certificate.bytes, r: phone.key.publicKey };
  expect(read(withEntry(first, both, ana))).toBe('malformed');
  expect(read(withEntry(first, {}, ana))).toBe('malformed');
  expect(read(withEntry(first, { a: 'no certificate' }, ana))).toBe('bad device');
  expect(read(first.bytes, laptop.key.publicKey)).toBe('not allowed');
  const list = appendChange(first, add(laptop), ana);
  fc.assert(
    fc.property(fc.nat(list.bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, x) => {
      const bent = list.bytes.slice();
      bent[at]! ^= x;
      expect(read(bent)).not.toMatch(/^version 2/);
      expect(read(list.bytes.subarray(0, at))).toBe('malformed');
    }),
    { numRuns: 300 },
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => read(bytes) !== 'version 1'));
});
