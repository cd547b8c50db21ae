/**
 * Targets: what stands inside the ratchet, prekey bundles, and who may call the local API.
 * @module
 */
import * as signal from '@signalapp/libsignal-client';
import { METHODS, type Method } from '@sotto/api/contract.ts';
import { assert } from '@sotto/core/base/assert.ts';
import { encode } from '@sotto/core/base/bencode.ts';
import { concat, equal, utf8, utf8Text } from '@sotto/core/base/bytes.ts';
import { Prng } from '@sotto/core/base/prng.ts';
import { judge } from '@sotto/daemon/http-guard.ts';
import { BUCKETS_BYTES, decodeContent, encodeContent } from '@sotto/vault/content.ts';
import { decodeBundle } from '@sotto/vault/prekeys.ts';
import type { Target } from './target.ts';

/** First byte: 0 bencode in its padding, 1 padded as it is. */
const content: Target = {
  name: 'sealed-content',
  covers: { 'vault/content.ts': ['decodeContent'] },
  bytesMax: 41 * 1024,
  words: ['e', 'w', '1:e', '1:w', new Uint8Array(32), Uint8Array.of(0x80)],
  bencodeAt: 1,
  start() {
    const { bytes } = new Prng(50);
    const from = { identity: bytes(32), device: bytes(32) };
    const to = { identity: bytes(32), device: bytes(32) };
    const sealed = [1, 900, 5000].map((length) => encodeContent(bytes(length), from, to)!);
    const other = encodeContent(bytes(9), to, from)!;
    assert(decodeContent(other, from, to) === 'mismatch', 'the other way round is a mismatch');
    return {
      seeds: sealed.map((padded, i) => {
        const end = padded.lastIndexOf(0x80);
        return concat(Uint8Array.of(i % 2), i % 2 === 0 ? padded.subarray(0, end) : padded);
      }),
      run(input) {
        const rest = input.subarray(1);
        const padded = (input[0] ?? 0) % 2 === 0 ? padTo(rest) : rest;
        const event = decodeContent(padded, from, to);
        if (typeof event === 'string') return false;
        const again = decodeContent(encodeContent(event, from, to)!, from, to);
        assert(typeof again !== 'string' && equal(again, event), 'content reads back');
        return true;
      },
    };
  },
};

function padTo(bytes: Uint8Array): Uint8Array {
  const bucket = BUCKETS_BYTES.find((size) => size > bytes.length) ?? bytes.length + 1;
  const padded = new Uint8Array(bucket);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  return padded;
}

const bundle: Target = {
  name: 'prekey-bundle',
  covers: { 'vault/prekeys.ts': ['decodeBundle'] },
  bytesMax: 2300,
  words: [...'efikln', '1:e', '1:k', new Uint8Array(33), new Uint8Array(64)],
  bencodeAt: 0,
  start() {
    const { bytes } = new Prng(51);
    const identity = signal.PrivateKey.generate().getPublicKey().serialize();
    const fields = {
      e: signal.PrivateKey.generate().getPublicKey().serialize(),
      f: bytes(64),
      i: identity,
      k: signal.KEMKeyPair.generate().getPublicKey().serialize(),
      l: bytes(64),
      n: 7,
    };
    return {
      seeds: [encode(fields), encode({ ...fields, n: 0xffffff, z: 'later' })],
      run: (input) => decodeBundle(input, identity) !== undefined,
    };
  },
};

const PORT = 7340;
const COOKIE = 'c0'.repeat(32);
const PAGE = 'a9'.repeat(32);
const TOKEN = '0123456789abcdef'.repeat(4);

/** Lines: method, version, target, then names and values of headers in turn. */
const guard: Target = {
  name: 'api-guard',
  covers: { 'daemon/http-guard.ts': ['judge', 'opensPage', 'valuesOf', 'ownCookie'] },
  bytesMax: 8 * 1024,
  words: [
    ...['\n', 'Host', 'host', '127.0.0.1:7340', 'Origin', 'http://127.0.0.1:7340', 'null', 'none'],
    ...['Sec-Fetch-Site', 'same-origin', 'Authorization', `Bearer ${TOKEN}`, 'GET', 'POST', '1.1'],
    ...['/api/v1/', 'events', '?', 'localhost:7340', '127.0.0.1', '.', '\r', '\t', ' '],
    ...['Cookie', `sotto_${PORT}=${COOKIE}`, `Bearer ${PAGE}`, '; ', 'session', '/welcome'],
    ...['Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Dest', 'document', 'cross-site'],
  ],
  start() {
    const rest = ['Host', `127.0.0.1:${PORT}`, 'Authorization', `Bearer ${TOKEN}`];
    const browser = ['Origin', `http://127.0.0.1:${PORT}`, 'Sec-Fetch-Site', 'same-origin'];
    const session = ['Authorization', `Bearer ${PAGE}`, 'Cookie', `a=b; sotto_${PORT}=${COOKIE}`];
    const opened = ['Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Dest', 'document'];
    const lines = [
      ['POST', '1.1', '/api/v1/status.get', ...rest],
      ['GET', '1.1', '/api/v1/events?from=3', ...rest],
      ['POST', '1.1', '/api/v1/messages.send', ...browser, ...rest],
      ['POST', '1.1', '/api/v1/status.get', ...browser, ...rest.slice(0, 2), ...session],
      ['POST', '1.1', '/api/v1/session', ...browser, ...rest.slice(0, 2)],
      ['GET', '1.1', '/welcome', ...rest.slice(0, 2), ...opened],
    ];
    const keys = {
      isToken: (bearer: string) => bearer === TOKEN,
      session: ({ cookie, page }: { cookie: string; page: string }) =>
        cookie === COOKIE && page === PAGE ? 'session' : undefined,
    };
    return {
      seeds: lines.map((one) => utf8(one.join('\n'))),
      run(input) {
        const text = utf8Text(input) ?? new TextDecoder('latin1').decode(input);
        const [method = '', version = '', target = '', ...rawHeaders] = text.split('\n');
        const verdict = judge({ method, version, target, rawHeaders }, PORT, keys);
        if (!verdict.ok) return false;
        const has = (name: string, value: string): boolean =>
          rawHeaders.some((one, i) => one.toLowerCase() === name && rawHeaders[i + 1] === value);
        const own = `127.0.0.1:${PORT}`;
        assert(has('host', own), 'who gets in named our host');
        if (verdict.to === 'page') assert(!/^\/api(\/|$)/.test(verdict.path), 'no page is the API');
        else if (verdict.to === 'swap') assert(has('origin', `http://${own}`), 'a page of ours');
        else if (verdict.session === undefined) {
          assert(has('authorization', `Bearer ${TOKEN}`), 'who gets in has the token');
        } else {
          assert(has('authorization', `Bearer ${PAGE}`), 'or has the page half');
          assert(text.toLowerCase().includes('\ncookie\n') && text.includes(COOKIE), 'and cookie');
        }
        return true;
      },
    };
  },
};

/** First byte: which method; then its parameters as JSON. */
const params: Target = {
  name: 'api-params',
  covers: {},
  bytesMax: 40 * 1024,
  words: [
    ...['{', '}', '[', ']', '"', ':', ',', 'null', 'true', '1e999', '-1', '0', '"to"', '"text"'],
    ...['"clientId"', '"name"', '"limit"', '"__proto__"', '"constructor"', '\\u0000', '\\ud800'],
  ],
  start() {
    const names = Object.keys(METHODS) as Method[];
    const clientId = 'ab'.repeat(16);
    const samples: [Method, unknown][] = [
      ['status.get', {}],
      ['contacts.show', { to: 'Ana' }],
      ['contacts.rename', { to: 'Ana', name: 'Anna' }],
      ['messages.send', { to: 'Ana', text: 'hello', clientId }],
      ['config.get', { key: 'net.port' }],
    ];
    return {
      seeds: samples.map(([method, value]) =>
        concat(Uint8Array.of(names.indexOf(method)), utf8(JSON.stringify(value))),
      ),
      run(input) {
        const method = names[(input[0] ?? 0) % names.length]!;
        let value: unknown;
        try {
          value = JSON.parse(utf8Text(input.subarray(1)) ?? '');
        } catch {
          return false;
        }
        return METHODS[method].params.safeParse(value).success;
      },
    };
  },
};

export const VAULT: readonly Target[] = [content, bundle, guard, params];
