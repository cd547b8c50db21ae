import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decode, encode } from '../base/bencode.ts';
import { concat, equal, fromHex, hex, utf8 } from '../base/bytes.ts';
import { Prng } from '../base/prng.ts';
import { seal } from '../crypto/aead.ts';
import { Secret } from '../crypto/keys.ts';
import * as records from './record.ts';
import { decodeRecord, encodeRecord, openRecord, sealRecord } from './record.ts';
import type { PresenceRecord, RecordCandidate } from './record.ts';
import { CONTENT_BYTES } from './sealed-item.ts';

const { bytes: random } = new Prng(7);
const sealing = new Secret('record', random(32));
const fill = (length: number, byte = 0x11): Uint8Array => new Uint8Array(length).fill(byte);
const gate = { kind: 'direct', secret: new Secret('gate', fill(32, 0x22)) } as const;
const list = { version: 3, hash: fill(32) };
const small: PresenceRecord = {
  majors: [1],
  policy: 'auto',
  generation: 7,
  list,
  candidates: [{ transport: 'udp', nat: 'open', endpoint: { host: '198.51.100.7', port: 8080 } }],
  gate,
};
// From the byte table of docs/spec/discovery.md, by hand.
const SMALL =
  `d1:cl7:\x04\xc6\x33\x64\x07\x1f\x90e1:gi7e1:h32:${'\x11'.repeat(32)}` +
  `1:k33:\0${'\x22'.repeat(32)}1:li3e1:m1:\x011:pi0ee`;

const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));
const host6 = '2001:db8:1234:5678:9abc:def0:1234:5678';
const candidate6: RecordCandidate = {
  transport: 'tcp',
  nat: 'random',
  endpoint: { host: host6, port: 65535 },
};

/** As large as a record for a contact can be. */
const full: PresenceRecord = {
  majors: [1, 2, 3, 4, 5, 6, 7, 8],
  policy: 'local',
  generation: Number.MAX_SAFE_INTEGER,
  list: { version: 2 ** 31, hash: fill(32) },
  candidates: [candidate6, candidate6, candidate6, candidate6],
  gate,
  relays: [fill(72), fill(72), fill(72)],
  mailboxes: [fill(44), fill(44), fill(44)],
  drops: [fill(20), fill(20), fill(20), fill(20)],
  flags: 1,
  mark: fill(16),
};

describe('values', () => {
  test('[DSC-8] every value has 768 bytes, whatever it says', () => {
    for (const record of [small, full, { ...small, candidates: [] }]) {
      const value = sealRecord(record, sealing, random);
      expect(value.length).toBe(768);
      const opened = openRecord(value, sealing);
      expect(opened.ok && hex(encodeRecord(opened.record))).toBe(hex(encodeRecord(record)));
    }
  });

  test('[DSC-8] two values of one record share nothing', () => {
    const a = sealRecord(small, sealing, random);
    const b = sealRecord(small, sealing, random);
    const same = a.filter((byte, i) => byte === b[i]).length;
    expect(same).toBeLessThan(20); // 768 / 256 = 3 expected by chance
  });

  test('[DSC-8] anything but 768 sealed bytes is no record', () => {
    const value = sealRecord(small, sealing, random);
    const other = new Secret('record', random(32));
    expect(openRecord(value.subarray(1), sealing)).toEqual({ ok: false, reason: 'size' });
    expect(openRecord(7, sealing)).toEqual({ ok: false, reason: 'size' });
    expect(openRecord([value], sealing)).toEqual({ ok: false, reason: 'size' });
    expect(openRecord(value, other)).toEqual({ ok: false, reason: 'sealed' });
    for (let at = 0; at < value.length; at += 13) {
      const flipped = value.slice();
      flipped[at]! ^= 1;
      expect(openRecord(flipped, sealing)).toEqual({ ok: false, reason: 'sealed' });
    }
  });

  test('[DSC-8] the rest of the content is zeros', () => {
    const sealContent = (content: Uint8Array): Uint8Array =>
      seal(sealing.reveal(), content, random);
    const content = new Uint8Array(CONTENT_BYTES);
    content.set([0, SMALL.length]);
    content.set(latin1(SMALL), 2);
    expect(openRecord(sealContent(content), sealing).ok).toBe(true);
    const dirty = content.slice();
    dirty[739] = 1;
    expect(openRecord(sealContent(dirty), sealing)).toEqual({ ok: false, reason: 'padding' });
    const long = content.slice();
    long.set([0x02, 0xe3]); // 739: one more than fits
    expect(openRecord(sealContent(long), sealing)).toEqual({ ok: false, reason: 'padding' });
  });
});

describe('records', () => {
  test('[DSC-9] the bytes are those of the table', () => {
    expect(hex(encodeRecord(small))).toBe(hex(latin1(SMALL)));
    const decoded = decodeRecord(latin1(SMALL));
    expect(decoded.ok && decoded.record).toMatchObject({
      majors: [1],
      policy: 'auto',
      generation: 7,
      candidates: small.candidates,
      relays: [],
      flags: 0,
    });
    expect(decoded.ok && decoded.record.gate && hex(decoded.record.gate.secret.reveal())).toBe(
      '22'.repeat(32),
    );
  });

  test('[DSC-9] a record with everything in it fits, with and without keys', () => {
    const bytes = encodeRecord(full);
    expect(bytes.length).toBe(728); // of 738
    const invited = { ...full, mailboxes: [], drops: [], keys: keysOf(1) };
    expect(encodeRecord(invited).length).toBeLessThanOrEqual(records.RECORD_BYTES_MAX);
    const decoded = decodeRecord(bytes);
    expect(decoded.ok && decoded.record.relays?.length).toBe(3);
    expect(decoded.ok && decoded.record.drops?.length).toBe(4);
    expect(decoded.ok && decoded.record.mailboxes?.length).toBe(3);
    expect(decoded.ok && decoded.record.candidates[3]).toEqual(candidate6);
    expect(decoded.ok && decoded.record.flags).toBe(1);
  });

  test('[DSC-9] what is decoded encodes to the same bytes', () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 40 });
    const endpoint = fc.record({ host: fc.ipV4(), port: fc.integer({ min: 1, max: 65535 }) });
    const candidate = fc.record({
      transport: fc.constantFrom('udp' as const, 'tcp' as const),
      nat: fc.constantFrom('unknown', 'open', 'independent', 'random' as const),
      endpoint,
    });
    const arbitrary = fc.record({
      majors: fc
        .uniqueArray(fc.integer({ min: 1, max: 255 }), { minLength: 1, maxLength: 8 })
        .map((majors) => majors.sort((a, b) => a - b)),
      policy: fc.constantFrom('auto', 'direct' as const),
      generation: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      list: fc.record({ version: fc.nat(), hash: fc.uint8Array({ minLength: 32, maxLength: 32 }) }),
      candidates: fc.array(candidate, { maxLength: 4 }),
      relays: fc.array(bytes, { maxLength: 3 }),
      mailboxes: fc.array(bytes, { maxLength: 3 }),
      drops: fc.array(fc.uint8Array({ minLength: 20, maxLength: 20 }), { maxLength: 4 }),
      flags: fc.nat(),
    });
    fc.assert(
      fc.property(arbitrary, (record) => {
        const encoded = encodeRecord(record);
        const decoded = decodeRecord(encoded);
        expect(decoded.ok && equal(encodeRecord(decoded.record), encoded)).toBe(true);
      }),
      { seed: 9, numRuns: 200 },
    );
  });

  test('[DSC-10] one bad field, no record', () => {
    const base = decode(latin1(SMALL));
    const dict = base.ok ? (base.value as { [key: string]: Uint8Array }) : {};
    const refused: { [key: string]: Parameters<typeof encode>[0] | undefined }[] = [
      ...[...'ghlmp'].map((key) => ({ [key]: undefined })),
      { g: 0 },
      { g: -1 },
      { g: fill(8) },
      { h: fill(31) },
      { l: -1 },
      { m: new Uint8Array(0) },
      { m: fill(9) },
      { m: Uint8Array.of(0) },
      { m: Uint8Array.of(2, 1) },
      { m: Uint8Array.of(1, 1) },
      { p: 256 },
      { c: [fill(6)] },
      { c: [fill(8)] },
      { c: [Uint8Array.of(0, 1, 2, 3, 4, 0, 0)] }, // port 0
      { c: [7] },
      { c: 'x' },
      { c: Array.from({ length: 5 }, () => fill(7)) },
      { d: [fill(19)] },
      { d: Array.from({ length: 5 }, () => fill(20)) },
      { f: -1 },
      { f: fill(1) },
      { i: fill(63) },
      { k: fill(32, 0) },
      { k: 1 },
      { o: fill(15) },
      { r: [fill(73)] },
      { r: [new Uint8Array(0)] },
      { r: Array.from({ length: 4 }, () => fill(1)) },
      { x: [fill(45)] },
      { x: Array.from({ length: 4 }, () => fill(1)) },
    ];
    expect(decodeRecord(encode(dict)).ok).toBe(true);
    for (const change of refused) {
      const bytes = encode({ ...dict, ...change });
      expect([change, decodeRecord(bytes)]).toEqual([change, { ok: false, reason: 'bad field' }]);
    }
  });

  test('[DSC-10] no bytes make the decoder throw', () => {
    const prng = new Prng(11);
    const valid = [small, full, { ...small, keys: keysOf(2) }].map(encodeRecord);
    let accepted = 0;
    for (let i = 0; i < 20_000; i++) {
      const bytes = prng.chance(0.2) ? random(prng.int(0, 200)) : prng.pick(valid).slice();
      for (let n = prng.int(0, 4); n > 0 && bytes.length > 0; n--) {
        bytes[prng.int(0, bytes.length - 1)] = prng.int(0, 255);
      }
      const cut = prng.chance(0.2) ? bytes.subarray(0, prng.int(0, bytes.length)) : bytes;
      const decoded = decodeRecord(cut);
      if (decoded.ok) accepted++;
      if (decoded.ok) encodeRecord(decoded.record);
    }
    expect(accepted).toBeGreaterThan(100); // some were valid, so the depths were reached
    expect(accepted).toBeLessThan(19_000);
    expect(decodeRecord(fill(739))).toEqual({ ok: false, reason: 'size' });
    expect(decodeRecord(utf8('i1e'))).toEqual({ ok: false, reason: 'not bencode' });
  });

  test('[DSC-11] what a later version says does no harm and is kept', () => {
    const base = decode(latin1(SMALL));
    const dict = base.ok ? (base.value as { [key: string]: Uint8Array }) : {};
    const later = encode({
      ...dict,
      c: [concat(Uint8Array.of(2), fill(6)), concat(Uint8Array.of(7 << 2), fill(6))],
      k: fill(33, 9),
      p: 77,
      zz: [1, { a: 'b' }],
      __proto__x: 1,
    });
    const strict = decodeRecord(later);
    // Policy 77 is read as Hidden IP, under which no address may be named at all.
    expect(strict).toEqual({ ok: false, reason: 'bad field' });
    const open = decodeRecord(encode({ ...(decode(later) as { value: typeof dict }).value, p: 0 }));
    expect(open.ok && open.record.candidates).toEqual([
      { transport: 'udp', nat: 'unknown', endpoint: { host: '17.17.17.17', port: 0x1111 } },
    ]);
    expect(open.ok && open.record.gate).toBe(undefined);
    const again = open.ok ? decode(encodeRecord(open.record)) : undefined;
    expect(again?.ok && hex(encode(again.value))).toContain(hex(utf8('2:zzli1ed1:a1:bee')));
    const unknownPolicy = decodeRecord(encode({ ...dict, c: [], p: 77 }));
    expect(unknownPolicy.ok && unknownPolicy.record.policy).toBe('hidden');
  });

  test('[DSC-12] under Hidden IP a record with an address is neither written nor read', () => {
    expect(() => encodeRecord({ ...small, policy: 'hidden' })).toThrow('its policy hides');
    const bytes = fromHex(hex(latin1(SMALL)).replace(hex(utf8('1:pi0e')), hex(utf8('1:pi1e'))))!;
    expect(decodeRecord(bytes)).toEqual({ ok: false, reason: 'bad field' });
    const hidden = encodeRecord({ ...small, policy: 'hidden', candidates: [] });
    expect(decodeRecord(hidden).ok).toBe(true);
  });

  test('[DSC-12] under This network only the same holds for public addresses', () => {
    const at = (host: string): PresenceRecord => ({
      ...small,
      policy: 'local',
      candidates: [{ transport: 'udp', nat: 'open', endpoint: { host, port: 8080 } }],
    });
    expect(() => encodeRecord(at('93.184.216.34'))).toThrow('its policy hides');
    const inside = encodeRecord(at('192.168.1.7'));
    expect(decodeRecord(inside).ok).toBe(true);
    const wire = hex(inside).replace('c0a80107', '5db8d822');
    expect(decodeRecord(fromHex(wire)!)).toEqual({ ok: false, reason: 'bad field' });
  });
});

function keysOf(byte: number): { signing: Uint8Array; noise: Uint8Array } {
  return { signing: fill(32, byte), noise: fill(32, byte + 1) };
}
