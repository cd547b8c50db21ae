import { expect, test, vi } from 'vitest';
import { data, type Person, World } from './compose/testing/world.ts';

// One client for each relay: whoever comes second finds no room.
vi.mock('./relay/limits.ts', async (original) => ({
  ...(await original<object>()),
  CLIENTS_MAX: 1,
  CLIENTS_ASSURED: 1,
}));

const HOSTS = ['198.51.100.11', '203.0.113.12', '198.18.0.13', '192.0.2.14', '198.19.0.15'];
const MINUTE_MS = 60_000;

function stats(person: Person, name: string): number {
  return data(person.ask({ type: 'stats' }), 'stats').stats[name]!;
}

/** Bo and Carol have all that the first `full` relays give; Ana has them all on her list. */
function town(full: number, free: number): { world: World; ana: Person; relays: Person[] } {
  const world = new World();
  const serve = { serve: 'public', list: [] } as const;
  const relays = HOSTS.slice(0, full + free).map((host, i) =>
    world.person(`Relay${i}`, false, { host, relay: serve }),
  );
  for (const relay of relays) relay.start();
  world.run();
  const texts = relays.map((one) => data(one.ask({ type: 'health' }), 'health').health);
  const list = texts.map(({ serving }) => serving.text!);
  const bo = world.person('Bo', false, {
    host: '198.51.101.16',
    relay: { serve: 'off', list: list.slice(0, full) },
  });
  bo.start();
  world.run(5_000);
  expect(relays.map((one) => stats(one, 'relay.clients')).slice(0, full)).toEqual([1, 1]);
  const ana = world.person('Ana', false, { host: '198.51.102.17', relay: { serve: 'off', list } });
  ana.start();
  return { world, ana, relays };
}

test('[RLY-18, PTH-7] relays without room give way to one that has some', () => {
  const { world, ana } = town(2, 1);
  world.run(10_000);
  expect(stats(ana, 'circuits.reserved')).toBe(1);
  const missed: number[] = [];
  for (let second = 0; second < 900; second++) {
    world.run(1_000);
    if (stats(ana, 'circuits.reserved') !== 1) missed.push(second);
  }
  expect(missed).toEqual([]);
});

test('[RLY-18, PTH-7] who is sent away comes again less and less often, and at last has room', () => {
  const { world, ana, relays } = town(2, 0);
  const comings: number[] = [];
  let before = 0;
  for (let minute = 0; minute < 10; minute++) {
    world.run(MINUTE_MS);
    const now = relays.map((one) => stats(one, 'relay.sentAway')).reduce((sum, one) => sum + one);
    comings.push(now - before);
    before = now;
  }
  expect(comings[0]).toBeLessThanOrEqual(20);
  for (const count of comings.slice(1)) expect(count).toBeLessThanOrEqual(4);
  world.people.find(({ name }) => name === 'Bo')!.quit();
  world.run(6 * MINUTE_MS);
  expect(stats(ana, 'circuits.reserved')).toBe(2);
});
