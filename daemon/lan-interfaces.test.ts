import { expect, test } from 'vitest';
import { hex, utf8Text } from '@sotto/core/base/bytes.ts';
import { lanInterfaces, type LanInterface, type SystemTables } from './lan-interfaces.ts';

const ROUTES = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0
wlan0\t0001A8C0\t00000000\t0001\t0\t0\t600\t00FFFFFF\t0\t0\t0
`;
const ARP = `IP address       HW type     Flags       HW address            Mask     Device
192.168.1.9      0x1         0x2         02:00:00:00:00:09     *        wlan0
192.168.1.1      0x1         0x2         02:00:00:00:00:01     *        wlan0
`;
const NONE = '0'.repeat(32);
const ROUTES6 = `${NONE} 00 ${NONE} 00 fe800000000000000000000000000001 00000400 1 0 3     wlan0
${NONE} 00 ${NONE} 00 ${NONE} ffffffff 1 0 200200       lo
`;

interface Own {
  readonly cidr: string;
  readonly mac?: string;
  readonly internal?: boolean;
}

function system(
  own: Record<string, readonly Own[]>,
  tables: { routes?: string; arp?: string; routes6?: string } = {},
): SystemTables {
  const files: Record<string, string | undefined> = {
    '/proc/net/route': tables.routes,
    '/proc/net/arp': tables.arp,
    '/proc/net/ipv6_route': tables.routes6,
  };
  const entries = Object.entries(own).map(([name, all]) => [
    name,
    all.map(({ cidr, internal = false, mac = '02:00:00:00:00:aa' }) => {
      const address = cidr.split('/')[0]!;
      const family = address.includes(':') ? 'IPv6' : 'IPv4';
      return { address, cidr, family, internal, mac, netmask: '', scopeid: 2 };
    }),
  ]);
  return {
    read: (path) => files[path] ?? '',
    interfaces: () => Object.fromEntries(entries) as ReturnType<SystemTables['interfaces']>,
  };
}

function only(...args: Parameters<typeof system>): LanInterface {
  const [one, ...more] = lanInterfaces(system(...args));
  expect(more).toEqual([]);
  return one!;
}

const WLAN = { wlan0: [{ cidr: '192.168.1.7/24' }, { cidr: 'fe80::7/64' }] };

test('[LAN-16] a network is known by the hardware address of its router and its prefix', () => {
  const one = only(WLAN, { routes: ROUTES, arp: ARP });
  expect(one.addresses).toEqual(['192.168.1.7/24', 'fe80::7/64']);
  expect(utf8Text(one.print!)).toBe('v4 02:00:00:00:00:01 192.168.1.1 192.168.1.0/24');
  expect(one.silentRouter).toBeUndefined();
  const moved = only({ wlan0: [{ cidr: '192.168.1.99/24' }] }, { routes: ROUTES, arp: ARP });
  expect(hex(moved.print!)).toBe(hex(one.print!));
  const cafe = ARP.replace('00:01 ', '00:02 ');
  expect(hex(only(WLAN, { routes: ROUTES, arp: cafe }).print!)).not.toBe(hex(one.print!));
});

test('[LAN-16] a router that has not shown itself is waited for, not guessed', () => {
  for (const arp of ['', ARP.replaceAll('0x2', '0x0'), ARP.replaceAll('wlan0', 'eth9')]) {
    const one = only(WLAN, { routes: ROUTES, arp });
    expect([one.print, one.silentRouter]).toEqual([undefined, '192.168.1.1']);
  }
});

test('[LAN-16] over IPv6 alone the prefix that a router gives out tells it from others', () => {
  const six = { wlan0: [{ cidr: 'fe80::7/64' }, { cidr: '2a00:1:2:3::7/64' }] };
  const one = only(six, { routes6: ROUTES6 });
  expect(utf8Text(one.print!)).toBe('v6 fe80::1 2a00:1:2:3::/64');
  expect(only({ wlan0: [{ cidr: 'fe80::7/64' }] }, { routes6: ROUTES6 }).print).toBeUndefined();
});

test('[LAN-17] a network without a router has a look, which is not that of another', () => {
  const one = only(WLAN);
  expect([one.print, one.silentRouter]).toEqual([undefined, undefined]);
  expect(only(WLAN).look).toBe(one.look);
  const others = [
    only(WLAN, { routes: ROUTES }),
    only({ wlan0: [{ cidr: '192.168.2.7/24' }, { cidr: 'fe80::7/64' }] }),
    only({ wlan0: [{ cidr: 'fe80::7/64' }] }),
    only({ eth0: WLAN.wlan0 }),
  ];
  expect(others.map(({ look }) => look)).not.toContain(one.look);
});

test('[LAN-15] tunnels and this computer itself are no networks of neighbours', () => {
  const own = {
    lo: [{ cidr: '127.0.0.1/8', internal: true }],
    tun0: [{ cidr: '10.8.0.2/24', mac: '00:00:00:00:00:00' }],
  };
  expect(lanInterfaces(system(own))).toEqual([]);
});
