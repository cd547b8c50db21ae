import { expect, test } from 'vitest';
import { hex, utf8, utf8Text } from '../base/bytes.ts';
import type { Endpoint } from '../base/endpoint.ts';
import { Prng } from '../base/prng.ts';
import { Secret, type PairSecret } from '../crypto/keys.ts';
import {
  HEARD_AGAIN_MS,
  HEARD_BURST,
  HEARD_PER_S,
  Lan,
  MESSAGES_BURST,
  type LanOutput,
} from './lan.ts';
import type { LanClock, LanPeer } from './lan-announcer.ts';
import { CARD_BYTES, lanHash, sealCard } from './lan-card.ts';
import { encodeSearch, LAN_HASH_BYTES } from './lan-message.ts';

const E = 497_222;
const S = (): PairSecret => new Secret('pair', new Uint8Array(32).fill(7));
const ANA = new Uint8Array(32).fill(0xaa);
const BO = new Uint8Array(32).fill(0xbb);
const AT: Endpoint = { host: '192.168.1.2', port: 50_001 };
const HOME = { name: 'eth0', addresses: ['192.168.1.1/24', 'fe80::1/64'] };
const at = (monoMs: number, epoch = E): LanClock => ({ monoMs, epoch });

interface Side {
  readonly lan: Lan;
  peers: LanPeer[];
}

/** A device that knows the other by S, in a network of its own name. */
function side(ours: Uint8Array, theirs: Uint8Array, port = 40_000): Side {
  const made = {
    peers: [{ id: 'friend', key: S(), ours, theirs: [theirs], rank: 'usual' as const }],
  };
  const lan = new Lan({
    random: new Prng(port).bytes,
    own: new Secret('device noise', ours),
    peers: () => made.peers,
    record: () => utf8(`record of ${port}`),
    port: () => port,
  });
  lan.handleNetworks([HOME], 0);
  return Object.assign(made, { lan });
}

function drain(lan: Lan): LanOutput[] {
  const out: LanOutput[] = [];
  for (let one = lan.poll(); one; one = lan.poll()) out.push(one);
  return out;
}

function types(lan: Lan): string[] {
  return drain(lan).map(({ type }) => type);
}

function told(lan: Lan): Uint8Array {
  lan.handleTimeout(at(0));
  const first = drain(lan)[0]!;
  if (first.type !== 'multicast') throw new Error('it announces first');
  return first.bytes;
}

test('[LAN-4] whoever hears a hash of theirs knows where, and shows a card to them alone', () => {
  const [ana, bo] = [side(ANA, BO, 40_001), side(BO, ANA, 40_002)];
  expect(bo.lan.handleMessage('eth0', AT, told(ana.lan), at(10))).toBe(true);
  const [heard, sent] = drain(bo.lan);
  const place = { host: AT.host, port: 40_001 };
  expect(heard).toEqual({
    type: 'heard',
    peer: 'friend',
    sender: ANA,
    at: place,
    record: undefined,
  });
  if (sent?.type !== 'send') throw new Error('a card is sent');
  expect([sent.network, sent.to, sent.bytes.length]).toEqual(['eth0', AT, CARD_BYTES]);
  const from = { host: '192.168.1.3', port: 50_002 };
  expect(ana.lan.handleMessage('eth0', from, sent.bytes, at(11))).toBe(true);
  const [back, answer] = drain(ana.lan);
  expect(back).toMatchObject({ type: 'heard', sender: BO, at: { host: from.host, port: 40_002 } });
  if (back?.type !== 'heard' || answer?.type !== 'send') throw new Error('both know now');
  expect(utf8Text(back.record!)).toBe('record of 40002');
  // The card in answer tells Bo what he lacks, and ends it.
  expect(bo.lan.handleMessage('eth0', AT, answer.bytes, at(12))).toBe(true);
  expect(types(bo.lan)).toEqual(['heard']);
});

test('[LAN-4] both families are spoken where there are addresses of both', () => {
  const { lan } = side(ANA, BO);
  lan.handleTimeout(at(0));
  expect(drain(lan).map((one) => one.type === 'multicast' && one.family)).toEqual(['v4', 'v6']);
  const alone = side(ANA, BO).lan;
  alone.handleNetworks([{ name: 'eth0', addresses: ['fe80::1/64'] }], 0);
  alone.handleTimeout(at(0));
  expect(drain(alone).map((one) => one.type === 'multicast' && one.family)).toEqual(['v6']);
});

test('[LAN-6] ⚑ what a stranger says costs a look: no reply, no state', () => {
  const { lan } = side(ANA, BO);
  const random = new Prng(9).bytes;
  const before = lan.stats();
  for (let i = 0; i < 100; i++) {
    const hashes = Array.from({ length: 16 }, () => random(LAN_HASH_BYTES));
    const search = encodeSearch('v4', { port: 6881, hashes, cookie: 'a' });
    expect(lan.handleMessage('eth0', AT, search, at(i))).toBe(false);
    expect(lan.handleMessage('eth0', AT, random(CARD_BYTES), at(i))).toBe(false);
  }
  expect(drain(lan)).toEqual([]);
  expect(lan.stats()).toMatchObject({ lately: before['lately'], heard: 0, cards: 0 });
});

test('[LAN-6] ⚑ our own words thrown back mean nothing, under our cookie or another', () => {
  const ana = side(ANA, BO);
  const bytes = told(ana.lan);
  expect(ana.lan.handleMessage('eth0', AT, bytes, at(1))).toBe(false);
  const other = utf8(utf8Text(bytes)!.replace(/cookie: .*/, 'cookie: ffffffff'));
  expect(ana.lan.handleMessage('eth0', AT, other, at(2))).toBe(false);
  expect(drain(ana.lan)).toEqual([]);
});

test('[LAN-6] ⚑ what was recorded is worthless two hours later', () => {
  const [ana, bo] = [side(ANA, BO), side(BO, ANA)];
  const bytes = told(ana.lan);
  expect(bo.lan.handleMessage('eth0', AT, bytes, at(10, E + 1))).toBe(true);
  expect(bo.lan.handleMessage('eth0', AT, bytes, at(90_000, E + 2))).toBe(false);
  expect(bo.lan.handleMessage('eth0', AT, bytes, at(190_000, E - 1))).toBe(true);
});

test('[LAN-6] ⚑ nobody is believed who is not in the network the message came by', () => {
  const [ana, bo] = [side(ANA, BO), side(BO, ANA)];
  const bytes = told(ana.lan);
  const hosts = ['93.184.216.34', '192.168.2.2', '10.0.0.1', '127.0.0.1', '2a00:1::5'];
  for (const host of hosts) {
    expect(bo.lan.handleMessage('eth0', { host, port: 5 }, bytes, at(10))).toBe(false);
  }
  expect(bo.lan.handleMessage('wlan0', AT, bytes, at(10))).toBe(false);
  expect(drain(bo.lan)).toEqual([]);
  const near = { host: 'fe80::2%eth0', port: 50_000 };
  expect(bo.lan.handleMessage('eth0', near, bytes, at(10))).toBe(true);
  expect(drain(bo.lan)[0]).toMatchObject({ at: { host: 'fe80::2%eth0', port: 40_000 } });
});

test('[LAN-5] ⚑ a card under the right name that does not open is nothing', () => {
  const bo = side(BO, ANA);
  const card = sealCard({ port: 1, record: utf8('x') }, S(), ANA, E, new Prng(3).bytes);
  card[400]! ^= 1;
  expect(bo.lan.handleMessage('eth0', AT, card, at(10))).toBe(false);
  expect(drain(bo.lan)).toEqual([]);
});

test('[LAN-5] ⚑ an announcement is as long as the card that it gets; what is shorter gets none', () => {
  const bo = side(BO, ANA);
  const hashes = [lanHash(S(), ANA, E)];
  const short = encodeSearch('v4', { port: 40_001, hashes, cookie: undefined });
  expect(bo.lan.handleMessage('eth0', AT, short, at(10))).toBe(true);
  expect(types(bo.lan)).toEqual(['heard']);
  for (const port of [1, 40_001]) {
    expect(told(side(ANA, BO, port).lan).length).toBeGreaterThanOrEqual(CARD_BYTES);
  }
});

test('[LAN-5] ⚑ one card for a message, by however many hashes we know its sender', () => {
  const bo = side(BO, ANA);
  const invite: PairSecret = new Secret('pair', new Uint8Array(32).fill(8));
  bo.peers = [...bo.peers, { ...bo.peers[0]!, id: 'invite', key: invite }];
  const known = [lanHash(S(), ANA, E), lanHash(invite, ANA, E)];
  const hashes = [...known, ...Array.from({ length: 10 }, () => new Uint8Array(LAN_HASH_BYTES))];
  const search = encodeSearch('v4', { port: 40_001, hashes, cookie: 'ab'.repeat(48) });
  expect(search.length).toBeGreaterThanOrEqual(CARD_BYTES);
  expect(bo.lan.handleMessage('eth0', AT, search, at(10))).toBe(true);
  expect(types(bo.lan).sort()).toEqual(['heard', 'heard', 'send']);
});

test('[LAN-11] replayed as often as one likes, somebody is heard and answered every 2 s', () => {
  const [ana, bo] = [side(ANA, BO), side(BO, ANA)];
  const bytes = told(ana.lan);
  let outputs = 0;
  for (let atMs = 0; atMs < 10_000; atMs += 100) {
    bo.lan.handleMessage('eth0', AT, bytes, at(atMs));
    outputs += drain(bo.lan).length;
  }
  expect(outputs).toBe((10_000 / HEARD_AGAIN_MS) * 2);
});

test('[LAN-11] from however many hosts: what is answered in all has a limit', () => {
  const [ana, bo] = [side(ANA, BO), side(BO, ANA)];
  const bytes = told(ana.lan);
  let cards = 0;
  for (let i = 0; i < 2_000; i++) {
    const host = `192.168.1.${2 + (i % 250)}`;
    bo.lan.handleMessage('eth0', { host, port: 1 + i }, bytes, at(10 + i * 5));
    cards += drain(bo.lan).filter(({ type }) => type === 'send').length;
  }
  expect(cards).toBeLessThanOrEqual(HEARD_BURST + HEARD_PER_S * 10);
  const dropped = bo.lan.stats()['dropped']!;
  expect(dropped).toBeGreaterThan(2_000 - MESSAGES_BURST - 50 * 10 - 2);
});

test('[LAN-12] ⚑ whom we do not look for any more is neither told nor known', () => {
  const [ana, bo] = [side(ANA, BO), side(BO, ANA)];
  const bytes = told(ana.lan);
  bo.peers = [];
  bo.lan.handlePeers(0);
  expect(bo.lan.handleMessage('eth0', AT, bytes, at(10))).toBe(false);
  bo.lan.handleTimeout(at(20));
  const [search] = drain(bo.lan);
  const ours = hex(lanHash(S(), BO, E));
  expect(search?.type === 'multicast' && utf8Text(search.bytes)!.includes(ours)).toBe(false);
  // The same with them among those we look for: the search would have found it.
  expect(utf8Text(told(side(BO, ANA).lan))).toContain(ours);
});

test('[LAN-7] with no network nothing is told, and nothing that comes in is read', () => {
  const [ana, bo] = [side(ANA, BO), side(BO, ANA)];
  const bytes = told(ana.lan);
  bo.lan.handleNetworks([], 5);
  expect(bo.lan.wakeAtMs()).toBeUndefined();
  expect(bo.lan.handleMessage('eth0', AT, bytes, at(10))).toBe(false);
  bo.lan.handleTimeout(at(1e6));
  expect(drain(bo.lan)).toEqual([]);
});
