import { expect, test } from 'vitest';
import { Settings } from '@sotto/api/settings.ts';
import { egressOf } from './egress.ts';
import type { Egress } from './egress.ts';

type Free = Omit<Egress, 'proxy'>;
const ALL: Free = {
  udp: true,
  accepts: true,
  dht: true,
  names: true,
  webTrackers: true,
  tellsAddresses: true,
  nearby: true,
};
const NOTHING: Free = {
  udp: false,
  accepts: false,
  dht: false,
  names: false,
  webTrackers: false,
  tellsAddresses: false,
  nearby: false,
};

const PROXY = { 'proxy.kind': 'socks5', 'proxy.address': '127.0.0.1:9050' } as const;
const rows: [string, Partial<Settings>, Free][] = [
  ['[PRX-1] no proxy: all of it', {}, ALL],
  ['[PRX-1] a proxy: TCP through it, and nothing else', PROXY, NOTHING],
  ['[PRX-2] a proxy without an address: not even that', { 'proxy.kind': 'http' }, NOTHING],
  [
    '[PRX-3] UDP past the proxy, where that was said in plain words',
    { ...PROXY, 'proxy.udp': 'direct' },
    { ...NOTHING, udp: true, dht: true, names: true, tellsAddresses: true },
  ],
  [
    '[PRX-3] names are for finding people alone',
    { ...PROXY, 'proxy.udp': 'direct', 'dht.enabled': false },
    { ...NOTHING, udp: true, tellsAddresses: true },
  ],
  [
    '[PRX-3] what else the settings forbid stays forbidden',
    { ...PROXY, 'proxy.udp': 'direct', 'net.udp': false },
    NOTHING,
  ],
  ['[PRX-1] UDP off, no proxy', { 'net.udp': false }, { ...ALL, udp: false, dht: false }],
  ['[PRX-1] the word about UDP says nothing without a proxy', { 'proxy.udp': 'direct' }, ALL],
];

test.each(rows)('%s', (_, settings, expected) => {
  const { proxy, ...free } = egressOf({ ...Settings.parse({}), ...settings });
  expect(free).toEqual(expected);
  expect(proxy !== undefined).toBe('proxy.kind' in settings);
});

test('[PRX-4] the proxy by name, by address, with an account whose password shows nowhere', () => {
  const of = (more: Partial<Settings>): NonNullable<Egress['proxy']> =>
    egressOf({ ...Settings.parse({}), 'proxy.kind': 'http', ...more }).proxy!;
  expect(of({ 'proxy.address': 'proxy.example:3128' })).toEqual({
    kind: 'http',
    at: { host: 'proxy.example', port: 3128 },
    account: undefined,
  });
  expect(of({ 'proxy.address': '[2001:db8::1]:8080' }).at).toEqual({
    host: '2001:db8::1',
    port: 8080,
  });
  expect(of({}).at).toBeUndefined();
  const proxy = of({ 'proxy.user': 'ana', 'proxy.password': 'geheim' });
  expect(new TextDecoder().decode(proxy.account!.password!.reveal())).toBe('geheim');
  expect(`${JSON.stringify(proxy)} ${String(proxy.account!.password)}`).not.toContain('geheim');
  expect(of({ 'proxy.user': 'ana' }).account).toEqual({ user: 'ana', password: undefined });
});
