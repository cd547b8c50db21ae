import { expect, test } from 'vitest';
import { data, World, type Person } from './compose/testing/world.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** What the world's clocks say at its beginning. */
const WORLD_MS = 1.7e12;
const INVITE = { type: 'invite-new', expiresInMs: 7 * DAY_MS, reusable: true } as const;

/** Ana and Bo know each other, found through helpers; Ana's computer is switched off. */
function apart(): { world: World; ana: Person; bo: Person } {
  const world = new World();
  const [ana, bo] = world.town(8, ['Ana', 'Bo']);
  const text = data(ana.ask(INVITE), 'invite').invite.link!;
  world.run(20_000);
  data(bo.ask({ type: 'contact-add', text, name: 'Ana' }), 'contact');
  data(bo.say('Ana', 'before'), 'sent');
  world.run(60_000);
  expect(ana.texts()).toEqual(['before']);
  ana.kill();
  return { world, ana, bo };
}

/** Everybody else goes on; Bo is somewhere else afterwards, where only the DHT leads. */
function later(world: World, bo: Person, ms: number): void {
  world.nowMs += ms;
  world.run(1_000);
  bo.move(22_001);
  world.run(6 * 60_000);
}

/** Ana's clock says this now. */
function says(world: World, ana: Person, wallMs: number): void {
  ana.wallAheadMs = wallMs - WORLD_MS - world.nowMs;
}

const clocks: [string, number, number][] = [
  ['1970, after five minutes', 5 * 60_000, DAY_MS],
  ['1970, after a night', 9 * HOUR_MS, DAY_MS],
  ['1970, after three days', 3 * DAY_MS, DAY_MS],
  ['2106, after five minutes', 5 * 60_000, Date.UTC(2106, 1, 7)],
  ['2106, after a night', 9 * HOUR_MS, Date.UTC(2106, 1, 7)],
  ['2106, after three days', 3 * DAY_MS, Date.UTC(2106, 1, 7)],
];

test.each(clocks)(
  '[DSC-42] [DSC-43] a clock that says %s: found by the DHT alone, and nothing is lost',
  (_, awayMs, wallMs) => {
    const { world, ana, bo } = apart();
    later(world, bo, awayMs);
    ana.port = 21_001;
    says(world, ana, wallMs);
    ana.start();
    data(ana.say('Bo', 'from the wrong year'), 'sent');
    data(bo.say('Ana', 'where are you?'), 'sent');
    world.run(4 * 60_000);
    expect(bo.texts()).toContain('from the wrong year');
    expect(ana.texts()).toContain('where are you?');
    // The doctor knows how far it is off, by Bo's word.
    const { health } = data(ana.ask({ type: 'health' }), 'health');
    const behindMs = WORLD_MS + world.nowMs - wallMs;
    expect(Math.abs(health.clockBehindMs! - behindMs)).toBeLessThan(HOUR_MS);
    // The invite is as good as before, and so it is once the clock is right again.
    const states = (): string[] =>
      data(ana.ask({ type: 'invite-list' }), 'invites').invites.map(({ state }) => state);
    expect(states()).toEqual(['open']);
    ana.wallAheadMs = 0;
    data(ana.say('Bo', 'and right again'), 'sent');
    world.run(60_000);
    expect(bo.texts()).toContain('and right again');
    expect(states()).toEqual(['open']);
  },
  60_000,
);

test('[DSC-7] a clock set to 1970 and to 2106 while people write loses nothing', () => {
  const { world, ana, bo } = apart();
  ana.start();
  world.run(5_000);
  const years = [DAY_MS, Date.UTC(2106, 1, 7), WORLD_MS];
  for (const [i, wallMs] of years.entries()) {
    says(world, ana, wallMs + world.nowMs);
    data(ana.say('Bo', `ana ${i}`), 'sent');
    data(bo.say('Ana', `bo ${i}`), 'sent');
    world.run(30_000);
  }
  expect(bo.texts()).toEqual(expect.arrayContaining(['ana 0', 'ana 1', 'ana 2']));
  expect(ana.texts()).toEqual(expect.arrayContaining(['bo 0', 'bo 1', 'bo 2']));
});
