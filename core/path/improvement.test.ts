import { expect, test } from 'vitest';
import type { Route } from './candidates.ts';
import { Improvement } from './improvement.ts';

const at = (transport: Route['transport'], port = 1): Route => ({
  transport,
  endpoint: { host: '93.184.216.34', port },
});

test('[RLY-19] a relayed link is tried nearer after 5 s, then ever later, until it is', () => {
  const improvement = new Improvement();
  improvement.handleRoute(at('circuit'), 0);
  const times: number[] = [];
  for (let nowMs = 0; nowMs <= 1_300_000; nowMs += 1_000) {
    improvement.handleRoute(at('circuit'), nowMs);
    if (improvement.take(nowMs)) times.push(nowMs / 1_000);
  }
  expect(times).toEqual([5, 15, 35, 75, 155, 315, 615, 915, 1_215]);
  improvement.handleRoute(at('udp'), 1_300_000);
  expect(improvement.wakeAtMs).toBeUndefined();
});

test('[RLY-19] by one route of each kind, each of several in its turn', () => {
  const routes = [at('udp', 1), at('udp', 2), at('tcp', 3), at('circuit', 4)];
  const improvement = new Improvement();
  improvement.handleRoute(at('circuit'), 0);
  const tried = [5_000, 15_000, 35_000].map((nowMs) => {
    expect(improvement.take(nowMs)).toBe(true);
    return improvement.routes(routes);
  });
  const [tcp, one, two] = [at('tcp', 3), at('udp', 1), at('udp', 2)];
  expect(tried).toEqual([
    [tcp, one],
    [tcp, two],
    [tcp, one],
  ]);
  expect(improvement.routes([at('circuit')])).toEqual([]);
});
