import { expect, test } from 'vitest';
import { encode } from '../base/bencode.ts';
import { concat, hex, uintBE } from '../base/bytes.ts';
import { encodeEndpoint, type Endpoint } from '../base/endpoint.ts';
import { Prng } from '../base/prng.ts';
import {
  INTERVAL_MS_MAX,
  INTERVAL_MS_MIN,
  TRACKER_BACK_OFF_MS,
  UDP_WAITS_MS,
  WISH_EVERY_MS,
} from './tracker-lane.ts';
import { parseTracker, TRACKERS_MAX } from './tracker-url.ts';
import {
  PEERS_TAKEN_MAX,
  TARGETS_MAX,
  Trackers,
  type TrackersOutput,
  type TrackerTarget,
} from './trackers.ts';

type Fetch = Extract<TrackersOutput, { type: 'fetch' }>;
type Send = Extract<TrackersOutput, { type: 'send' }>;

const HTTP = 'http://tracker.example/announce';
const AT: Endpoint = { host: '192.0.2.9', port: 6969 };
const UDP = `udp://${AT.host}:${AT.port}`;
const OURS: Endpoint = { host: '198.51.100.1', port: 20_000 };
const THEIRS: Endpoint = { host: '203.0.113.5', port: 20_001 };
const PORTS = { v4: OURS.port };

/** Trackers, and all that they want done. */
class Bench {
  nowMs = 0;
  readonly outputs: TrackersOutput[] = [];
  readonly trackers: Trackers;

  constructor(...urls: string[]) {
    this.trackers = new Trackers({
      random: new Prng(7).bytes,
      allowReserved: true,
      isOurs: ({ host, port }) => host === OURS.host && port === OURS.port,
    });
    this.trackers.use(urls.map((url) => parseTracker(url)!));
  }

  want(...targets: readonly TrackerTarget[]): void {
    this.trackers.setTargets(targets);
    this.pass(0);
  }

  /** Lets time pass up to then; every timer fires. */
  pass(ms: number): TrackersOutput[] {
    const from = this.outputs.length;
    const untilMs = this.nowMs + ms;
    for (let steps = 0; steps < 1_000; steps++) {
      this.trackers.handleTimeout(this.nowMs);
      for (let out = this.trackers.poll(); out; out = this.trackers.poll()) this.outputs.push(out);
      const wakeAtMs = this.trackers.wakeAtMs();
      if (wakeAtMs === undefined || wakeAtMs > untilMs) {
        this.nowMs = untilMs;
        return this.outputs.slice(from);
      }
      this.nowMs = Math.max(this.nowMs, wakeAtMs);
    }
    throw new Error('it does not come to rest');
  }

  get fetches(): Fetch[] {
    return this.outputs.filter((out) => out.type === 'fetch');
  }

  get sends(): Send[] {
    return this.outputs.filter((out) => out.type === 'send');
  }

  /** The tracker answers the last question by HTTP. */
  answer(body: Parameters<typeof encode>[0] | undefined): void {
    const { ask } = this.fetches.at(-1)!;
    this.trackers.handleFetched(ask, body === undefined ? undefined : encode(body), this.nowMs);
    this.pass(0);
  }

  /** The same by UDP. */
  reply(action: number, rest: Uint8Array, from = AT): boolean {
    const { bytes } = this.sends.at(-1)!;
    const head = concat(uintBE(action, 4), bytes.subarray(12, 16));
    const isTaken = this.trackers.handleDatagram(from, concat(head, rest), this.nowMs);
    this.pass(0);
    return isTaken;
  }
}

function target(fill: number, more: Partial<TrackerTarget> = {}): TrackerTarget {
  return { hash: new Uint8Array(20).fill(fill), ports: PORTS, isWanted: false, ...more };
}

const CONNECTION = new Uint8Array(8).fill(3);
function said(intervalS: number, ...peers: Endpoint[]): Uint8Array {
  return concat(uintBE(intervalS, 4), new Uint8Array(8), ...peers.map(encodeEndpoint));
}

test('[TRK-6] a tracker is asked one thing at a time, the most wanted first', () => {
  const bench = new Bench(HTTP);
  bench.want(target(1), target(2));
  expect(bench.fetches.map(({ path }) => path.slice(20, 23))).toEqual(['%01']);
  bench.answer({ interval: 1_800, peers: '' });
  expect(bench.fetches).toHaveLength(2);
  expect(bench.fetches[1]!.family).toBe('v4');
  bench.answer({ interval: 1_800, peers: '' });
  expect(bench.pass(1_700_000)).toEqual([]);
});

test('[TRK-4, TRK-6] by UDP: connection, announce, answer; from there and with its number alone', () => {
  const bench = new Bench(UDP);
  bench.want(target(1));
  expect(bench.sends.map(({ bytes, to }) => [to, bytes.length])).toEqual([[AT, 16]]);
  expect(bench.reply(0, CONNECTION, THEIRS)).toBe(false);
  expect(bench.trackers.handleDatagram(AT, new Uint8Array(16), 0)).toBe(false);
  expect(bench.reply(1, said(1_800))).toBe(true); // nothing was announced yet
  expect(bench.sends).toHaveLength(1);
  expect(bench.reply(0, CONNECTION)).toBe(true);
  expect(bench.sends).toHaveLength(2);
  expect(hex(bench.sends[1]!.bytes.subarray(0, 8))).toBe(hex(CONNECTION));
  expect(bench.reply(1, said(1_800, THEIRS, OURS))).toBe(true);
  const name = hex(target(1).hash);
  expect(bench.outputs.at(-1)).toEqual({ type: 'peers', hash: name, peers: [THEIRS] });
  expect(bench.reply(1, said(1_800, THEIRS))).toBe(false);
  bench.want(target(1), target(2));
  expect(bench.sends.at(-1)!.bytes.length).toBe(98); // the connection is good for a minute
  bench.reply(1, said(1_800));
  bench.pass(60_000);
  bench.want(target(1), target(2), target(3));
  expect(bench.sends.at(-1)!.bytes.length).toBe(16);
});

test('[TRK-6] ⚑ a tracker that is silent hears three times of us, and then ever more rarely', () => {
  const bench = new Bench(UDP);
  bench.want(target(1));
  const giveUpMs = UDP_WAITS_MS.reduce((sum, ms) => sum + ms, 0);
  bench.pass(giveUpMs);
  expect(bench.sends).toHaveLength(3);
  expect(bench.trackers.state).toEqual({ set: 1, answering: 0, silent: 1 });
  expect(bench.pass(TRACKER_BACK_OFF_MS[0]! - 1)).toEqual([]);
  bench.pass(TRACKER_BACK_OFF_MS[0]! / 4 + 2);
  expect(bench.sends.length).toBeGreaterThan(3);
  const before = bench.sends.length;
  bench.pass(24 * 3_600_000);
  expect(bench.sends.length - before).toBeLessThan(3 * 30);
  bench.trackers.handleMove();
  bench.pass(0);
  bench.reply(0, CONNECTION);
  bench.reply(1, said(1_800));
  expect(bench.trackers.state).toEqual({ set: 1, answering: 1, silent: 0 });
});

test('[TRK-6] names are looked up first, and anew after silence', () => {
  const bench = new Bench('udp://tracker.example:6969');
  bench.want(target(1));
  const asked = bench.outputs.at(-1);
  expect(asked).toMatchObject({ type: 'resolve', host: 'tracker.example', port: 6969 });
  bench.trackers.handleResolved(1, [{ host: '2001:db8::9', port: 6969 }, AT], 0);
  bench.pass(0);
  expect(bench.sends[0]!.to).toEqual(AT);
  bench.trackers.handleResolved(1, [THEIRS], 0);
  bench.pass(100_000 + TRACKER_BACK_OFF_MS[0]!);
  expect(bench.outputs.filter(({ type }) => type === 'resolve')).toHaveLength(2);
  bench.trackers.handleResolved(2, [], bench.nowMs);
  expect(bench.trackers.state.silent).toBe(1);
});

test.each([
  ['too often', 1, INTERVAL_MS_MIN],
  ['too rarely', 86_400, INTERVAL_MS_MAX],
  ['as it says', 1_000, 1_000_000],
])('[TRK-7] %s: an interval counts within bounds', (_, interval, ms) => {
  const bench = new Bench(HTTP);
  bench.want(target(1));
  bench.answer({ interval, peers: '' });
  expect(bench.pass(ms - 1)).toEqual([]);
  expect(bench.pass(ms / 10 + 2)[0]?.type).toBe('fetch');
});

test('[TRK-7] while a person waits we ask sooner, but not sooner than it says', () => {
  const bench = new Bench(HTTP);
  bench.want(target(1, { isWanted: true }));
  bench.answer({ interval: 1_800, peers: '' });
  expect(bench.pass(WISH_EVERY_MS - 1)).toEqual([]);
  expect(bench.pass(WISH_EVERY_MS / 10 + 2)).toHaveLength(1);
  bench.answer({ interval: 1_800, 'min interval': 900, peers: '' });
  expect(bench.pass(900_000 - 1)).toEqual([]);
  expect(bench.pass(90_002)).toHaveLength(1);
  bench.answer({ 'failure reason': 'not here' });
  expect(bench.pass(59_999)).toEqual([]);
  expect(bench.pass(6_002)).toHaveLength(1);
});

test('[TRK-8] coming and going are told; who was refused, or is not known, says no goodbye', () => {
  const bench = new Bench(HTTP);
  bench.want(target(1));
  expect(bench.fetches.at(-1)!.path).toContain('&event=started');
  bench.answer({ interval: 60, peers: '' });
  bench.pass(70_000);
  expect(bench.fetches.at(-1)!.path).not.toContain('event');
  bench.answer({ interval: 1_800, peers: '' });
  bench.want(target(2));
  expect(bench.fetches.at(-1)!.path).toContain('%02');
  bench.answer({ 'failure reason': 'no' });
  const goodbye = bench.fetches.at(-1)!.path;
  expect(goodbye).toContain('%01');
  expect(goodbye).toContain('&numwant=0&');
  expect(goodbye).toContain('&event=stopped');
  bench.answer({ interval: 1_800 });
  bench.want();
  expect(bench.fetches).toHaveLength(4);
});

test('[TRK-8] at the end those are told by whom that needs no answer first', () => {
  const bench = new Bench(UDP, HTTP);
  bench.want(target(1));
  bench.reply(0, CONNECTION);
  bench.reply(1, said(1_800));
  bench.answer({ interval: 1_800 });
  const before = bench.outputs.length;
  bench.trackers.stop(bench.nowMs);
  bench.pass(0);
  const told = bench.outputs.slice(before);
  expect(told.map(({ type }) => type).sort()).toEqual(['fetch', 'send']);
  expect(hex(bench.sends.at(-1)!.bytes.subarray(80, 84))).toBe('00000003');
});

test('[TRK-8] who only asks is gone with the answer', () => {
  const bench = new Bench(HTTP);
  bench.want(target(1, { isQuestion: true, isWanted: true }));
  bench.answer({ interval: 60, peers: encodeEndpoint(THEIRS) });
  expect(bench.outputs.some((out) => out.type === 'peers')).toBe(true);
  expect(bench.fetches.at(-1)!.path).toContain('&event=stopped');
  bench.answer({ interval: 60 });
  expect(bench.pass(10 * INTERVAL_MS_MAX)).toEqual([]);
});

test('[TRK-8] nobody stays listed who left, or has asked, while the tracker was busy', () => {
  const bench = new Bench(HTTP);
  bench.want(target(1, { isQuestion: true }), target(2));
  bench.answer({ interval: 60 });
  expect(bench.fetches.at(-1)!.path).toContain('%02'); // the goodbye of the first waits
  bench.want();
  bench.answer({ interval: 60 });
  bench.answer({ interval: 60 });
  const goodbyes = bench.fetches.filter(({ path }) => path.includes('event=stopped'));
  expect(goodbyes.map(({ path }) => path.slice(20, 23))).toEqual(['%01', '%02']);
  bench.answer({ interval: 60 });
  expect(bench.trackers.stats()).toMatchObject({ targets: 0, visits: 0 });
  // Who is there again before the goodbye has left does not say it.
  bench.want(target(3), target(4));
  bench.answer({ interval: 60 });
  bench.want(target(4));
  bench.want(target(3), target(4));
  bench.answer({ interval: 60 });
  bench.answer({ interval: 60 });
  expect(bench.fetches.filter(({ path }) => path.includes('event=stopped'))).toHaveLength(2);
});

test('[TRK-8, TRK-10] ⚑ who is hushed is not spoken of any more, nor is a goodbye said', () => {
  const bench = new Bench(UDP);
  bench.want(target(1), target(2));
  bench.reply(0, CONNECTION);
  bench.reply(1, said(60));
  bench.trackers.hush(hex(target(1).hash));
  bench.trackers.hush(hex(target(2).hash));
  bench.want();
  expect(bench.pass(24 * 3_600_000)).toEqual([]);
  expect(bench.trackers.stats()).toMatchObject({ targets: 0, visits: 0 });
});

test('[TRK-9] ⚑ of what a tracker names little is taken, and nothing that leads inside', () => {
  const bench = new Bench(HTTP);
  bench.want(target(1));
  const inside = ['10.0.0.1', '192.168.1.1', '169.254.1.1', OURS.host];
  const many = Array.from({ length: 60 }, (_, i) => ({ host: `203.0.113.${i + 1}`, port: 20_001 }));
  const all = [...inside.map((host) => ({ host, port: OURS.port })), THEIRS, THEIRS, ...many];
  bench.answer({ interval: 60, peers: concat(...all.map(encodeEndpoint)) });
  const out = bench.outputs.find(({ type }) => type === 'peers');
  const { peers } = out as Extract<TrackersOutput, { type: 'peers' }>;
  expect(peers).toHaveLength(PEERS_TAKEN_MAX);
  expect(new Set(peers.map(({ host }) => host)).size).toBe(PEERS_TAKEN_MAX);
  for (const { host } of peers) expect(host.startsWith('203.0.113.')).toBe(true);
});

test('[TRK-1, TRK-9] no more trackers and hashes than fit; those that stay go on', () => {
  const urls = Array.from({ length: TRACKERS_MAX + 5 }, (_, i) => `http://t${i}.example/announce`);
  const bench = new Bench(...urls, urls[0]!);
  bench.want(...Array.from({ length: TARGETS_MAX + 5 }, (_, i) => target(i)));
  expect(bench.trackers.state.set).toBe(TRACKERS_MAX);
  expect(bench.trackers.stats()).toMatchObject({ lanes: 2 * TRACKERS_MAX, targets: TARGETS_MAX });
  expect(bench.fetches).toHaveLength(TRACKERS_MAX);
  bench.trackers.use([parseTracker(urls[0]!)!]);
  bench.pass(0);
  expect(bench.fetches).toHaveLength(TRACKERS_MAX);
  bench.trackers.use([]);
  expect(bench.trackers.wakeAtMs()).toBeUndefined();
});
