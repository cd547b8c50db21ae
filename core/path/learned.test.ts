import { expect, test } from 'vitest';
import type { Route } from './candidates.ts';
import { Learned } from './learned.ts';

const HOST = '192.0.2.1';
const NAMED: Route = { transport: 'udp', endpoint: { host: HOST, port: 1 } };
const place = (port: number): Route => ({ transport: 'udp', endpoint: { host: HOST, port } });

test('[PTH-31] the last place that an opener came from is raced first, one in 2 s', () => {
  const learned = new Learned();
  const hears = (port: number, atMs: number): boolean => {
    return learned.handleOpener({ host: HOST, port }, [NAMED], atMs);
  };
  expect(learned.before([NAMED])).toEqual([NAMED]);
  expect([hears(7, 0), hears(8, 1_999)]).toEqual([true, false]);
  expect(learned.before([NAMED])).toEqual([place(7), NAMED]);
  expect(hears(9, 2_000)).toBe(true);
  expect(learned.before([NAMED])).toEqual([place(9), NAMED]);
  learned.forget();
  expect(learned.before([NAMED])).toEqual([NAMED]);
});

test('[PTH-31] ⚑ a host counts only as that of a UDP route', () => {
  const others: Route[] = [
    { transport: 'udp', endpoint: { host: '192.0.2.2', port: 1 } },
    { transport: 'tcp', endpoint: NAMED.endpoint },
    { transport: 'circuit', endpoint: NAMED.endpoint },
  ];
  const learned = new Learned();
  expect(learned.handleOpener(NAMED.endpoint, others, 0)).toBe(false);
  expect(learned.before(others)).toEqual(others);
  expect(learned.handleOpener(NAMED.endpoint, [...others, NAMED], 0)).toBe(true);
  learned.handleRoutes([place(2)]);
  expect(learned.before([])).toEqual([NAMED]);
  learned.handleRoutes(others);
  expect(learned.before([])).toEqual([]);
});
