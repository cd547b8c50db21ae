import { hkdfSync } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encode, type Encodable } from '../base/bencode.ts';
import { concat, fromHex, hex, utf8, utf8Text } from '../base/bytes.ts';
import { encodeEndpoint } from '../base/endpoint.ts';
import { Prng } from '../base/prng.ts';
import { Secret } from '../crypto/keys.ts';
import { EPOCH_MS } from './epoch.ts';
import { newPeerName, PEERS_READ_MAX, type Announce } from './tracker-announce.ts';
import { epochsAround, TRACKER_TURN_MS, trackerHash } from './tracker-hash.ts';
import { announcePath, decodeHttpAnswer, TRACKER_ANSWER_BYTES_MAX } from './tracker-http.ts';
import { decodeUdpReply, encodeAnnounce, encodeConnect } from './tracker-udp.ts';

const FOUR = { host: '198.51.100.7', port: 51413 };
const SIX = { host: '2001:db8::7', port: 6881 };
const transaction = fromHex('0a0b0c0d')!;
const announce: Announce = {
  hash: fromHex('00'.repeat(9) + '2d2e5f7e41ff20' + '7a'.repeat(4))!,
  peerId: utf8('-TR3000-abcdefghijkl'),
  key: fromHex('00c0ffee')!,
  event: 'started',
  port: 51413,
  wanted: 80,
};

test('[TRK-2] both ends have one hash, and another one each hour', () => {
  const bytes = Uint8Array.from({ length: 32 }, (_, i) => i);
  const secret = new Secret('pair', bytes);
  const info = concat(utf8('sotto/1 tracker hash\0'), fromHex('0000000000079646')!);
  const expected = new Uint8Array(hkdfSync('sha256', bytes, '', info, 20));
  expect(hex(trackerHash(secret, 497_222))).toBe(hex(expected));
  expect(hex(trackerHash(secret, 497_222))).toBe('3b5ed6da84fcc471841d25bb3bbfe6b696b1fc6a');
  expect(hex(trackerHash(secret, 497_223))).not.toBe(hex(expected));
});

test('[TRK-2] near the turn of an epoch its neighbour counts too', () => {
  const startMs = 497_222 * EPOCH_MS;
  expect(epochsAround(startMs)).toEqual([497_222, 497_221]);
  expect(epochsAround(startMs + TRACKER_TURN_MS)).toEqual([497_222]);
  expect(epochsAround(startMs + EPOCH_MS - TRACKER_TURN_MS)).toEqual([497_222]);
  expect(epochsAround(startMs + EPOCH_MS - 1)).toEqual([497_222, 497_223]);
  expect(epochsAround(0)).toEqual([0]);
});

test('[TRK-3] an announce over HTTP is what Transmission 3.00 says of a magnet link', () => {
  const rest =
    'info_hash=%00%00%00%00%00%00%00%00%00-._~A%ff%20zzzz&peer_id=-TR3000-abcdefghijkl' +
    '&port=51413&uploaded=0&downloaded=0&left=9223372036854775807&numwant=80&key=c0ffee' +
    '&compact=1&supportcrypto=1';
  expect(announcePath('/announce', announce)).toBe(`/announce?${rest}&event=started`);
  expect(announcePath('/a?key=1', { ...announce, event: undefined })).toBe(`/a?key=1&${rest}`);
});

test('[TRK-3] each hash has a peer id and a key of its own', () => {
  const { bytes } = new Prng(1);
  const [one, other] = [newPeerName(bytes), newPeerName(bytes)];
  expect(utf8Text(one.peerId)).toMatch(/^-TR3000-[0-9a-z]{12}$/);
  expect(one.key.length).toBe(4);
  expect(hex(other.peerId)).not.toBe(hex(one.peerId));
  expect(hex(other.key)).not.toBe(hex(one.key));
});

test('[TRK-4] over UDP the bytes are those of BEP 15', () => {
  expect(hex(encodeConnect(transaction))).toBe('0000041727101980' + '00000000' + '0a0b0c0d');
  const connection = fromHex('1122334455667788')!;
  expect(hex(encodeAnnounce(connection, transaction, announce))).toBe(
    '1122334455667788' +
      '00000001' +
      '0a0b0c0d' +
      hex(announce.hash) +
      hex(announce.peerId) +
      '0000000000000000' +
      '7fffffffffffffff' +
      '0000000000000000' +
      '00000002' +
      '00000000' +
      '00c0ffee' +
      '00000050' +
      'c8d5',
  );
  const goodbye = encodeAnnounce(connection, transaction, { ...announce, event: 'stopped' });
  expect(hex(goodbye.subarray(80, 84))).toBe('00000003');
});

test('[TRK-4] an answer counts for its own transaction alone', () => {
  const connected = fromHex('00000000' + '0a0b0c0d' + '1122334455667788')!;
  const connection = fromHex('1122334455667788')!;
  expect(decodeUdpReply(connected, transaction, 'v4')).toEqual({ type: 'connected', connection });
  expect(decodeUdpReply(connected, fromHex('0a0b0c0e')!, 'v4')).toBeUndefined();
  expect(decodeUdpReply(connected.subarray(0, 15), transaction, 'v4')).toBeUndefined();
  const head = fromHex('00000001' + '0a0b0c0d' + '00000708' + '00000001' + '00000000')!;
  const answer = { isRefused: false, intervalMs: 1_800_000, minMs: undefined };
  const four = concat(head, encodeEndpoint(FOUR), Uint8Array.of(1, 2, 3));
  const said4 = { type: 'answer', answer: { ...answer, peers: [FOUR] } };
  expect(decodeUdpReply(four, transaction, 'v4')).toEqual(said4);
  const six = concat(head, encodeEndpoint(SIX));
  const said6 = { type: 'answer', answer: { ...answer, peers: [SIX] } };
  expect(decodeUdpReply(six, transaction, 'v6')).toEqual(said6);
  const refusal = concat(fromHex('00000003' + '0a0b0c0d')!, utf8('no'));
  expect(decodeUdpReply(refusal, transaction, 'v4')).toEqual({ type: 'error' });
  const scrape = fromHex('00000002' + '0a0b0c0d')!;
  expect(decodeUdpReply(scrape, transaction, 'v4')).toBeUndefined();
});

test('[TRK-5] an answer over HTTP names endpoints in each of three forms', () => {
  const peers = encodeEndpoint(FOUR);
  const both = { interval: 1800, 'min interval': 900, peers, peers6: encodeEndpoint(SIX) };
  const answer = { isRefused: false, intervalMs: 1_800_000, minMs: 900_000, peers: [FOUR, SIX] };
  expect(decodeHttpAnswer(encode(both))).toEqual(answer);
  const dicts = [
    { ip: FOUR.host, port: FOUR.port, 'peer id': 'x' },
    { ip: 'a.example', port: 1 },
    { ip: SIX.host, port: SIX.port },
    { ip: FOUR.host, port: 0 },
    7,
  ];
  const listed = { ...answer, intervalMs: undefined, minMs: undefined };
  expect(decodeHttpAnswer(encode({ peers: dicts }))).toEqual(listed);
  // Some trackers do not sort their keys.
  const unsorted = utf8('d5:peers0:8:intervali60ee');
  expect(decodeHttpAnswer(unsorted)?.intervalMs).toBe(60_000);
});

test('[TRK-5] a refusal is one, and nonsense is no answer', () => {
  const refusal = { 'failure reason': 'not here', peers: encodeEndpoint(FOUR) };
  expect(decodeHttpAnswer(encode(refusal))).toMatchObject({ isRefused: true, peers: [] });
  const odd = { interval: -1, 'min interval': 2 ** 40, peers: 7, peers6: 'short' };
  expect(decodeHttpAnswer(encode(odd))).toEqual({
    ...{ isRefused: false, intervalMs: undefined, minMs: undefined, peers: [] },
  });
  for (const text of ['', 'le', '<html>', 'd', 'i1e']) {
    expect(decodeHttpAnswer(utf8(text))).toBeUndefined();
  }
  const many = new Uint8Array(6 * (PEERS_READ_MAX + 1)).fill(9);
  expect(decodeHttpAnswer(encode({ peers: many }))?.peers).toHaveLength(PEERS_READ_MAX);
  const long = encode({ peers: new Uint8Array(TRACKER_ANSWER_BYTES_MAX) });
  expect(decodeHttpAnswer(long)).toBeUndefined();
});

test('[TRK-5] ⚑ no answer makes a reader throw, nor name more than its limit', () => {
  const value: fc.Arbitrary<Encodable> = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.integer(),
    fc.array(fc.record({ ip: fc.string(), port: fc.integer() }), { maxLength: 4 }),
  );
  const keys = ['peers', 'peers6', 'interval', 'min interval', 'failure reason', 'x'];
  const dict = fc.dictionary(fc.constantFrom(...keys), value, { noNullPrototype: true });
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    dict.map((one) => encode(one)),
  );
  fc.assert(
    fc.property(body, (bytes) => {
      expect(decodeHttpAnswer(bytes)?.peers.length ?? 0).toBeLessThanOrEqual(PEERS_READ_MAX);
      const reply = concat(Uint8Array.of(0, 0, 0, bytes[0] ?? 0), transaction, bytes);
      for (const family of ['v4', 'v6'] as const) decodeUdpReply(reply, transaction, family);
    }),
    { numRuns: 2_000 },
  );
});
