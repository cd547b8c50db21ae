import { describe, expect, test } from 'vitest';
import { fromHex, hex } from '../../base/bytes.ts';
import type { MapWish } from './control.ts';
import { NAT_PMP } from './nat-pmp.ts';

const bytes = (text: string): Uint8Array => fromHex(text.replaceAll(' ', ''))!;
const read = (text: string): unknown => NAT_PMP.decode(bytes(text), []);
const wish: MapWish = {
  transport: 'udp',
  port: 0x9c41,
  local: '192.168.1.11',
  suggested: { host: '0.0.0.0', port: 0x9c41 },
  leaseS: 7200,
  nonce: new Uint8Array(12),
};

test('[MAP-4] requests of NAT-PMP are those of RFC 6886', () => {
  expect(hex(NAT_PMP.probe('192.168.1.11'))).toBe('0000');
  expect(hex(NAT_PMP.map(wish))).toBe('000100009c419c4100001c20');
  const back = { ...wish, transport: 'tcp', suggested: undefined, leaseS: 0 } as const;
  expect(hex(NAT_PMP.map(back))).toBe('000200009c41000000000000');
});

test('[MAP-4] answers of NAT-PMP are read', () => {
  expect(read('0080 0000 00000e10 5db8d822')).toEqual({
    type: 'alive',
    epochS: 3600,
    external: '93.184.216.34',
  });
  expect(read('0081 0000 00000e10 9c41 9c42 00001c20')).toEqual({
    type: 'mapped',
    epochS: 3600,
    wish: { transport: 'udp', port: 40_001 },
    externalPort: 40_002,
    leaseS: 7200,
  });
  expect(read('0082 0002 00000e10 9c41 0000 00000000')).toEqual({
    type: 'refused',
    wish: { transport: 'tcp' },
  });
  expect(read('0080 0003 00000e10 00000000')).toEqual({ type: 'refused', wish: undefined });
});

test('[MAP-4] a router that has PCP alone says so; what answers a question in PCP is not read', () => {
  expect(read('0280 0001 00000000 00000e10 000000000000000000000000')).toEqual({ type: 'absent' });
  expect(read('0080 0001 00000000')).toBeUndefined();
});

describe('[MAP-2] what is no answer of NAT-PMP is not read', () => {
  test.each([
    ['nothing', ''],
    ['a request', '0000'],
    ['a request of the right length', '0001 0000 9c41 9c41 00001c20'],
    ['another version', '0180 0000 00000e10 5db8d822'],
    ['another operation', '0083 0000 00000e10 5db8d822'],
    ['an address cut short', '0080 0000 00000e10 5db8d8'],
    ['a mapping cut short', '0081 0000 00000e10 9c41 9c42 00001c'],
    ['one that is too long', `0080 0000 00000e10 ${'00'.repeat(64)}`],
  ])('%s', (_, text) => expect(read(text)).toBeUndefined());
});

test('[MAP-6] a clock that is 2 s behind what it should at least show began anew', () => {
  const at = (nowS: number): boolean =>
    NAT_PMP.hasForgotten({ beforeS: 1_000, elapsedS: 800, nowS });
  // RFC 6886 3.6: at least seven eighths of the time must have passed there.
  expect([at(1_800), at(1_698), at(1_697), at(0)]).toEqual([false, false, true, true]);
});
