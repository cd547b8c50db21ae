import { expect, test } from 'vitest';
import { Prng } from '../base/prng.ts';
import type { Route } from './candidates.ts';
import {
  BACK_OFF_MS,
  DIAL_GIVE_UP_MS,
  Dialer,
  RESUME_PATIENCE_MS,
  STABLE_LINK_MS,
} from './dialer.ts';

const ROUTES: Route[] = [{ transport: 'tcp', endpoint: { host: '192.0.2.1', port: 1000 } }];
const OTHER: Route[] = [{ transport: 'tcp', endpoint: { host: '192.0.2.2', port: 1000 } }];

function dialer(): Dialer {
  let dial = 0;
  return new Dialer({ random: new Prng(1).bytes, nextDial: () => ++dial });
}

/** Lets time pass; returns when each dial was made. */
function run(subject: Dialer, untilMs: number, onDial: (dial: number, atMs: number) => void): void {
  for (;;) {
    const atMs = subject.wakeAtMs();
    if (atMs === undefined || atMs > untilMs) return;
    subject.handleTimeout(atMs);
    for (let out = subject.poll(); out; out = subject.poll()) {
      if (out.type === 'dial') onDial(out.dial, atMs);
    }
  }
}

test('[PTH-5] failed dials back off along the table, stretched by at most a quarter', () => {
  const subject = dialer();
  subject.handleRoutes(ROUTES, 0);
  const times: number[] = [];
  run(subject, 3_600_000, (dial, atMs) => {
    times.push(atMs);
    subject.handleDialFailed(dial, atMs);
  });
  const waits = times.slice(1).map((time, i) => time - times[i]!);
  expect(times[0]).toBe(0);
  waits.forEach((wait, i) => {
    const base = BACK_OFF_MS[Math.min(i, BACK_OFF_MS.length - 1)]!;
    expect(wait).toBeGreaterThanOrEqual(base);
    expect(wait).toBeLessThanOrEqual(base * 1.25);
  });
  expect(waits.length).toBeGreaterThan(15);
});

test('[PTH-4] new routes are tried at once, known ones change nothing', () => {
  const subject = dialer();
  subject.handleRoutes(ROUTES, 0);
  run(subject, 100_000, (dial, atMs) => subject.handleDialFailed(dial, atMs));
  const dueMs = subject.wakeAtMs()!;
  subject.handleRoutes([...ROUTES], 100_000);
  expect(subject.wakeAtMs()).toBe(dueMs);
  subject.handleRoutes(OTHER, 100_000);
  expect(subject.wakeAtMs()).toBe(100_000);
});

test('[PTH-4] new routes replace a dial in flight', () => {
  const subject = dialer();
  subject.handleRoutes(ROUTES, 0);
  subject.handleTimeout(0);
  expect(subject.poll()).toMatchObject({ type: 'dial', dial: 1 });
  subject.handleRoutes(OTHER, 10);
  expect(subject.poll()).toEqual({ type: 'cancel', dial: 1 });
  subject.handleTimeout(10);
  expect(subject.poll()).toMatchObject({ type: 'dial', dial: 2, routes: OTHER });
});

test('[PTH-6] a wish shortens a long wait', () => {
  const subject = dialer();
  subject.handleRoutes(ROUTES, 0);
  run(subject, 1_000_000, (dial, atMs) => subject.handleDialFailed(dial, atMs));
  expect(subject.wakeAtMs()! - 1_000_000).toBeGreaterThan(10_000);
  subject.handleWanted(1_000_000);
  expect(subject.wakeAtMs()! - 1_000_000).toBeLessThanOrEqual(1_250);
});

test('[PTH-7] a stable link that is lost is redialled at once, a flapping one backs off', () => {
  const subject = dialer();
  subject.handleRoutes(ROUTES, 0);
  subject.handleLinked(0);
  expect(subject.state).toBe('linked');
  expect(subject.wakeAtMs()).toBeUndefined();
  subject.handleLinkLost(STABLE_LINK_MS);
  expect(subject.wakeAtMs()).toBe(STABLE_LINK_MS);
  let nowMs = STABLE_LINK_MS;
  const waits: number[] = [];
  for (let i = 0; i < 5; i++) {
    subject.handleLinked(nowMs);
    subject.handleLinkLost(nowMs + 1);
    waits.push(subject.wakeAtMs()! - nowMs);
    nowMs = subject.wakeAtMs()!;
  }
  expect(waits[4]).toBeGreaterThan(waits[0]! * 8);
});

test('a dial without an answer is given up and counts as failed', () => {
  const subject = dialer();
  subject.handleRoutes(ROUTES, 0);
  subject.handleTimeout(0);
  subject.poll();
  expect(subject.wakeAtMs()).toBe(DIAL_GIVE_UP_MS);
  subject.handleTimeout(DIAL_GIVE_UP_MS);
  expect(subject.poll()).toEqual({ type: 'cancel', dial: 1 });
  expect(subject.state).toBe('due');
});

test('a stopped dialer rests', () => {
  const subject = dialer();
  subject.handleRoutes(ROUTES, 0);
  subject.handleTimeout(0);
  subject.poll();
  subject.stop();
  expect(subject.poll()).toEqual({ type: 'cancel', dial: 1 });
  expect(subject.wakeAtMs()).toBeUndefined();
  expect(subject.state).toBe('resting');
});

test('[PTH-8] a link without a path may resume, then it is dialled afresh', () => {
  const subject = dialer();
  subject.handleRoutes(ROUTES, 0);
  subject.handleLinked(0);
  subject.handlePathLost(RESUME_PATIENCE_MS, 20_000);
  expect(subject.wakeAtMs()).toBe(20_000 + RESUME_PATIENCE_MS);
  subject.handleLinked(20_500); // it resumed
  expect(subject.wakeAtMs()).toBeUndefined();
  subject.handlePathLost(RESUME_PATIENCE_MS, 30_000);
  subject.handleTimeout(30_000 + RESUME_PATIENCE_MS);
  expect(subject.poll()).toMatchObject({ type: 'dial', routes: ROUTES });
});

test('[PTH-10] after sleep or with other addresses who is not linked is dialled at once', () => {
  const subject = dialer();
  subject.handleRoutes(ROUTES, 0);
  run(subject, 1_000_000, (dial, atMs) => subject.handleDialFailed(dial, atMs));
  expect(subject.wakeAtMs()! - 1_000_000).toBeGreaterThan(10_000);
  subject.handleNetworkChange(1_000_000);
  expect(subject.wakeAtMs()).toBe(1_000_000);
  subject.handleLinked(1_000_000);
  subject.handleNetworkChange(1_000_001);
  expect(subject.wakeAtMs()).toBeUndefined();
});

const UDP: Route[] = [{ transport: 'udp', endpoint: { host: '192.0.2.3', port: 1000 } }];

/** Lets time pass without any answer; returns what was dialled when. */
function paces(subject: Dialer, untilMs: number): string[] {
  const dialled: string[] = [];
  for (let atMs = subject.wakeAtMs(); atMs !== undefined && atMs <= untilMs;) {
    subject.handleTimeout(atMs);
    for (let out = subject.poll(); out; out = subject.poll()) {
      if (out.type === 'dial') dialled.push(`${out.pace} ${atMs}`);
    }
    atMs = subject.wakeAtMs();
  }
  return dialled;
}

test('[PTH-17] while somebody waits, flights leave steadily after the race', () => {
  for (const begin of ['wanted', 'news'] as const) {
    const subject = dialer();
    subject.handleRoutes(UDP, 0);
    if (begin === 'wanted') subject.handleWanted(0);
    else subject.handleNews(0);
    expect(paces(subject, 30_000)).toEqual(['race 0', `steady ${DIAL_GIVE_UP_MS}`]);
  }
  const calm = dialer();
  calm.handleRoutes(UDP, 0);
  expect(paces(calm, 30_000).every((dial) => dial.startsWith('race'))).toBe(true);
});

test('[PTH-17] fresh word of a device that has not moved is a reason to dial, too', () => {
  const subject = dialer();
  subject.handleRoutes(UDP, 0);
  paces(subject, 1_000_000);
  subject.handleNews(1_000_000);
  expect(subject.wakeAtMs()).toBeLessThanOrEqual(1_010_000);
  expect(paces(subject, 1_040_000).some((dial) => dial.startsWith('steady'))).toBe(true);
});

test('[PTH-15] a slot or beat leaves the back-off as it was, and makes way for a wish', () => {
  const subject = dialer();
  subject.handleRoutes(UDP, 0);
  run(subject, 100_000, (dial, atMs) => subject.handleDialFailed(dial, atMs));
  const [dueMs, failures] = [subject.wakeAtMs()!, subject.failures];
  subject.handlePunch('single', 100_000);
  expect(subject.poll()).toMatchObject({ type: 'dial', pace: 'single', routes: UDP });
  subject.handleTimeout(subject.wakeAtMs()!);
  subject.poll();
  expect([subject.wakeAtMs(), subject.failures]).toEqual([dueMs, failures]);
  subject.handlePunch('single', 110_000);
  const beat = subject.poll();
  subject.handleWanted(110_100);
  expect(subject.poll()).toEqual({ type: 'cancel', dial: beat!.dial });
  expect(subject.wakeAtMs()! - 110_100).toBeLessThanOrEqual(1_250);
});

test('[PTH-15] nobody punches towards who is linked, dialled, or has no UDP', () => {
  const subject = dialer();
  subject.handleRoutes(ROUTES, 0);
  run(subject, 100_000, (dial, atMs) => subject.handleDialFailed(dial, atMs));
  subject.handlePunch('steady', 100_000);
  expect(subject.poll()).toBeUndefined();
  subject.handleRoutes(UDP, 100_000);
  subject.handleTimeout(100_000);
  expect(subject.poll()).toMatchObject({ pace: 'race' });
  subject.handlePunch('steady', 100_001);
  expect(subject.poll()).toBeUndefined();
  subject.handleLinked(100_002);
  subject.poll();
  subject.handlePunch('steady', 100_003);
  expect(subject.poll()).toBeUndefined();
});
