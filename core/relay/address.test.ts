import { expect, test } from 'vitest';
import { clientKey, isRelayEndpoint } from './address.ts';

const at = (host: string, port = 40_000): { host: string; port: number } => ({ host, port });

test('[RLY-11] ⚑ no private, local or special address is a place for a relay', () => {
  const none = [
    ...['127.0.0.1', '127.8.8.8', '0.0.0.0', '10.1.2.3', '172.16.0.1', '192.168.1.1'],
    ...['169.254.169.254', '100.64.0.1', '224.0.0.1', '255.255.255.255', '240.0.0.1'],
    ...['::', '::1', 'fe80::1', 'fc00::1', 'fd12::1', 'ff02::1', '64:ff9b::7f00:1'],
    ...['2002:7f00:1::', '2001::7f00:1', '::127.0.0.1', '100::1', '3fff:ffff:gg::1', 'localhost'],
    ...['2001:2::1', '2001:10::1', '2001:1ff::1', '3fff::1', '3fff:fff::1', '5f00::1', 'fec0::1'],
  ];
  for (const host of none) {
    expect(isRelayEndpoint(at(host), false), host).toBe(false);
    expect(isRelayEndpoint(at(host), true), host).toBe(false);
  }
  for (const host of ['93.184.216.34', '2606:2800:220:1::7']) {
    expect(isRelayEndpoint(at(host), false), host).toBe(true);
  }
});

test('[RLY-11] ports: 443, and what needs no privilege', () => {
  const open = [443, 1_024, 65_535];
  const shut = [1, 22, 25, 53, 80, 442, 444, 1_023];
  for (const port of open) expect(isRelayEndpoint(at('93.184.216.34', port), false)).toBe(true);
  for (const port of shut) expect(isRelayEndpoint(at('93.184.216.34', port), false)).toBe(false);
});

test('[RLY-11] a lab has the addresses for documentation and benchmarks, and no private ones', () => {
  for (const host of ['192.0.2.1', '198.51.100.9', '203.0.113.1', '198.18.0.1', '2001:db8::1']) {
    expect(isRelayEndpoint(at(host), false), host).toBe(false);
    expect(isRelayEndpoint(at(host), true), host).toBe(true);
  }
});

test('[RLY-9] an IPv4 host, or an IPv6 /64, is one client', () => {
  expect(clientKey('93.184.216.34')).not.toBe(clientKey('93.184.216.35'));
  expect(clientKey('2606:2800:220:1::7')).toBe(clientKey('2606:2800:220:1:ffff::9'));
  expect(clientKey('2606:2800:220:1::7')).not.toBe(clientKey('2606:2800:220:2::7'));
});
