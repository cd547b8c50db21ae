import { expect, test } from 'vitest';
import {
  allowedRoutes,
  nearerRoutes,
  ownCandidates,
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

test('[PTH-2] a list that points into our network is not followed', () => {
  const inside = [
    route('tcp', '192.168.1.1', 80),
    route('udp', '10.0.0.1', 53),
    route('tcp', '127.0.0.1', 22),
    route('tcp', '169.254.169.254', 80),
    route('udp', '::1'),
    route('tcp', '0.0.0.0'),
    route('udp', '224.0.0.1'),
  ];
  expect(allowedRoutes(inside, own())).toEqual([]);
});

test('[PTH-2] behind the same outside address private ones are tried, loopback still not', () => {
  const home = route('udp', '192.168.1.12');
  const theirs = [route('udp', OUTSIDE.host), home, route('tcp', '127.0.0.1', 22)];
  expect(allowedRoutes(theirs, own())).toEqual([theirs[0], home]);
  expect(allowedRoutes([home], own())).toEqual([]);
});

test('[PTH-3] at most four routes, three of them UDP, none twice', () => {
  const victims = Array.from({ length: 50 }, (_, i) => route('udp', `93.184.217.${i + 1}`));
  expect(allowedRoutes(victims, own())).toHaveLength(3);
  const tcp = victims.map(({ endpoint }) => ({ transport: 'tcp' as const, endpoint }));
  expect(allowedRoutes([...victims, ...tcp], own())).toHaveLength(4);
  expect(allowedRoutes([victims[0]!, victims[0]!], own())).toHaveLength(1);
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
