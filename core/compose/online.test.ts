import { expect, test } from 'vitest';
import type { Notice } from '../effects.ts';
import { Online, type OnlineParts } from './online.ts';

function scene(): { online: Online; set(helpers: number, linked: boolean): void; told: Notice[] } {
  const now = { helpers: 0, linked: false };
  const told: Notice[] = [];
  const online = new Online({
    context: { notify: (notice: Notice) => told.push(notice) },
    finding: {
      get helpers() {
        return now.helpers;
      },
    },
    sessions: {
      get reachesOthers() {
        return now.linked;
      },
    },
  } as unknown as OnlineParts);
  const set = (helpers: number, linked: boolean): void => {
    Object.assign(now, { helpers, linked });
    online.review();
  };
  return { online, set, told };
}

const network = (online: boolean, helpers: number): Notice => ({
  topic: 'network',
  online,
  helpers,
});

test('[API-30] screens hear that we are online, or not, when that or having helpers changes', () => {
  const { online, set, told } = scene();
  const said: unknown[] = [];
  for (const [helpers, linked] of [
    [0, false],
    [0, true],
    [9, true],
    [8, false],
    [0, true],
    [0, false],
  ] as const) {
    set(helpers, linked);
    expect(online.isOnline).toBe(helpers > 0 || linked);
    said.push(told.splice(0));
  }
  expect(said).toEqual([
    [],
    [network(true, 0)],
    [network(true, 9)],
    [],
    [network(true, 0)],
    [network(false, 0)],
  ]);
});

test('[API-30] what is told beside a second copy of us is how things are', () => {
  const { online, set, told } = scene();
  set(0, true);
  told.length = 0;
  online.tell();
  expect(told).toEqual([network(true, 0)]);
  set(0, false);
  online.tell();
  expect(told.slice(1)).toEqual([network(false, 0), network(false, 0)]);
});
