import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compare, hex } from '../base/bytes.ts';
import { Prng } from '../base/prng.ts';
import { Secret } from '../crypto/keys.ts';
import {
  BURST_EVERY_MS,
  BURST_MS,
  HASHES_MAX,
  HASHES_PER_MESSAGE,
  JITTER_MS,
  LanAnnouncer,
  WINDOW_MS,
  type LanPeer,
  type Told,
} from './lan-announcer.ts';
import { lanHash, lanPadding } from './lan-card.ts';

const OURS = new Uint8Array(32).fill(1);
const EPOCH = 497_222;

function peer(id: number, rank: LanPeer['rank'] = 'usual'): LanPeer {
  const key = new Secret('pair', new Prng(id + 1).bytes(32));
  return { id: String(id), key, ours: OURS, theirs: [], rank };
}

function peersOf(count: number): LanPeer[] {
  return Array.from({ length: count }, (_, i) => peer(i));
}

function announcer(): LanAnnouncer {
  const own = new Secret('device noise', new Uint8Array(32).fill(3));
  return new LanAnnouncer({ random: new Prng(4).bytes, own });
}

interface Sent extends Told {
  readonly atMs: number;
}

/** Lets time pass; everything told until then. */
function run(
  subject: LanAnnouncer,
  untilMs: number,
  peers: readonly LanPeer[],
  epochAt = (atMs: number): number => EPOCH + Math.floor(atMs / 3_600_000),
): Sent[] {
  const sent: Sent[] = [];
  for (;;) {
    const atMs = subject.wakeAtMs();
    if (atMs === undefined || atMs > untilMs) return sent;
    const told = subject.handleTimeout(peers, { monoMs: atMs, epoch: epochAt(atMs) });
    if (told) sent.push({ ...told, atMs });
  }
}

test('[LAN-7] at once with a network, twice more, then every 5 minutes with jitter', () => {
  const subject = announcer();
  expect(subject.wakeAtMs()).toBeUndefined();
  subject.start(1_000);
  const sent = run(subject, 3_600_000, peersOf(3));
  expect(sent.slice(0, 3).map(({ atMs }) => atMs - 1_000)).toEqual([...BURST_MS]);
  const waits = sent.slice(3).map(({ atMs }, i) => atMs - sent[i + 2]!.atMs);
  expect(waits.length).toBeGreaterThan(9);
  for (const wait of waits) {
    expect(wait).toBeGreaterThan(WINDOW_MS);
    expect(wait).toBeLessThanOrEqual(WINDOW_MS + JITTER_MS + 1);
  }
  expect(new Set(waits).size).toBeGreaterThan(3);
});

test('[LAN-7] without a network nothing is told', () => {
  const subject = announcer();
  subject.start(0);
  run(subject, 10_000, peersOf(3));
  subject.stop();
  expect(run(subject, 3_600_000, peersOf(3))).toEqual([]);
});

test('[LAN-7] networks that come and go make bursts no more often than every 3 s', () => {
  const subject = announcer();
  const sent: Sent[] = [];
  for (let atMs = 0; atMs < 30_000; atMs += 100) {
    subject.start(atMs);
    sent.push(...run(subject, atMs, peersOf(3)));
  }
  expect(sent.length).toBeLessThanOrEqual((30_000 / BURST_EVERY_MS) * BURST_MS.length);
});

test.each([0, 1, 5, 12])('[LAN-8] with %i contacts a message looks like any other', (count) => {
  const subject = announcer();
  subject.start(0);
  const [first] = run(subject, 0, peersOf(count));
  expect(new Set(first!.hashes.map(hex)).size).toBe(HASHES_PER_MESSAGE);
  expect(first!.hashes).toEqual([...first!.hashes].sort(compare));
  const real = new Set(peersOf(count).map(({ key, ours }) => hex(lanHash(key, ours, EPOCH))));
  expect(first!.hashes.filter((hash) => real.has(hex(hash)))).toHaveLength(count);
});

test('[LAN-9] the same contacts are the same message for the whole hour', () => {
  const subject = announcer();
  subject.start(0);
  const sent = run(subject, 3_500_000, peersOf(4));
  expect(new Set(sent.map(({ hashes }) => hashes.map(hex).join())).size).toBe(1);
  const later = run(subject, 7_100_000, peersOf(4)).at(-1)!;
  const before = new Set(sent[0]!.hashes.map(hex));
  expect(later.hashes.filter((hash) => before.has(hex(hash)))).toEqual([]);
  expect(later.cookie).not.toBe(sent[0]!.cookie);
});

test('[LAN-8] somebody new is told at once, up to the limit, then with the next turn', () => {
  const subject = announcer();
  subject.start(0);
  const few = peersOf(2);
  run(subject, 5_000, few);
  const hashOf = ({ key, ours }: LanPeer): string => hex(lanHash(key, ours, EPOCH));
  const late: LanPeer[] = [];
  for (let i = 0; i < HASHES_MAX - HASHES_PER_MESSAGE + 2; i++) {
    late.push(peer(100 + i));
    const atMs = 6_000 + i;
    subject.handlePeers([...few, ...late], atMs);
    const sent = run(subject, atMs, [...few, ...late]);
    const tells = sent.flatMap(({ hashes }) => hashes.map(hex)).includes(hashOf(late.at(-1)!));
    expect(tells).toBe(i < HASHES_MAX - HASHES_PER_MESSAGE);
  }
  const [next] = run(subject, 6_000 + WINDOW_MS + JITTER_MS + 100, [...few, ...late]);
  const told = new Set(next!.hashes.map(hex));
  expect(late.every((one) => told.has(hashOf(one)))).toBe(true);
});

test('[LAN-10] of many contacts all have their turn, the wanted in each message', () => {
  const subject = announcer();
  subject.start(0);
  const wanted = [peer(90, 'wanted'), peer(91, 'wanted')];
  const peers = [...peersOf(40), ...wanted];
  const fixed = (): number => EPOCH;
  const sent = run(subject, 6 * (WINDOW_MS + JITTER_MS), peers, fixed);
  const all = new Set(sent.flatMap(({ hashes }) => hashes.map(hex)));
  const hashOf = ({ key, ours }: LanPeer): string => hex(lanHash(key, ours, EPOCH));
  expect(peers.filter((one) => !all.has(hashOf(one)))).toEqual([]);
  for (const { hashes } of sent) {
    const told = new Set(hashes.map(hex));
    expect(wanted.every((one) => told.has(hashOf(one)))).toBe(true);
  }
});

test('[LAN-8] whatever happens: 12 hashes in each message, 16 in any 5 minutes', () => {
  const event = fc.record({
    afterMs: fc.integer({ min: 0, max: 200_000 }),
    what: fc.constantFrom('network', 'add', 'drop', 'want', 'nothing'),
  });
  fc.assert(
    fc.property(
      fc.array(event, { maxLength: 40 }),
      fc.integer({ min: 0, max: 30 }),
      (events, n) => {
        const subject = announcer();
        let peers = peersOf(n);
        let nowMs = 3_400_000; // an hour ends on the way
        let next = 1_000;
        subject.start(nowMs);
        const sent: Sent[] = [];
        for (const { afterMs, what } of events) {
          nowMs += afterMs;
          sent.push(...run(subject, nowMs, peers));
          if (what === 'network') subject.start(nowMs);
          if (what === 'add') peers = [...peers, peer(next++)];
          if (what === 'drop') peers = peers.slice(1);
          if (what === 'want')
            peers = peers.map((one, i) => (i < 2 ? { ...one, rank: 'wanted' } : one));
          subject.handlePeers(peers, nowMs);
          sent.push(...run(subject, nowMs, peers));
        }
        for (const { atMs, hashes } of sent) {
          expect(hashes).toHaveLength(HASHES_PER_MESSAGE);
          const near = sent.filter((other) => other.atMs > atMs - WINDOW_MS && other.atMs <= atMs);
          const told = new Set(near.flatMap((other) => other.hashes.map(hex)));
          expect(told.size).toBeLessThanOrEqual(HASHES_MAX);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('[LAN-12] who is known when heard need not be told, and is at once where that changes', () => {
  const subject = announcer();
  subject.start(0);
  const one = peer(7, 'unsaid');
  const hash = hex(lanHash(one.key, OURS, EPOCH));
  const before = run(subject, 5_000, [one]).flatMap(({ hashes }) => hashes.map(hex));
  expect(before).not.toContain(hash);
  subject.handlePeers([one], 6_000);
  expect(run(subject, 6_000, [one])).toEqual([]);
  const said = [peer(7)];
  subject.handlePeers(said, 7_000);
  const after = run(subject, 7_000, said).flatMap(({ hashes }) => hashes.map(hex));
  expect(after).toContain(hash);
});

test('[LAN-9] what fills up is told apart by nobody without our key', () => {
  const padding = lanPadding(new Secret('device noise', new Uint8Array(32).fill(3)), EPOCH, 12);
  const subject = announcer();
  subject.start(0);
  const [first] = run(subject, 0, []);
  expect(new Set(first!.hashes.map(hex))).toEqual(new Set(padding.hashes.map(hex)));
});
