/**
 * Targets: what a tracker answers, over HTTP and over UDP, and what a person names as one.
 * @module
 */
import { assert } from '@sotto/core/base/assert.ts';
import { encode } from '@sotto/core/base/bencode.ts';
import { concat, uintBE, utf8, utf8Text } from '@sotto/core/base/bytes.ts';
import { encodeEndpoint, parseAddress, type Endpoint } from '@sotto/core/base/endpoint.ts';
import { PEERS_READ_MAX } from '@sotto/core/discovery/tracker-announce.ts';
import { decodeHttpAnswer } from '@sotto/core/discovery/tracker-http.ts';
import { decodeUdpReply } from '@sotto/core/discovery/tracker-udp.ts';
import { parseTracker, trackerText } from '@sotto/core/discovery/tracker-url.ts';
import type { Target } from './target.ts';

const FOUR = { host: '93.184.216.34', port: 6881 };
const SIX = { host: '2606:2800:220:1::1', port: 6881 };
const TRANSACTION = Uint8Array.of(1, 2, 3, 4);

function areEndpoints(peers: readonly Endpoint[]): void {
  assert(peers.length <= PEERS_READ_MAX, 'no more than are read');
  for (const { host, port } of peers) {
    assert(parseAddress(host) !== undefined && port > 0 && port < 65_536, 'an endpoint');
  }
}

const http: Target = {
  name: 'tracker-http',
  covers: {
    'core/discovery/tracker-http.ts': ['decodeHttpAnswer', 'peersOf', 'bytesOf', 'msOf'],
    'core/discovery/tracker-announce.ts': ['compactPeers'],
  },
  bytesMax: 2_000,
  bencodeAt: 0,
  words: ['8:interval', '12:min interval', '5:peers', '6:peers6', '14:failure reason', '2:ip'],
  start() {
    const peers = encodeEndpoint(FOUR);
    const times = { interval: 1_800, 'min interval': 900 };
    const seeds = [
      encode({ ...times, peers, peers6: encodeEndpoint(SIX) }),
      encode({ peers: [{ ip: FOUR.host, port: 6_881 }, { ip: 'a.example', port: 0 }, 7] }),
      encode({ 'failure reason': 'no', ...times }),
      encode({ interval: -1, peers: new Uint8Array(6), peers6: 7 }),
    ];
    return {
      seeds,
      run(input) {
        const answer = decodeHttpAnswer(input);
        if (answer) areEndpoints(answer.peers);
        return answer !== undefined;
      },
    };
  },
};

/** First byte: even for a tracker of IPv4, odd for one of IPv6. */
const udp: Target = {
  name: 'tracker-udp',
  covers: { 'core/discovery/tracker-udp.ts': ['decodeUdpReply', 'answerOf'] },
  bytesMax: 400,
  words: [TRANSACTION, uintBE(0, 4), uintBE(1, 4), uintBE(2, 4), uintBE(3, 4)],
  start() {
    const reply = (family: number, action: number, ...rest: Uint8Array[]): Uint8Array =>
      concat(Uint8Array.of(family), uintBE(action, 4), TRANSACTION, ...rest);
    const head = concat(uintBE(1_800, 4), new Uint8Array(8));
    const seeds = [
      reply(0, 0, new Uint8Array(8)),
      reply(0, 1, head, encodeEndpoint(FOUR)),
      reply(1, 1, head, encodeEndpoint(SIX)),
      reply(0, 3, utf8('no')),
    ];
    return {
      seeds,
      run(input) {
        const family = ((input[0] ?? 0) & 1) === 0 ? 'v4' : 'v6';
        const read = decodeUdpReply(input.subarray(1), TRANSACTION, family);
        if (read?.type === 'answer') areEndpoints(read.answer.peers);
        return read !== undefined;
      },
    };
  },
};

const url: Target = {
  name: 'tracker-url',
  covers: { 'core/discovery/tracker-url.ts': ['parseTracker', 'hostOf', 'trackerText'] },
  bytesMax: 300,
  words: ['http://', 'https://', 'udp://', ':6969', ':0', '/', '/announce', '[::1]', '[', '.', ' '],
  start() {
    const seeds = [
      'http://tracker.example/announce',
      'https://[2001:db8::1]:8443/a?key=1',
      'udp://192.0.2.7:6969',
      'http://A.example:80/',
      'udp://a.b-c.example:1/announce',
    ];
    return {
      seeds: seeds.map((text) => utf8(text)),
      run(input) {
        const tracker = parseTracker(utf8Text(input) ?? '');
        if (!tracker) return false;
        const again = parseTracker(trackerText(tracker));
        assert(again !== undefined, 'what is taken is written and taken again');
        assert(trackerText(again) === trackerText(tracker), 'in one way');
        return true;
      },
    };
  },
};

export const TRACKERS: readonly Target[] = [http, udp, url];
