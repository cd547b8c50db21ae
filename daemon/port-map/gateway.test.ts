import { describe, expect, test } from 'vitest';
import { NOBODY } from '../surroundings.ts';
import { addressTowards, dialName, parseRoutes, parseRoutes6 } from './gateway.ts';
import type { Gateway, SystemRoutes } from './gateway.ts';

const HEAD = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT';
const four = (...rows: string[]): unknown => parseRoutes([HEAD, ...rows, ''].join('\n'));
const WIFI = 'wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0';
const CABLE = 'eth0\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\t0\t0\t0';
const NEAR = 'eth0\t0000000A\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0';
const ZERO = '0'.repeat(32);
const SIX =
  `${ZERO} 00 ${ZERO} 00 fe80000000000000021122fffe334455 00000400 00000003 00000000 00000003` +
  '     eth0';

describe('[MAP-1] the default router', () => {
  test('of IPv4 is the one with the lowest metric', () => {
    expect(four(NEAR, WIFI)).toEqual({ family: 'v4', host: '192.168.1.1', iface: 'wlan0' });
    expect(four(WIFI, CABLE, NEAR)).toEqual({ family: 'v4', host: '10.0.0.1', iface: 'eth0' });
  });

  test.each([
    ['none', []],
    ['a way without a router, as into a tunnel', [WIFI.replace('0101A8C0', '00000000')]],
    ['one that is down', [WIFI.replace('0003', '0002')]],
    ['one for a part of the world', [WIFI.replace('\t00000000\t0\t0\t0', '\t00000080\t0\t0\t0')]],
    ['half a line', [WIFI.slice(0, 14)]],
    ['no hex', [WIFI.replace('0101A8C0', 'gg01A8C0')]],
  ])('is not %s', (name, rows) => {
    if (name.startsWith('a way')) rows = rows.map((row) => row.replace('0003', '0001'));
    expect(four(...rows)).toBeUndefined();
  });

  test('of IPv6, whose address holds with its interface alone', () => {
    const gateway = parseRoutes6(`${SIX}\n`)!;
    expect(gateway).toEqual({ family: 'v6', host: 'fe80::211:22ff:fe33:4455', iface: 'eth0' });
    expect(dialName(gateway.host, gateway)).toBe('fe80::211:22ff:fe33:4455%eth0');
    expect(dialName('2a00:1::1', gateway)).toBe('2a00:1::1');
    const rejected = `${ZERO} 00 ${ZERO} 00 ${ZERO} ffffffff 00000001 00000000 00200200       lo`;
    expect(parseRoutes6(rejected)).toBeUndefined();
    expect(parseRoutes6('')).toBeUndefined();
  });

  const HOME: Gateway = { family: 'v4', host: '192.168.1.1', iface: 'wlan0' };
  const HOME_6: Gateway = { family: 'v6', host: 'fe80::1', iface: 'wlan0' };
  const OWN: Readonly<Record<string, string>> = {
    '192.168.1.7': 'wlan0',
    '2a00:1::7': 'wlan0',
    '10.8.0.2': 'wg0',
    '2a00:9::2': 'wg0',
  };

  /** @param out the addresses by which packets leave for everywhere else. */
  function routes(out: string | undefined, out6?: string): SystemRoutes {
    const ways = new Map([
      [HOME.host, '192.168.1.7'],
      [NOBODY.v4, out],
      [NOBODY.v6, out6],
    ]);
    return {
      from: async (_, to) => ways.get(to),
      has: (iface, address) => OWN[address!] === iface,
    };
  }

  test('is reached from an address of ours', async () => {
    expect(await addressTowards(HOME, routes('192.168.1.7'))).toBe('192.168.1.7');
    expect(await addressTowards(HOME_6, routes(undefined, '2a00:1:0::7'))).toBe('2a00:1::7');
    expect(await addressTowards(HOME, routes(undefined))).toBeUndefined();
    expect(await addressTowards(HOME_6, routes(undefined))).toBeUndefined();
  });

  test('is not asked past a VPN, which leaves its route where it was', async () => {
    expect(await addressTowards(HOME, routes('10.8.0.2', '2a00:9::2'))).toBeUndefined();
    expect(await addressTowards(HOME_6, routes('10.8.0.2', '2a00:9::2'))).toBeUndefined();
  });

  test('is asked about to the system, which sends nothing', async () => {
    const nobody: Gateway = { family: 'v4', host: '255.255.255.255', iface: 'lo' };
    expect(await addressTowards(nobody)).toBeUndefined();
  });
});
