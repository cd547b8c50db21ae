import { describe, expect, test } from 'vitest';
import { hex } from '../base/bytes.ts';
import { endpointKey, type Endpoint } from '../base/endpoint.ts';
import { Prng } from '../base/prng.ts';
import { EPOCH_MS } from '../discovery/epoch.ts';
import { isRelayEndpoint } from '../relay/address.ts';
import { decodeAsk, encodeReply, listingHash, SHARDS } from '../relay/listing.ts';
import { Context } from './context.ts';
import type { PeersFound } from './finding.ts';
import {
  ASK_AGAIN_MS,
  ASKED_PAUSE_MS,
  ASKS_PER_NETWORK_MAX,
  ASKS_PER_ROUND_MAX,
  ENOUGH,
  type KeptPublic,
  ONE_SERVES_MS,
  OURS_GRACE_MS,
  PublicRelays,
  ROUND_AGAIN_MS,
  START_MS,
  TURN_MS,
  WISH_AGAIN_MS,
} from './public-relays.ts';

const EPOCH = 472_222;
const MIDDLE_MS = EPOCH * EPOCH_MS + EPOCH_MS / 2;
const NOBODY: PeersFound = { announced: 0, peers: [], responders: 8 };
const place = (i: number): Endpoint => ({ host: `${60 + i}.7.1.1`, port: 443 });

/** The looking side, with a DHT, relays and a clock that do as they are told. */
class Scene {
  readonly prng = new Prng(71);
  readonly context = new Context(this.prng.bytes, {
    bootstrap: [],
    dht: true,
    readOnly: false,
    allowReserved: false,
    displayName: undefined,
  });
  ours = { known: 0, reserved: 0 };
  kept: KeptPublic[] = [];
  mayLook = true;
  isOnline = true;
  isThere = true;
  changes = 0;
  networkMs = MIDDLE_MS;
  readonly barred = new Set<string>();
  /** Hashes looked under; what is there. */
  readonly sought: string[] = [];
  readonly soughtAtMs: number[] = [];
  found: PeersFound = NOBODY;
  readonly checked: Endpoint[] = [];
  readonly asks: { readonly to: Endpoint; readonly bytes: Uint8Array; readonly atMs: number }[] =
    [];
  readonly strangers: PublicRelays;

  constructor(isOn = true) {
    this.strangers = new PublicRelays(this.context, [], isOn, {
      mayLook: () => this.mayLook,
      ours: () => this.ours,
      kept: () => this.kept,
      isOnline: () => this.isOnline,
      mayBe: (endpoint) => isRelayEndpoint(endpoint, false),
      isBarred: (key) => this.barred.has(hex(key)),
      networkMs: () => this.networkMs,
      seek: (target, done) => {
        this.sought.push(hex(target));
        this.soughtAtMs.push(this.context.now.monoMs);
        done(this.found);
        return () => undefined;
      },
      verify: ({ endpoint }, done) => {
        this.checked.push(endpoint);
        done(this.isThere);
      },
      changed: () => void this.changes++,
    });
    this.run(0);
  }

  run(ms: number): void {
    const untilMs = this.context.now.monoMs + ms;
    for (let steps = 0; steps < 10_000; steps++) {
      this.strangers.handleTimeout();
      this.#drain();
      const { monoMs } = this.context.now;
      const dueMs = this.strangers.wakeAtMs() ?? Infinity;
      if (monoMs >= untilMs && dueMs > monoMs) return;
      const nextMs = Math.min(untilMs, Math.max(dueMs, monoMs));
      this.context.now = { monoMs: nextMs, wallMs: 1.7e12 + nextMs };
    }
    throw new Error('it does not come to rest');
  }

  named(endpoints: readonly Endpoint[], voices = 4): void {
    this.found = {
      announced: 0,
      responders: 8,
      peers: endpoints.map((endpoint) => ({ endpoint, voices })),
    };
  }

  /** The relay there says who it is. */
  reply(endpoint: Endpoint, key: Uint8Array = this.prng.bytes(32), from = endpoint): boolean {
    const name = endpointKey(endpoint);
    const ask = this.asks.findLast(({ to }) => endpointKey(to) === name);
    const token = decodeAsk(ask!.bytes)!;
    const bytes = encodeReply({ key, tcp: true, token }, this.prng.bytes);
    return this.strangers.handleDatagram(from, bytes);
  }

  #drain(): void {
    for (let effect = this.context.poll(); effect; effect = this.context.poll()) {
      if (effect.type !== 'datagram') continue;
      const { bytes, to } = effect;
      this.asks.push({ to, bytes, atMs: this.context.now.monoMs });
    }
  }
}

describe('[RLY-28] strangers are looked for', () => {
  test('under all hashes of the hour, then ever more rarely', () => {
    const scene = new Scene();
    scene.run(START_MS - 1);
    expect(scene.sought).toEqual([]);
    scene.run(1);
    const hashes = Array.from({ length: SHARDS }, (_, i) => hex(listingHash(EPOCH, i)));
    expect([...scene.sought].sort()).toEqual([...hashes].sort());
    scene.run(4 * 3_600_000);
    const starts = scene.soughtAtMs.filter((_, i) => i % SHARDS === 0);
    const gaps = starts.slice(1).map((atMs, i) => atMs - starts[i]!);
    expect(gaps.length).toBeGreaterThan(ROUND_AGAIN_MS.length);
    for (const [i, gapMs] of gaps.entries()) {
      const waitMs = ROUND_AGAIN_MS[i] ?? ROUND_AGAIN_MS.at(-1)!;
      expect(gapMs).toBeGreaterThanOrEqual(waitMs);
      expect(gapMs).toBeLessThanOrEqual(1.25 * waitMs + 1_000);
    }
  });

  test('at the latest 5 minutes after the last time, while a person or a message waits', () => {
    const scene = new Scene();
    scene.run(4 * 3_600_000);
    const rounds = (): number => scene.strangers.stats()['rounds']!;
    const before = rounds();
    for (let i = 0; i < 60; i++) {
      scene.strangers.wish();
      scene.run(60_000);
    }
    expect(rounds() - before).toBeGreaterThanOrEqual(10);
    expect(rounds() - before).toBeLessThanOrEqual(3_600_000 / WISH_AGAIN_MS + 1);
    const wished = rounds();
    scene.strangers.hurry();
    scene.run(ROUND_AGAIN_MS[0]! + 1_000);
    expect(rounds()).toBe(wished + 1);
  });

  test('and under those of the neighbour near the turn of the hour', () => {
    for (const [atMs, epoch] of [
      [EPOCH * EPOCH_MS + TURN_MS - 10_000, EPOCH - 1],
      [(EPOCH + 1) * EPOCH_MS - TURN_MS + 10_000, EPOCH + 1],
    ] as const) {
      const scene = new Scene();
      scene.networkMs = atMs;
      scene.run(START_MS);
      expect(scene.sought).toHaveLength(2 * SHARDS);
      expect(scene.sought.slice(SHARDS)).toContain(hex(listingHash(epoch, 0)));
    }
  });

  test('⚑ by nobody who may not look, has the setting off, or has two of ours', () => {
    const scenes = [new Scene(false), new Scene(), new Scene()];
    scenes[1]!.mayLook = false;
    scenes[2]!.ours = { known: 2, reserved: 2 };
    for (const scene of scenes) {
      scene.named([place(1)]);
      scene.run(3_600_000);
      expect([scene.sought, scene.asks]).toEqual([[], []]);
    }
    expect(scenes.map(({ strangers }) => strangers.isLooking)).toEqual([false, false, false]);
    // What ends while a round is under way ends it.
    const scene = new Scene();
    scene.named([place(1), place(2)]);
    scene.run(START_MS);
    scene.mayLook = false;
    const { length } = scene.asks;
    scene.run(60_000);
    expect(scene.asks).toHaveLength(length);
  });

  test('once ours had their time: none that works 20 s, one that works a minute', () => {
    for (const [ours, graceMs] of [
      [{ known: 3, reserved: 0 }, OURS_GRACE_MS],
      [{ known: 3, reserved: 1 }, ONE_SERVES_MS],
    ] as const) {
      const scene = new Scene();
      scene.ours = ours;
      scene.run(1_000);
      scene.run(graceMs - 1_001);
      expect(scene.sought).toEqual([]);
      scene.run(1_001);
      expect(scene.sought).toHaveLength(SHARDS);
    }
  });

  test('with nobody in the DHT who answers, one question is enough', () => {
    const scene = new Scene();
    scene.found = { ...NOBODY, responders: 0 };
    scene.run(START_MS);
    expect(scene.sought).toHaveLength(1);
  });
});

describe('[RLY-28] ⚑ who is named gets', () => {
  test('one small datagram, once more after a second, and nothing for five minutes', () => {
    const scene = new Scene();
    scene.named([place(1)]);
    scene.run(START_MS + 60_000);
    expect(scene.asks.map(({ bytes }) => bytes.length)).toEqual([80, 80]);
    expect(scene.asks[1]!.atMs - scene.asks[0]!.atMs).toBe(ASK_AGAIN_MS);
    expect(scene.checked).toEqual([]);
    scene.run(ASKED_PAUSE_MS + 600_000);
    const gaps = scene.asks.map(({ atMs }) => atMs - scene.asks[0]!.atMs);
    expect(gaps.filter((ms) => ms > ASK_AGAIN_MS && ms < ASKED_PAUSE_MS)).toEqual([]);
  });

  test('nothing where no relay may be', () => {
    const scene = new Scene();
    scene.named([
      { host: '10.0.0.1', port: 443 },
      { host: '127.0.0.1', port: 4_000 },
      { host: '93.184.216.34', port: 25 },
      { host: '2002:5db8:d822::1', port: 443 },
    ]);
    scene.run(600_000);
    expect(scene.asks).toEqual([]);
  });

  test('nothing beyond 12 in a round, 3 of one network and one of a host', () => {
    const scene = new Scene();
    const near = Array.from({ length: 20 }, (_, i) => ({ host: `93.184.${i}.1`, port: 443 }));
    const ports = Array.from({ length: 20 }, (_, i) => ({ host: '94.1.1.1', port: 2_000 + i }));
    scene.named([...near, ...ports]);
    scene.run(START_MS);
    expect(scene.asks).toHaveLength(ASKS_PER_NETWORK_MAX + 1);
    const many = new Scene();
    many.named(Array.from({ length: 50 }, (_, i) => place(i)));
    many.run(START_MS);
    expect(many.asks).toHaveLength(ASKS_PER_ROUND_MAX);
  });

  test('those whom more nodes name are asked before others', () => {
    const scene = new Scene();
    const said = (i: number, voices: number) => ({ endpoint: place(i), voices });
    const liars = Array.from({ length: 40 }, (_, i) => said(i, 1));
    scene.found = { ...NOBODY, peers: [...liars, said(50, 2), said(51, 9), said(52, 3)] };
    scene.run(START_MS);
    const first = scene.asks.slice(0, 3).map(({ to }) => to);
    expect(new Set(first.map(endpointKey))).toEqual(
      new Set([51, 52, 50].map((i) => endpointKey(place(i)))),
    );
    expect(endpointKey(first[2]!)).toBe(endpointKey(place(50)));
  });
});

describe('[RLY-29] a relay is used', () => {
  test('once it said its key and a handshake has shown it there', () => {
    const scene = new Scene();
    scene.named([place(1), place(2)]);
    scene.run(START_MS);
    expect(scene.reply(place(1))).toBe(true);
    scene.isThere = false;
    expect(scene.reply(place(2))).toBe(true);
    expect(scene.checked).toEqual([place(1), place(2)]);
    const { known } = scene.strangers;
    expect(known.map(({ address }) => address.endpoint)).toEqual([place(1)]);
    expect([scene.changes, known[0]!.address.tcp]).toEqual([1, true]);
  });

  test('⚑ but not by a reply from elsewhere, to nothing, or twice', () => {
    const scene = new Scene();
    scene.named([place(1)]);
    scene.run(START_MS);
    expect(scene.reply(place(1), undefined, place(2))).toBe(false);
    const token = scene.prng.bytes(16);
    const key = scene.prng.bytes(32);
    const forged = encodeReply({ key, tcp: true, token }, scene.prng.bytes);
    expect(scene.strangers.handleDatagram(place(1), forged)).toBe(false);
    expect(scene.checked).toEqual([]);
    expect(scene.reply(place(1))).toBe(true);
    expect(scene.reply(place(1))).toBe(false);
    expect(scene.checked).toHaveLength(1);
  });

  test('⚑ and not where it is our own, or of somebody who may not see our address', () => {
    const scene = new Scene();
    const keys = [1, 2].map(() => scene.prng.bytes(32)) as [Uint8Array, Uint8Array];
    scene.barred.add(hex(keys[0]));
    scene.named([place(1), place(2)]);
    scene.run(START_MS);
    scene.reply(place(1), keys[0]);
    expect(scene.checked).toEqual([]);
    scene.reply(place(2), keys[1]);
    expect(scene.strangers.known).toHaveLength(1);
    scene.barred.add(hex(keys[1])); // they became a contact from whom we hide
    expect(scene.strangers.known).toEqual([]);
  });

  test('with enough of them nobody looks on', () => {
    const scene = new Scene();
    scene.named(Array.from({ length: ENOUGH + 2 }, (_, i) => place(i)));
    scene.run(START_MS);
    for (let i = 0; i < ENOUGH; i++) scene.reply(place(i));
    scene.run(24 * 3_600_000);
    expect(scene.strangers.stats()['rounds']).toBe(1);
    expect(scene.strangers.known).toHaveLength(ENOUGH);
  });

  test('until it fails while others work; a guard stays', () => {
    const scene = new Scene();
    scene.named([place(1), place(2)]);
    scene.run(START_MS);
    scene.reply(place(1));
    scene.reply(place(2));
    const [one, two] = scene.strangers.known.map(({ name }) => name) as [string, string];
    const bad = { isReserved: false, failures: 3, refusals: 0 };
    scene.kept = [
      { name: one, isGuard: true, ...bad },
      { name: two, isGuard: false, ...bad },
    ];
    scene.isOnline = false;
    scene.run(2_000);
    expect(scene.strangers.known).toHaveLength(2);
    scene.isOnline = true;
    scene.run(60_000);
    expect(scene.strangers.known.map(({ name }) => name)).toEqual([one]);
    scene.kept = [{ name: one, isGuard: false, isReserved: false, failures: 0, refusals: 2 }];
    scene.run(3_600_000);
    expect(scene.strangers.known).toEqual([]);
  });
});
