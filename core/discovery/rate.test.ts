import { describe, expect, test } from 'vitest';
import {
  DESTINATION_LIVE_MS,
  DestinationBudget,
  LIVE_DESTINATIONS_MAX,
  NEW_DESTINATIONS_PER_S,
  REPLIES_BURST,
  REPLIES_PER_S,
  REPLY_ADDRESSES_MAX,
  REPLY_BURST_BYTES,
  REPLY_BYTES_PER_S,
  ReplyBudget,
} from './rate.ts';

describe('replies', () => {
  test('[DHT-12] to one public address: 5 a second, whatever its port', () => {
    const budget = new ReplyBudget(0);
    let admitted = 0;
    for (let ms = 0; ms < 60_000; ms += 10) {
      if (budget.admits({ host: '9.9.9.9', port: 1024 + (ms % 5000) }, ms)) admitted++;
    }
    expect(admitted).toBeGreaterThanOrEqual(60 * REPLIES_PER_S);
    expect(admitted).toBeLessThanOrEqual(60 * REPLIES_PER_S + REPLIES_BURST);
    expect(budget.admits({ host: '9.9.9.10', port: 1 }, 60_000)).toBe(true);
  });

  test('[DHT-12] in all: 8,000 bytes a second, so that a flood gains no amplifier', () => {
    const budget = new ReplyBudget(0);
    let bytes = 0;
    for (let ms = 0; ms < 60_000; ms += 2) if (budget.spend(1000, ms)) bytes += 1000;
    expect(bytes).toBeLessThanOrEqual(60 * REPLY_BYTES_PER_S + REPLY_BURST_BYTES);
    expect(bytes).toBeGreaterThan(60 * REPLY_BYTES_PER_S);
  });

  test('[DHT-12] addresses are remembered up to a limit', () => {
    const budget = new ReplyBudget(0);
    for (let i = 0; i < 3000; i++) budget.admits({ host: `9.9.${i >> 8}.${i & 255}`, port: 2 }, 0);
    expect(budget.size).toBe(REPLY_ADDRESSES_MAX);
  });
});

describe('destinations (anacrolix/dht#24, kubo#2068, toxcore#1560)', () => {
  test('[DHT-13] at most 50 new ones a second', () => {
    const budget = new DestinationBudget(0);
    let admitted = 0;
    for (let i = 0; i < 1000; i++) if (budget.admits(`n${i}`, true, i * 2)) admitted++;
    expect(admitted).toBeLessThanOrEqual(3 * NEW_DESTINATIONS_PER_S);
    expect(admitted).toBeGreaterThanOrEqual(2 * NEW_DESTINATIONS_PER_S);
  });

  test('[DHT-13] at most 500 live ones; a live one is free; a silent one gives room after 30 s', () => {
    const budget = new DestinationBudget(0);
    let ms = 0;
    let next = 0;
    for (; ms < 20_000; ms += 20) budget.admits(`n${next++}`, true, ms);
    expect(budget.size).toBe(LIVE_DESTINATIONS_MAX);
    expect(budget.admits('one more', true, ms)).toBe(false);
    expect(budget.admits('n0', true, ms)).toBe(true);
    expect(budget.admits('one more', true, DESTINATION_LIVE_MS + 100)).toBe(true);
  });

  test('[DHT-13] upkeep leaves a fifth to people', () => {
    const budget = new DestinationBudget(0);
    for (let i = 0; i < 2000; i++) budget.admits(`n${i}`, false, i * 10);
    expect(budget.size).toBe(LIVE_DESTINATIONS_MAX * 0.8);
    expect(budget.admits('urgent', true, 20_000)).toBe(true);
  });

  test('[DHT-13] who was refused is told a time that is neither now nor never', () => {
    const budget = new DestinationBudget(0);
    for (let i = 0; budget.admits(`n${i}`, true, 0); i++);
    const retryMs = budget.retryAtMs(0);
    expect(retryMs).toBeGreaterThan(0);
    expect(retryMs).toBeLessThanOrEqual(1000);
    expect(budget.admits('later', true, retryMs)).toBe(true);
  });
});
