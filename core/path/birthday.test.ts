import { expect, test } from 'vitest';
import { Prng } from '../base/prng.ts';
import {
  Birthday,
  BIRTHDAY_MS,
  BIRTHDAY_PAUSE_MS,
  BIRTHDAYS_PER_HOUR,
  birthOf,
  MOUTHS_MAX,
  PROBES_PER_PUNCH,
  type BirthdayOutput,
} from './birthday.ts';
import type { Route } from './candidates.ts';
import type { NatClass } from './nat-class.ts';

const TO = { host: '93.184.216.34', port: 4_000 };
const seal = (): Uint8Array => new Uint8Array(64);

interface Sent {
  readonly out: BirthdayOutput;
  readonly atMs: number;
}

/** All that leaves until `untilMs`, with the time. */
function play(birthday: Birthday, fromMs: number, untilMs: number): Sent[] {
  const sent: Sent[] = [];
  for (let nowMs = fromMs; nowMs <= untilMs;) {
    birthday.handleTimeout(nowMs);
    for (let out = birthday.poll(); out; out = birthday.poll()) sent.push({ out, atMs: nowMs });
    const wakeMs = birthday.wakeAtMs();
    if (wakeMs === undefined) break;
    nowMs = Math.max(wakeMs, nowMs + 1);
  }
  return sent;
}

function newBirthday(): Birthday {
  return new Birthday(new Prng(5).bytes);
}

test('[PTH-29] 256 mouths within 3 s, all shut after 20 s', () => {
  const birthday = newBirthday();
  expect(birthday.start('ben', { role: 'mouths', to: TO }, seal, 1_000)).toBe(true);
  const sent = play(birthday, 1_000, 60_000);
  const mouths = sent.filter(({ out }) => out.type === 'mouth');
  expect(mouths.length).toBe(MOUTHS_MAX);
  expect(mouths.at(-1)!.atMs).toBeLessThan(1_000 + 3_000);
  expect(mouths.every(({ out }) => out.type === 'mouth' && out.to === TO)).toBe(true);
  expect(sent.at(-1)).toEqual({ out: { type: 'mouths-close' }, atMs: 1_000 + BIRTHDAY_MS });
  expect(birthday.wakeAtMs()).toBeUndefined();
});

test('[PTH-29] 1,024 probes to ports of one host, each another one, at 100 in a second', () => {
  const birthday = newBirthday();
  birthday.start('ben', { role: 'probes', to: TO }, seal, 0);
  const sent = play(birthday, 0, 60_000);
  const ports = sent.map(({ out }) => (out.type === 'datagram' ? out.to.port : 0));
  expect(new Set(ports).size).toBe(PROBES_PER_PUNCH);
  expect(Math.min(...ports)).toBeGreaterThanOrEqual(1_024);
  expect(sent.every(({ out }) => out.type === 'datagram' && out.to.host === TO.host)).toBe(true);
  for (const { atMs } of sent) {
    const second = sent.filter((one) => one.atMs >= atMs && one.atMs < atMs + 1_000);
    expect(second.length).toBeLessThanOrEqual(100);
  }
});

test('[PTH-29] a timer that is late makes no burst', () => {
  const birthday = newBirthday();
  birthday.start('ben', { role: 'probes', to: TO }, seal, 0);
  while (birthday.poll());
  birthday.handleTimeout(5_000);
  let atOnce = 0;
  while (birthday.poll()) atOnce++;
  expect(atOnce).toBeLessThanOrEqual(8);
});

test('[PTH-30] ⚑ one at a time, one in a minute for one contact, eight in an hour', () => {
  const birthday = newBirthday();
  const birth = { role: 'probes', to: TO } as const;
  expect(birthday.start('ben', birth, seal, 0)).toBe(true);
  expect(birthday.start('eve', birth, seal, 1)).toBe(false);
  birthday.end('eve');
  expect(birthday.current?.name).toBe('ben');
  birthday.end('ben');
  expect(birthday.start('ben', birth, seal, BIRTHDAY_PAUSE_MS - 1)).toBe(false);
  let begun = 1;
  for (let i = 0; i < 30; i++) {
    const nowMs = (i + 1) * BIRTHDAY_PAUSE_MS;
    if (birthday.start(`n${i % 3}`, birth, seal, nowMs)) begun++;
    birthday.end(`n${i % 3}`);
  }
  expect(begun).toBe(BIRTHDAYS_PER_HOUR);
  expect(birthday.start('ben', birth, seal, 3_600_001)).toBe(true);
});

test('[PTH-29] only where one port is anybody`s guess and the other lets in answers alone', () => {
  const route = (nat: NatClass, host = TO.host): Route => ({
    transport: 'udp',
    endpoint: { host, port: 1 },
    nat,
  });
  const roleOf = (ours: NatClass, theirs: Route): string | undefined =>
    birthOf([theirs], () => ours)?.role;
  expect(roleOf('random', route('independent'))).toBe('mouths');
  expect(roleOf('independent', route('random'))).toBe('probes');
  for (const ours of ['random', 'open', 'unknown'] as const) {
    expect(roleOf(ours, route('random'))).toBeUndefined();
  }
  expect(roleOf('independent', route('independent'))).toBeUndefined();
  // ⚑ A network of ours has no such router, whoever says that they are there.
  expect(roleOf('independent', route('random', '192.168.1.7'))).toBeUndefined();
  expect(roleOf('independent', route('random', '2a00:1::5'))).toBeUndefined();
});
