import { describe, expect, test } from 'vitest';
import { fromHex, hex } from '../../base/bytes.ts';
import type { MapWish } from './control.ts';
import { PCP } from './pcp.ts';

const NONCE = '0102030405060708090a0b0c';
const LOCAL = '00000000000000000000ffffc0a8010b';
const OUTSIDE = '00000000000000000000ffff5db8d822';
const bytes = (text: string): Uint8Array => fromHex(text.replaceAll(' ', ''))!;
const read = (text: string, nonce = NONCE): unknown => PCP.decode(bytes(text), [bytes(nonce)]);
const wish: MapWish = {
  transport: 'udp',
  port: 0x9c41,
  local: '192.168.1.11',
  suggested: { host: '0.0.0.0', port: 0x9c41 },
  leaseS: 7200,
  nonce: bytes(NONCE),
};
const HEAD = '0281 0000 00001c20 00000e10 000000000000000000000000';
const MAPPED = `${HEAD} ${NONCE} 11000000 9c41 9c42 ${OUTSIDE}`;

test('[MAP-4] requests of PCP are those of RFC 6887', () => {
  expect(hex(PCP.probe('192.168.1.11'))).toBe(`0200000000000000${LOCAL}`);
  expect(hex(PCP.map(wish))).toBe(
    `0201000000001c20${LOCAL}${NONCE}110000009c419c4100000000000000000000ffff00000000`,
  );
  const six = {
    ...wish,
    transport: 'tcp',
    local: '2a00:1::5',
    suggested: undefined,
    leaseS: 0,
  } as const;
  expect(hex(PCP.map(six))).toBe(
    `02010000000000002a000001000000000000000000000005${NONCE}060000009c410000${'00'.repeat(16)}`,
  );
});

test('[MAP-4] answers of PCP are read', () => {
  expect(read(MAPPED)).toEqual({
    type: 'mapped',
    epochS: 3600,
    wish: { transport: 'udp', port: 40_001 },
    external: '93.184.216.34',
    externalPort: 40_002,
    leaseS: 7200,
  });
  expect(read(MAPPED.replace('0281 0000', '0281 0008'))).toEqual({
    type: 'refused',
    wish: { transport: 'udp', port: 40_001 },
  });
  const alive = { type: 'alive', epochS: 3600 };
  expect(read('0280 0000 00000000 00000e10 000000000000000000000000')).toEqual(alive);
  // It does not know ANNOUNCE, and so it does know PCP.
  expect(read('0280 0004 00000000 00000e10 000000000000000000000000')).toEqual(alive);
});

test('[MAP-4] a router that has NAT-PMP alone says so; what answers that is not read', () => {
  expect(read('0080 0001 00000000')).toEqual({ type: 'absent' });
  expect(read('0280 0001 00000000 00000e10 000000000000000000000000')).toBeUndefined();
});

describe('[MAP-2] what is no answer of PCP is not read', () => {
  test.each([
    ['nothing', ''],
    ['a request', `0201 0000 00001c20 ${LOCAL}`],
    ['another version', MAPPED.replace('0281', '0181')],
    ['another nonce', MAPPED.replace(NONCE, 'ff'.repeat(12))],
    ['another protocol', MAPPED.replace('11000000', '12000000')],
    ['one cut short', MAPPED.slice(0, -8)],
    ['a length that is none', `${MAPPED}00`],
    ['one that is too long', `${MAPPED}${'00'.repeat(1_100)}`],
  ])('%s', (_, text) => expect(read(text)).toBeUndefined());
});

test('[MAP-6] a clock that goes back, or runs otherwise than ours, began anew', () => {
  const at = (nowS: number, elapsedS: number): boolean =>
    PCP.hasForgotten({ beforeS: 1_000, elapsedS, nowS });
  expect([at(1_000, 0), at(999, 0), at(998, 0), at(0, 100)]).toEqual([false, false, true, true]);
  expect([at(1_160, 160), at(1_148, 160), at(1_147, 160)]).toEqual([false, false, true]);
  expect([at(1_172, 160), at(1_180, 160)]).toEqual([false, true]);
});
