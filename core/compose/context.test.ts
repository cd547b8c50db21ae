import { expect, test } from 'vitest';
import { TIME_MS_MAX } from '../base/limits.ts';
import { Prng } from '../base/prng.ts';
import { NetworkTime } from '../discovery/network-time.ts';
import { Context } from './context.ts';

test('[EVT-5] what we write has a time with a text, whatever another clock says', () => {
  const profile = { bootstrap: [], dht: false, readOnly: false, allowReserved: true };
  const context = new Context(new Prng(1).bytes, { ...profile, displayName: undefined });
  context.now = { monoMs: 0, wallMs: 0 };
  context.clock = new NetworkTime(1.7e12); // so an empty battery is odd
  context.clock.handleSample('eve', TIME_MS_MAX, context.now);
  expect(context.shownMs).toBe(TIME_MS_MAX);
  context.now = { monoMs: 60_000, wallMs: 60_000 };
  expect(context.shownMs).toBe(TIME_MS_MAX);
});
