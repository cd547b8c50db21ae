import { expect, test } from 'vitest';
import {
  familiesOf,
  isBelieved,
  isSameWay,
  nearerRoutes,
  ownCandidates,
  sameRoutes,
  withHeard,
  type OwnAddresses,
  type Route,
} from './candidates.ts';

const OUTSIDE = { host: '93.184.216.34', port: 40_000 };
const own = (change: Partial<OwnAddresses> = {}): OwnAddresses => ({
  local: ['192.168.1.11'],
  udpPort: 30_000,
  tcpPort: 30_000,
  external: OUTSIDE,
  allowReserved: false,
  ...change,
});
const route = (transport: 'udp' | 'tcp', host: string, port = 1000): Route => ({
  transport,
  endpoint: { host, port },
});

test('[PTH-1] the outside address first, then local ones, at most four', () => {
  expect(ownCandidates(own())).toEqual([
    { transport: 'udp', endpoint: OUTSIDE },
    { transport: 'tcp', endpoint: { host: OUTSIDE.host, port: 30_000 } },
    { transport: 'udp', endpoint: { host: '192.168.1.11', port: 30_000 } },
    { transport: 'tcp', endpoint: { host: '192.168.1.11', port: 30_000 } },
  ]);
  const many = own({ local: ['192.168.1.11', '192.168.2.11', '10.0.0.1'] });
  expect(ownCandidates(many)).toHaveLength(4);
});

test('[PTH-1] link-local never, reserved and loopback only in a lab', () => {
  const local = ['169.254.3.4', 'fe80::1', '198.18.0.1', '127.0.0.1'];
  expect(ownCandidates(own({ local, external: undefined }))).toEqual([]);
  const lab = ownCandidates(own({ local, external: undefined, allowReserved: true }));
  const first = own({ local: ['127.0.0.1', '::1', '198.18.0.1'], external: undefined });
  expect(ownCandidates({ ...first, allowReserved: true })[0]!.endpoint.host).toBe('198.18.0.1');
  expect(lab.map(({ endpoint }) => endpoint.host)).toEqual([
    '198.18.0.1',
    '198.18.0.1',
    '127.0.0.1',
    '127.0.0.1',
  ]);
});

test('[PTH-11] nearer is this computer, then a private network, then the rest', () => {
  const far = route('udp', '93.184.216.1');
  const near = route('tcp', '192.168.1.12');
  const here = route('udp', '127.0.0.1');
  const all = [far, near, here];
  expect(nearerRoutes(all, far)).toEqual([near, here]);
  expect(nearerRoutes(all, near)).toEqual([here]);
  expect(nearerRoutes(all, here)).toEqual([]);
});

test('[PTH-12] with both families each has its two ways', () => {
  const six = '2a00:1::5';
  const both = ownCandidates(own({ local: ['::1', '192.168.1.11', six] }));
  expect(both.map(({ endpoint, transport }) => `${transport} ${endpoint.host}`)).toEqual([
    `udp ${OUTSIDE.host}`,
    `udp ${six}`,
    `tcp ${OUTSIDE.host}`,
    `tcp ${six}`,
  ]);
  expect(both[0]!.endpoint.port).toBe(OUTSIDE.port);
  const only = ownCandidates(own({ local: ['::1', six], external: undefined }));
  expect(only.map(({ endpoint }) => endpoint.host)).toEqual([six, six]);
  const mapped = ownCandidates(own({ local: [six], external6: { host: '2a00:9::9', port: 7 } }));
  expect(mapped.filter(({ endpoint }) => endpoint.host === '2a00:9::9')).toHaveLength(2);
});

test('[PTH-12] families are those of addresses beyond this computer', () => {
  expect(familiesOf(['127.0.0.1', '::1', '192.168.1.11'], false)).toEqual(['v4']);
  expect(familiesOf(['127.0.0.1', '::1', '192.168.1.11', '2a00:1::5'], false)).toEqual([
    'v4',
    'v6',
  ]);
  expect(familiesOf(['127.0.0.1', '2a00:1::5', 'fe80::1'], false)).toEqual(['v6']);
  expect(familiesOf(['10.0.0.1', 'fd00::1'], false)).toEqual(['v4']);
  expect(familiesOf(['10.0.0.1', 'fd00::1'], true)).toEqual(['v4', 'v6']);
  expect(familiesOf([], false)).toEqual(['v4']);
});

test('[LAN-13] a heard route stands first, and leaves room for both ways of the record', () => {
  const heard = [route('udp', '192.168.1.9'), route('tcp', '192.168.1.9')];
  const theirs = [
    route('udp', '93.184.216.1'),
    route('udp', '93.184.216.2'),
    route('udp', '93.184.216.3'),
    route('tcp', '93.184.216.1'),
  ];
  const raced = withHeard(heard, theirs);
  expect(raced).toEqual([...heard, theirs[0], theirs[3]]);
  expect(withHeard([], theirs)).toEqual(theirs);
  expect(withHeard(heard, [heard[0]!])).toEqual(heard);
  const near = route('tcp', 'fe80::9%eth0');
  expect(nearerRoutes(withHeard([near], theirs), theirs[0]!)).toEqual([near]);
});

test('[MAP-15] a mapped port goes before the one that others saw, each once', () => {
  const host = OUTSIDE.host;
  const udp = { host, port: 41_000 };
  const tcp = { host, port: 41_001 };
  const names = (change: Partial<OwnAddresses>): string[] =>
    ownCandidates(own(change)).map(
      ({ endpoint, transport }) => `${transport} ${endpoint.host}:${endpoint.port}`,
    );
  expect(names({ mapped: { udp, tcp } })).toEqual([
    `udp ${host}:41000`,
    `udp ${host}:40000`,
    `tcp ${host}:41001`,
    'udp 192.168.1.11:30000',
  ]);
  expect(names({ mapped: { udp: OUTSIDE, tcp: undefined } })).toEqual([
    `udp ${host}:40000`,
    `tcp ${host}:30000`,
    'udp 192.168.1.11:30000',
    'tcp 192.168.1.11:30000',
  ]);
  // Nobody has seen us yet, or it was in another network.
  const early = [`udp ${host}:41000`, `tcp ${host}:41001`];
  expect(names({ mapped: { udp, tcp }, external: undefined }).slice(0, 2)).toEqual(early);
  const elsewhere = { host: '93.184.216.99', port: 7 };
  expect(names({ mapped: { udp, tcp }, external: elsewhere }).slice(0, 2)).toEqual(early);
  expect(names({ mapped: { udp: undefined, tcp }, external: undefined })[0]).toBe(early[1]);
  const six = '2a00:1::5';
  expect(names({ mapped: { udp, tcp }, local: ['192.168.1.11', six] })).toEqual([
    `udp ${host}:41000`,
    `udp ${six}:30000`,
    `tcp ${host}:41001`,
    `tcp ${six}:30000`,
  ]);
});

test('[MAP-18] inside a provider: in the place of a TCP port that nobody could call', () => {
  const udp = { host: '100.64.0.12', port: 41_000 };
  const tcp = { host: '100.64.0.12', port: 41_001 };
  const names = (change: Partial<OwnAddresses>): string[] =>
    ownCandidates(own(change)).map(
      ({ endpoint, transport }) => `${transport} ${endpoint.host}:${endpoint.port}`,
    );
  const mapped = { udp: undefined, tcp: undefined, inside: { udp, tcp } };
  expect(names({ mapped })).toEqual([
    `udp ${OUTSIDE.host}:40000`,
    'udp 100.64.0.12:41000',
    'tcp 100.64.0.12:41001',
    'udp 192.168.1.11:30000',
  ]);
  const six = '2a00:1::5';
  expect(names({ mapped, local: ['192.168.1.11', six] })).toEqual([
    `udp ${OUTSIDE.host}:40000`,
    `udp ${six}:30000`,
    'udp 100.64.0.12:41000',
    `tcp ${six}:30000`,
  ]);
  // ⚑ Whoever is not behind the same outside address does not try it.
  const inside = route('udp', udp.host);
  expect(isBelieved(inside, own(), false)).toBe(false);
  expect(isBelieved(inside, own(), true)).toBe(true);
});

const circuit = (host: string, key: number, slot: number, isHidden?: true): Route => ({
  transport: 'circuit',
  endpoint: { host, port: 443 },
  via: {
    relay: new Uint8Array(32).fill(key),
    slot: new Uint8Array(20).fill(slot),
    udp: true,
    tcp: true,
    ...(isHidden && { isHidden }),
  },
});

test('[RLY-18] ⚑ the same circuit behind a guard is another route', () => {
  const [bare, guarded] = [circuit('198.51.100.90', 1, 1), circuit('198.51.100.90', 1, 1, true)];
  expect(sameRoutes([bare], [guarded])).toBe(false);
  expect(sameRoutes([guarded], [{ ...guarded }])).toBe(true);
});

test('[PTH-11] a relay is the same way by each of its addresses and slots, another relay is not', () => {
  const present = circuit('198.51.100.90', 1, 1);
  expect(isSameWay(circuit('2001:db8:90::1', 1, 2), present)).toBe(true);
  expect(isSameWay(circuit('198.51.100.90', 2, 1), present)).toBe(false);
  const udp: Route = { transport: 'udp', endpoint: present.endpoint };
  expect(isSameWay(udp, present)).toBe(false);
  expect(isSameWay({ ...udp }, udp)).toBe(true);
  expect(isSameWay({ ...udp, transport: 'tcp' }, udp)).toBe(false);
});
