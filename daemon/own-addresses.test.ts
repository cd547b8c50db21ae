import type { NetworkInterfaceInfo } from 'node:os';
import { expect, test } from 'vitest';
import { OwnAddresses, WAYS_EVERY_MS } from './own-addresses.ts';
import type { WaysOut } from './surroundings.ts';

const HOME_6 = '2a00:1::5';
const VPN_6 = '2a0d:1::2';
const HOME_4 = '192.168.1.7';
const ANY = ['0.0.0.0', '::'];

function infos(...cidrs: readonly string[]): NetworkInterfaceInfo[] {
  return cidrs.map((cidr) => {
    const address = cidr.split('/')[0]!;
    const common = { address, cidr, netmask: '', mac: '02:00:00:00:00:01', internal: false };
    return address.includes(':')
      ? { ...common, family: 'IPv6' as const, scopeid: 0 }
      : { ...common, family: 'IPv4' as const };
  });
}

class Computer {
  all: NodeJS.Dict<NetworkInterfaceInfo[]> = { eth0: infos(`${HOME_4}/24`, `${HOME_6}/64`) };
  ways: WaysOut = { v4: 'eth0', v6: 'eth0' };
  nowMs = 0;
  asked = 0;
  readonly system = {
    interfaces: () => this.all,
    waysOut: () => {
      this.asked++;
      return Promise.resolve(this.ways);
    },
    monoMs: () => this.nowMs,
  };

  vpn(): void {
    this.all = { ...this.all, wg0: infos('10.8.0.2/32', `${VPN_6}/128`) };
    this.ways = { v4: 'wg0', v6: 'wg0' };
  }
}

async function own(computer: Computer, bound = ANY, lab = false): Promise<OwnAddresses> {
  const addresses = new OwnAddresses(bound, lab, computer.system);
  await addresses.look();
  return addresses;
}

test('[PTH-33] ⚑ of public addresses those by whose interface packets leave are told', async () => {
  const computer = new Computer();
  const addresses = await own(computer);
  expect(addresses.told()).toEqual([HOME_4, HOME_6]);
  computer.vpn();
  await addresses.look();
  expect(addresses.told()).toEqual([HOME_4, '10.8.0.2', VPN_6]);
  expect(addresses.all()).toEqual([HOME_4, HOME_6, '10.8.0.2', VPN_6]);
});

test('[PTH-33] each family goes by its own way, and without one nothing public is told', async () => {
  const computer = new Computer();
  computer.all = { eth0: infos('8.8.4.4/24', `${HOME_6}/64`), tun0: infos('10.8.0.2/32') };
  computer.ways = { v4: 'tun0', v6: 'eth0' };
  expect((await own(computer)).told()).toEqual([HOME_6, '10.8.0.2']);
  computer.ways = {};
  expect((await own(computer)).told()).toEqual(['10.8.0.2']);
});

test('[PTH-33] an address that a person has named is told wherever it is', async () => {
  const computer = new Computer();
  computer.vpn();
  expect((await own(computer, [HOME_6])).told()).toEqual([HOME_6]);
});

test('[PTH-33] the system is asked when an address comes or goes, and now and then', async () => {
  const computer = new Computer();
  const addresses = await own(computer);
  await addresses.look();
  expect(computer.asked).toBe(1);
  computer.all = { ...computer.all, wg0: infos('10.8.0.2/32') };
  await addresses.look();
  expect(computer.asked).toBe(2);
  computer.ways = { v4: 'wg0' };
  computer.nowMs += WAYS_EVERY_MS - 1;
  await addresses.look();
  expect(addresses.told()).toContain(HOME_6);
  computer.nowMs += 1;
  await addresses.look();
  expect(addresses.told()).not.toContain(HOME_6);
});

test('[API-11] of this link alone is told to nobody, and of this computer only in a lab', async () => {
  const computer = new Computer();
  computer.all = { lo: infos('127.0.0.1/8'), eth0: infos('fe80::5/64', `${HOME_4}/24`) };
  expect((await own(computer)).told()).toEqual([HOME_4]);
  expect((await own(computer, ANY, true)).told()).toEqual(['127.0.0.1', HOME_4]);
  expect((await own(computer)).networks()).toEqual([`${HOME_4}/24`]);
});
