import { expect, test } from 'vitest';
import { judgeMaps, type SeenAs } from './mapped.ts';
import type { PortMap } from './port-map/contract.ts';

const HOST = '93.184.216.34';
const SIX = '2a00:1::5';
const map = (host: string, transport: 'udp' | 'tcp' = 'udp', port = 41_000): PortMap => ({
  transport,
  family: host.includes(':') ? 'v6' : 'v4',
  external: { host, port },
  via: 'pcp',
});
const seen = (change: Partial<SeenAs> = {}): SeenAs => ({
  external: HOST,
  external6: undefined,
  local: ['192.168.1.11', SIX],
  allowReserved: false,
  ...change,
});

test('[MAP-15] a router whose address is the one that others see is believed', () => {
  const maps = [map(HOST), map(HOST, 'tcp', 41_001)];
  const open = {
    verdict: 'open',
    udp: { host: HOST, port: 41_000 },
    tcp: { host: HOST, port: 41_001 },
  };
  expect(judgeMaps(maps, seen())).toEqual(open);
  // Nobody has said yet how they see us: a public address is believed until somebody does.
  expect(judgeMaps(maps, seen({ external: undefined }))).toEqual(open);
  expect(judgeMaps([], seen()).verdict).toBe('none');
});

test('[MAP-16] a private address, or another one than others see, is a second router', () => {
  const double = { verdict: 'double', udp: undefined, tcp: undefined };
  for (const host of ['100.64.0.2', '100.127.255.1', '10.0.0.2', '192.168.5.1', '127.0.0.1']) {
    expect(judgeMaps([map(host)], seen())).toMatchObject(double);
    expect(judgeMaps([map(host)], seen({ external: host }))).toMatchObject(double);
    expect(judgeMaps([map(host)], seen({ external: undefined }))).toMatchObject(double);
  }
  expect(judgeMaps([map('93.184.216.99')], seen())).toEqual(double);
});

test('[MAP-16] lab addresses are public in a lab alone; private ones nowhere', () => {
  const lab = seen({ external: undefined, allowReserved: true });
  expect(judgeMaps([map('203.0.113.7')], lab).verdict).toBe('open');
  expect(judgeMaps([map('203.0.113.7')], seen({ external: undefined })).verdict).toBe('double');
  expect(judgeMaps([map('100.64.0.2')], lab).verdict).toBe('double');
});

test('[MAP-15] over IPv6 the address is ours already, and the way in is what was opened', () => {
  const found = judgeMaps([map(SIX)], seen());
  expect(found).toEqual({ verdict: 'open', udp: undefined, tcp: undefined });
  expect(judgeMaps([map('2a00:9::9')], seen()).verdict).toBe('double');
  expect(judgeMaps([map('2a00:9::9')], seen({ external6: '2a00:9::9' })).verdict).toBe('open');
});

test('[MAP-18] in a network that a provider shares out, the port counts inside it', () => {
  const maps = [map('100.64.0.2'), map('100.64.0.2', 'tcp', 41_001)];
  const inside = {
    udp: { host: '100.64.0.2', port: 41_000 },
    tcp: { host: '100.64.0.2', port: 41_001 },
  };
  expect(judgeMaps(maps, seen())).toMatchObject({ verdict: 'double', udp: undefined, inside });
  expect(judgeMaps([map('100.127.255.1')], seen()).inside?.udp?.host).toBe('100.127.255.1');
  expect(judgeMaps([map('10.0.0.2')], seen()).inside).toBeUndefined();
  expect(judgeMaps([map(HOST), ...maps], seen()).inside).toBeUndefined();
});

test('[MAP-18] also where the wall of IPv6 is open, which says nothing of IPv4', () => {
  const inside = { udp: { host: '100.64.0.2', port: 41_000 }, tcp: undefined };
  const found = judgeMaps([map('100.64.0.2'), map(SIX)], seen());
  expect(found).toEqual({ verdict: 'open', udp: undefined, tcp: undefined, inside });
});
