import { expect, test } from 'vitest';
import { Prng } from '../base/prng.ts';
import { Secret } from '../crypto/keys.ts';
import { CallKey, Calls, CALLS_AT_MS } from './calls.ts';
import { OPENER_BYTES } from './openers.ts';
import { Probes, PROBES_MAX } from './probes.ts';

const { bytes } = new Prng(28);
const keyOf = (fill: number): CallKey =>
  new CallKey(new Secret('link exporter', new Uint8Array(32).fill(fill)));
const TO = [1, 2].map((port) => ({ host: '192.0.2.1', port }));

test('[PTH-28] a call is known by the far end of its link alone, and no bit of it can be changed', () => {
  const [key, other] = [keyOf(1), keyOf(2)];
  const call = key.seal(bytes);
  expect(call.length).toBe(OPENER_BYTES);
  expect([keyOf(1).opens(call), other.opens(call), key.opens(bytes(OPENER_BYTES))]).toEqual([
    true,
    false,
    false,
  ]);
  for (let bit = 0; bit < 8 * call.length; bit++) {
    const bent = call.slice();
    bent[bit >> 3]! ^= 1 << (bit & 7);
    expect(key.opens(bent)).toBe(false);
  }
  expect([0, 63].some((length) => key.opens(call.slice(0, length)))).toBe(false);
  expect(key.seal(bytes)).not.toEqual(key.seal(bytes));
});

test('[PTH-28] calls go to all endpoints at 0, 0.5, 1.5 and 3.5 s, and end', () => {
  const calls = new Calls({ random: bytes, mayProbe: () => true });
  const sent: string[] = [];
  calls.open('ben', keyOf(1), TO, 0);
  for (let atMs: number | undefined = 0; atMs !== undefined; atMs = calls.wakeAtMs()) {
    calls.handleTimeout(atMs);
    for (let out = calls.poll(); out; out = calls.poll()) sent.push(`${atMs} ${out.to.port}`);
  }
  expect(sent).toEqual(CALLS_AT_MS.flatMap((atMs) => TO.map(({ port }) => `${atMs} ${port}`)));
});

test('[PTH-28] what has ended for one name goes on for the others', () => {
  const calls = new Calls({ random: bytes, mayProbe: () => true });
  for (const name of ['ben', 'ana']) calls.open(name, keyOf(1), TO, 0);
  while (calls.poll());
  calls.end('ben');
  calls.handleTimeout(CALLS_AT_MS[1]!);
  let sent = 0;
  while (calls.poll()) sent++;
  expect(sent).toBe(TO.length);
  calls.end('ana');
  expect(calls.wakeAtMs()).toBeUndefined();
});

test('[PTH-3] calls count with everything else that goes to one contact', () => {
  const probes = new Probes();
  const mayProbe = (name: string, nowMs: number): boolean => probes.take(name, nowMs);
  const calls = new Calls({ random: bytes, mayProbe });
  let sent = 0;
  for (let atMs = 0; atMs < 9_900; atMs += 100) {
    calls.open('ben', keyOf(1), TO, atMs);
    while (calls.poll()) sent++;
  }
  expect(sent).toBe(PROBES_MAX);
});
