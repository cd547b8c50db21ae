import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { isIntercepted, ownAddress, vpnOf, waysOut } from './surroundings.ts';

test('[PRX-12] the ways out are interfaces of this computer', async () => {
  const all = Object.keys(networkInterfaces());
  for (const name of Object.values(await waysOut())) expect(all).toContain(name);
});

test('[PRX-12] where no way leads there is no address of ours', async () => {
  // To everybody in this network at once a socket may not send unless it has asked for that.
  expect(await ownAddress('v4', '255.255.255.255')).toBeUndefined();
  expect(await ownAddress('v4', '127.0.0.1')).toBe('127.0.0.1');
});

test('[PRX-12] a VPN is known by the name of its interface', () => {
  for (const name of ['tun0', 'wg0', 'wg-home', 'tailscale0', 'ppp0']) {
    expect([name, vpnOf({ v4: name })]).toEqual([name, 'all']);
  }
  for (const name of ['eth0', 'enp3s0', 'wlan0', 'docker0', 'lo', 'en0']) {
    expect([name, vpnOf({ v4: name })]).toEqual([name, 'none']);
  }
});

test('[PRX-13] an answer in the name of nobody is noticed, and silence or a refusal is not', async () => {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  expect(await isIntercepted('127.0.0.1', port)).toBe(true);
  await new Promise((done) => server.close(done));
  expect(await isIntercepted('127.0.0.1', port)).toBe(false);
});
