import { expect, test } from 'vitest';
import { Prng } from '../base/prng.ts';
import { SLOT_EVERY_MS } from '../path/punch.ts';
import { Birthdays, CHANCE_LEVEL_MAX } from './birthdays.ts';
import { Context } from './context.ts';

const BIRTH = { role: 'probes', to: { host: '93.184.216.34', port: 4_000 } } as const;
const HOUR_MS = 3_600_000;

/** One end, and in which slots of a long time it tries its luck. */
function slotsOf(fromSlot: number, slots: number, renewedAt?: number): number[] {
  const context = new Context(new Prng(3).bytes, {
    ...{ bootstrap: [], dht: true, readOnly: false, allowReserved: true },
    displayName: undefined,
  });
  const birthdays = new Birthdays(context);
  const tried: number[] = [];
  for (let slot = fromSlot; slot < fromSlot + slots; slot++) {
    // Far apart, so that the limits of an hour are never reached.
    context.now = { monoMs: slot * HOUR_MS, wallMs: 0 };
    birthdays.handleTimeout();
    if (slot === renewedAt) birthdays.renew('ben');
    birthdays.startInSlot('ben', BIRTH, slot * SLOT_EVERY_MS + 99);
    if (context.poll()) tried.push(slot);
    while (context.poll());
  }
  return tried;
}

test('[PTH-32] ever rarer, in slots that nest, until there is news', () => {
  const tried = slotsOf(0, 400);
  expect(tried.slice(0, 3)).toEqual([0, 1, 2]);
  const rarest = 2 ** CHANCE_LEVEL_MAX;
  expect(tried.slice(-5).every((slot) => slot % rarest === 0)).toBe(true);
  // Who began later still meets them in each slot of the rarer one.
  const later = slotsOf(200, 200);
  const common = tried.filter((slot) => slot >= 200);
  expect(later).toEqual(expect.arrayContaining(common));
  expect(slotsOf(0, 400, 301)).toEqual(expect.arrayContaining([301, 302, 303]));
});
