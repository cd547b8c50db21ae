import { expect, test } from 'vitest';
import { hex } from '../base/bytes.ts';
import { Prng } from '../base/prng.ts';
import { EPOCH_MS } from '../discovery/epoch.ts';
import type { Ports } from '../discovery/peer-search.ts';
import { PROBE_HELD_MS, PROBES_MAX } from '../path/probes.ts';
import { decodeReply, encodeAsk, listingHash, SHARDS } from '../relay/listing.ts';
import { Context } from './context.ts';
import {
  ANNOUNCE_AGAIN_MS,
  ANNOUNCE_EVERY_MS,
  EARLY_MS,
  RelayListing,
  REPLIES_BURST,
} from './relay-listing.ts';

const EPOCH = 472_222;

class Scene {
  readonly prng = new Prng(72);
  readonly key = this.prng.bytes(32);
  readonly context = new Context(this.prng.bytes, {
    bootstrap: [],
    dht: true,
    readOnly: false,
    allowReserved: false,
    displayName: undefined,
  });
  isPublic = true;
  ports: Ports = { v4: 443 };
  takers = 8;
  startMs = EPOCH * EPOCH_MS + 60_000;
  readonly announced: { readonly hash: string; readonly ports: Ports }[] = [];
  readonly listing = new RelayListing(this.context, {
    isPublic: () => this.isPublic,
    ports: () => this.ports,
    key: this.key,
    tcp: () => true,
    web: () => undefined,
    networkMs: () => this.startMs + this.context.now.monoMs,
    announce: (target, ports, done) => {
      this.announced.push({ hash: hex(target), ports });
      done({ announced: this.takers, peers: [], responders: 8 });
      return () => undefined;
    },
  });

  run(ms: number): void {
    const untilMs = this.context.now.monoMs + ms;
    for (let atMs = this.context.now.monoMs; atMs <= untilMs; atMs += 10_000) {
      this.context.now = { monoMs: atMs, wallMs: 1.7e12 + atMs };
      this.listing.handleTimeout();
    }
  }

  /** @returns what is answered. */
  ask(
    host = '93.184.216.34',
    bytes: Uint8Array = encodeAsk(this.prng.bytes(16), this.prng.bytes),
  ): Uint8Array[] {
    this.listing.handleDatagram({ host, port: 5_000 }, bytes);
    const replies: Uint8Array[] = [];
    for (let out = this.context.poll(); out; out = this.context.poll()) {
      if (out.type === 'datagram' && out.to.host === host) replies.push(out.bytes);
    }
    return replies;
  }
}

const hashesOf = (epoch: number): string[] =>
  Array.from({ length: SHARDS }, (_, shard) => hex(listingHash(epoch, shard)));

test('[RLY-26] a relay of everybody is under two of four hashes, told anew every 20 minutes', () => {
  const scene = new Scene();
  scene.run(0);
  const first = scene.announced.map(({ hash }) => hash);
  expect(new Set(first).size).toBe(2);
  expect(first.every((hash) => hashesOf(EPOCH).includes(hash))).toBe(true);
  expect(scene.announced[0]!.ports).toEqual({ v4: 443 });
  expect(scene.listing.isListed).toBe(true);
  scene.run(ANNOUNCE_EVERY_MS - 10_000);
  expect(scene.announced).toHaveLength(2);
  scene.run(10_000);
  expect(scene.announced.slice(2).map(({ hash }) => hash)).toEqual(first);
});

test('[RLY-26] under those of the next hour 10 minutes before it, and not under old ones', () => {
  const scene = new Scene();
  scene.startMs = (EPOCH + 1) * EPOCH_MS - EARLY_MS - 60_000;
  scene.run(50_000);
  expect(scene.announced).toHaveLength(2);
  scene.run(10_000);
  const next = scene.announced.slice(2).map(({ hash }) => hash);
  expect(next).toHaveLength(2);
  expect(next.every((hash) => hashesOf(EPOCH + 1).includes(hash))).toBe(true);
  scene.run(EARLY_MS);
  scene.announced.length = 0;
  scene.run(EPOCH_MS / 2);
  expect(scene.announced.some(({ hash }) => hashesOf(EPOCH).includes(hash))).toBe(false);
  expect(scene.announced.length).toBeGreaterThan(0);
});

test('[RLY-26] where no node takes it, again after half a minute; unreachable, not at all', () => {
  const scene = new Scene();
  scene.takers = 0;
  scene.run(0);
  expect([scene.announced.length, scene.listing.isListed]).toEqual([2, false]);
  scene.takers = 8;
  scene.run(ANNOUNCE_AGAIN_MS);
  expect([scene.announced.length, scene.listing.isListed]).toEqual([4, true]);
  scene.ports = {};
  scene.run(10_000);
  expect(scene.listing.isListed).toBe(false);
  scene.run(3_600_000);
  expect(scene.announced).toHaveLength(4);
  expect(scene.listing.wakeAtMs()).toBeUndefined();
});

test('[RLY-27] ⚑ whoever asks hears the key in fewer bytes, if we serve everybody', () => {
  const scene = new Scene();
  const token = scene.prng.bytes(16);
  const ask = encodeAsk(token, scene.prng.bytes);
  const [reply] = scene.ask(undefined, ask);
  expect(decodeReply(reply!)).toEqual({ key: scene.key, tcp: true, token });
  expect(reply!.length).toBeLessThan(ask.length);
  expect(scene.ask(undefined, scene.prng.bytes(80))).toEqual([]);
  expect(scene.ask(undefined, reply)).toEqual([]);
  scene.isPublic = false;
  expect(scene.ask(undefined, ask)).toEqual([]);
});

test('[RLY-27] ⚑ so many in 10 s to one address, and so many in all', () => {
  const scene = new Scene();
  const one = Array.from({ length: 40 }, () => scene.ask()).flat();
  expect(one).toHaveLength(PROBES_MAX);
  const many = Array.from({ length: 300 }, (_, i) =>
    scene.ask(`94.${i % 100}.${i % 250}.1`),
  ).flat();
  expect(many).toHaveLength(REPLIES_BURST - PROBES_MAX);
  const atMs = scene.context.now.monoMs + PROBE_HELD_MS;
  scene.context.now = { monoMs: atMs, wallMs: 1.7e12 + atMs };
  expect(scene.ask()).toHaveLength(1);
});
