import { expect, test } from 'vitest';
import {
  isPunched,
  isWorthPunching,
  natClassOf,
  natOfCandidate,
  NatWatch,
  type NatClass,
  type NatSample,
} from './nat-class.ts';

const HOST = '93.184.216.34';
const OWN = { addresses: ['192.168.1.2'], udpPort: 30_000 };
const seen = (ports: readonly number[], host = HOST, atMs = 0): NatSample[] =>
  ports.map((port) => ({ seen: { host, port }, atMs }));

test('[PTH-13] one port for all is independent, our own address is open, a port each is random', () => {
  expect(natClassOf(seen([7, 7, 7, 7]), OWN)).toBe('independent');
  const direct = { addresses: [HOST], udpPort: 7 };
  expect(natClassOf(seen([7, 7, 7, 7]), direct)).toBe('open');
  // Our address, yet another port than our socket has: something in between changes it.
  expect(natClassOf(seen([8, 8, 8, 8]), direct)).toBe('independent');
  expect(natClassOf(seen([1, 2, 3, 4]), OWN)).toBe('random');
  const pool = [...seen([1], '93.184.216.1'), ...seen([1], '93.184.216.2'), ...seen([2, 3])];
  expect(natClassOf(pool, OWN)).toBe('random');
});

test('[PTH-13] fewer than four samples say nothing, and neither do mixed ones', () => {
  expect(natClassOf(seen([7, 7, 7]), OWN)).toBe('unknown');
  expect(natClassOf(seen([7, 7, 7]), OWN, 'random')).toBe('random');
  expect(natClassOf(seen([7, 7, 8, 8]), OWN, 'independent')).toBe('independent');
  expect(natClassOf(seen([7, 7, 7, 9]), OWN)).toBe('independent'); // one liar in four
});

test('[PTH-13] the class outlives a restart, and not a move to another network', () => {
  const watch = new NatWatch();
  expect(watch.update('v4', seen([7, 7, 7, 7]), OWN)).toBe(true);
  expect(watch.update('v4', seen([7, 7, 7, 7]), OWN)).toBe(false);
  const next = new NatWatch(watch.encode());
  expect([next.of('v4'), next.of('v6')]).toEqual(['independent', 'unknown']);
  next.handleMove(50);
  expect(next.update('v4', seen([7, 7, 7, 7], HOST, 49), OWN)).toBe(false);
  expect(next.of('v4')).toBe('unknown');
  next.update('v4', [...seen([7, 7, 7, 7], HOST, 49), ...seen([1, 2, 3, 4], HOST, 51)], OWN);
  expect(next.of('v4')).toBe('random');
  expect(new NatWatch(Uint8Array.of(9, 9)).of('v6')).toBe('unknown');
});

test('[PTH-13] the outside endpoint carries the class, a mapped port is open, the rest unknown', () => {
  const outside = { host: HOST, port: 7 };
  const nat = (transport: string, host: string, port: number): NatClass =>
    natOfCandidate({ transport, endpoint: { host, port } }, outside, 'random');
  expect(nat('udp', HOST, 7)).toBe('random');
  expect(nat('udp', HOST, 8)).toBe('open');
  expect(nat('tcp', HOST, 7)).toBe('unknown');
  expect(nat('udp', '192.168.1.2', 7)).toBe('unknown');
});

test('[PTH-14] only two random ends are not worth a try', () => {
  const classes: NatClass[] = ['unknown', 'open', 'independent', 'random'];
  const hopeless = classes.flatMap((ours) =>
    classes.filter((theirs) => !isWorthPunching(ours, theirs)).map((theirs) => [ours, theirs]),
  );
  expect(hopeless).toEqual([['random', 'random']]);
});

test('[PTH-19] punched is a path with a router at both ends', () => {
  expect(isPunched('independent', 'random')).toBe(true);
  expect(isPunched('open', 'independent')).toBe(false);
  expect(isPunched('independent', 'unknown')).toBe(false);
});
