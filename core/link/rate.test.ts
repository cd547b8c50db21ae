import { expect, test } from 'vitest';
import {
  ADDRESSES_MAX,
  HANDSHAKES_BURST_ALL,
  HANDSHAKES_PER_SECOND_ALL,
  INVITE_TRIALS_BURST,
  INVITE_TRIALS_PER_SECOND,
} from './limits.ts';
import { HandshakeRate, InviteTrials } from './rate.ts';

const at = (host: string): { host: string; port: number } => ({ host, port: 1 });

test('[LNK-7] an address has 5 handshakes at once and 20 a second after that', () => {
  const rate = new HandshakeRate();
  const admitted = (from: string, count: number, nowMs: number): number =>
    Array.from({ length: count }, () => rate.admit(at(from), nowMs)).filter(Boolean).length;
  expect(admitted('192.0.2.1', 50, 0)).toBe(5);
  expect(admitted('192.0.2.2', 50, 0)).toBe(5);
  expect(admitted('192.0.2.1', 50, 49)).toBe(0);
  expect(admitted('192.0.2.1', 50, 100)).toBe(2);
  let sum = 0;
  for (let ms = 1000; ms < 11_000; ms += 10) sum += admitted('192.0.2.1', 3, ms);
  expect(sum).toBeGreaterThanOrEqual(200);
  expect(sum).toBeLessThanOrEqual(205);
});

test('[LNK-7] all of an IPv6 /64 is one address', () => {
  const rate = new HandshakeRate();
  for (let i = 1; i <= 5; i++) expect(rate.admit(at(`2001:db8:1:2::${i}`), 0)).toBe(true);
  expect(rate.admit(at('2001:db8:1:2:ffff::9'), 0)).toBe(false);
  expect(rate.admit(at('2001:db8:1:3::1'), 0)).toBe(true);
});

test('[LNK-7] addresses remembered are bounded', () => {
  const rate = new HandshakeRate();
  for (let i = 0; i < ADDRESSES_MAX + 100; i++) {
    rate.admit(at(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`), 0);
  }
  expect(rate.size).toBe(ADDRESSES_MAX);
});

test('[LNK-7] all addresses together have 300 at once and 500 a second after that', () => {
  const rate = new HandshakeRate();
  let host = 0;
  const admitted = (count: number, nowMs: number): number =>
    Array.from({ length: count }, () => {
      host++;
      return rate.admit(at(`10.${host >> 16}.${(host >> 8) & 255}.${host & 255}`), nowMs);
    }).filter(Boolean).length;
  expect(admitted(2_000, 0)).toBe(HANDSHAKES_BURST_ALL);
  let sum = 0;
  for (let ms = 10; ms <= 10_000; ms += 10) sum += admitted(20, ms);
  expect(Math.abs(sum - 10 * HANDSHAKES_PER_SECOND_ALL)).toBeLessThan(10);
});

test('[LNK-7] who is over the rate of his address takes nothing from the others', () => {
  const rate = new HandshakeRate();
  for (let i = 0; i < 1_000; i++) rate.admit(at('192.0.2.1'), 0);
  expect(rate.admit(at('192.0.2.2'), 0)).toBe(true);
});

test('[LNK-57] gates of invites are tried 10,000 times a second, counted in gates', () => {
  const trials = new InviteTrials();
  const tried = (datagrams: number, gates: number, nowMs: number): number =>
    Array.from({ length: datagrams }, () => trials.admit(gates, nowMs)).filter(Boolean).length;
  expect(tried(50_000, 20, 0) * 20).toBe(INVITE_TRIALS_BURST);
  let sum = 0;
  for (let ms = 10; ms <= 5_000; ms += 10) sum += tried(500, 20, ms) * 20;
  expect(sum).toBe(5 * INVITE_TRIALS_PER_SECOND);
});
