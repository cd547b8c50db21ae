import { expect, test } from 'vitest';
import { Prng } from '../base/prng.ts';
import { OPENER_BYTES, Openers, type Opener } from './openers.ts';
import { Probes } from './probes.ts';
import { FLIGHT_EVERY_MS } from './punch.ts';

const { bytes } = new Prng(9);
const TO = [1, 2, 3].map((port) => ({ host: '192.0.2.1', port }));

function run(openers: Openers, untilMs: number): (Opener & { atMs: number })[] {
  const sent: (Opener & { atMs: number })[] = [];
  for (let atMs = openers.wakeAtMs(); atMs !== undefined && atMs <= untilMs;) {
    openers.handleTimeout(atMs);
    for (let out = openers.poll(); out; out = openers.poll()) sent.push({ ...out, atMs });
    atMs = openers.wakeAtMs();
  }
  return sent;
}

test('[PTH-20] openers go to all endpoints in turns, one in 625 ms, and end', () => {
  const openers = new Openers({ random: bytes, mayProbe: () => true });
  openers.open('ben', TO, 7, 0);
  const first = openers.poll()!;
  expect(first.bytes.length).toBe(OPENER_BYTES);
  const rest = run(openers, 60_000);
  expect([first, ...rest].map(({ to }) => to.port)).toEqual([1, 2, 3, 1, 2, 3, 1]);
  expect(rest.map(({ atMs }) => atMs)).toEqual([1, 2, 3, 4, 5, 6].map((n) => n * FLIGHT_EVERY_MS));
  expect(openers.wakeAtMs()).toBeUndefined();
});

test('[PTH-3] openers count with everything else that goes to one contact', () => {
  const probes = new Probes();
  const openers = new Openers({
    random: bytes,
    mayProbe: (name, nowMs) => probes.take(name, nowMs),
  });
  let sent = 0;
  for (let atMs = 0; atMs < 9_900; atMs += 100) {
    openers.open('ben', TO, 100, atMs); // whoever asks for more and more
    while (openers.poll()) sent++;
  }
  expect(sent).toBe(16);
});
