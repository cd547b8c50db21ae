import { expect, test } from 'vitest';
import type { Endpoint } from '../base/endpoint.ts';
import { Prng } from '../base/prng.ts';
import type { Effect } from '../effects.ts';
import { PROBE_HELD_MS, PROBES_MAX } from '../path/probes.ts';
import { Context } from './context.ts';
import { CHECK_FLIGHTS, CHECK_GIVE_UP_MS, HopCheck } from './hop-check.ts';

const PLACE = { host: '93.184.216.34', port: 443 };

function rig(): {
  check: HopCheck;
  ask(place: Endpoint, key?: number): void;
  answers: boolean[];
} & {
  at(nowMs: number): Effect[];
} {
  const prng = new Prng(3);
  const profile = { bootstrap: [], dht: false, readOnly: false, allowReserved: false };
  const context = new Context(prng.bytes, { ...profile, displayName: undefined });
  let stream = 0;
  const check = new HopCheck(context, () => (stream += 2));
  const answers: boolean[] = [];
  return {
    check,
    answers,
    ask: (endpoint, key = 1) => {
      check.ask({ endpoint, key: new Prng(key).bytes(32) }, (ok) => void answers.push(ok));
    },
    at: (monoMs) => {
      context.now = { monoMs, wallMs: monoMs };
      check.handleTimeout();
      const effects: Effect[] = [];
      for (let effect = context.poll(); effect; effect = context.poll()) effects.push(effect);
      return effects;
    },
  };
}

test('[RLY-12] ⚑ who names a place makes two datagrams leave for it, and no connection', () => {
  const { answers, ask, at, check } = rig();
  ask(PLACE);
  const left = [0, 500, 1_000, 2_000].flatMap((atMs) => at(atMs));
  expect(left.map(({ type }) => type)).toEqual(['datagram', 'datagram']);
  expect(answers).toEqual([]);
  expect(at(CHECK_GIVE_UP_MS)).toEqual([]);
  expect(answers).toEqual([false]);
  expect(check.stats()).toEqual({ checking: 0, checkStreams: 0 });
  expect(check.wakeAtMs()).toBeUndefined();
});

test('[RLY-12] ⚑ at most 16 to one host in 10 s, whatever key and port are named', () => {
  const { answers, ask, at } = rig();
  const asked = PROBES_MAX / CHECK_FLIGHTS;
  for (let i = 0; i < asked; i++) ask({ host: PLACE.host, port: 2_000 + i }, i);
  expect(answers).toEqual([]);
  ask(PLACE);
  expect(answers).toEqual([false]);
  ask({ host: '93.184.216.35', port: 443 });
  expect(answers).toEqual([false]);
  const left = [0, 1_000, 2_000].flatMap((atMs) => at(atMs));
  expect(left).toHaveLength(PROBES_MAX + CHECK_FLIGHTS);
  at(PROBE_HELD_MS);
  ask(PLACE);
  expect(at(PROBE_HELD_MS)).toHaveLength(1);
});

test('a datagram that answers nothing leads to nothing', () => {
  const { answers, ask, at, check } = rig();
  ask(PLACE);
  const [flight] = at(0);
  expect(check.handleDatagram(PLACE, new Prng(9).bytes(400))).toBe(false);
  // Its own flight come back is no reply either.
  if (flight?.type === 'datagram') expect(check.handleDatagram(PLACE, flight.bytes)).toBe(false);
  expect(check.handleStream(2, 'closed')).toBe(false);
  expect(answers).toEqual([]);
});
