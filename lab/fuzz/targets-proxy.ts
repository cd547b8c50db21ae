/**
 * Targets: what a proxy answers, in pieces of any size.
 * @module
 */
import { assert } from '@sotto/core/base/assert.ts';
import { concat, utf8 } from '@sotto/core/base/bytes.ts';
import { ConnectGreeting } from '@sotto/daemon/proxy-connect.ts';
import type { Greeting } from '@sotto/daemon/proxy-greeting.ts';
import { SocksGreeting } from '@sotto/daemon/proxy-socks.ts';
import type { Target } from './target.ts';

const TO = { host: '192.0.2.7', port: 443 };
const TO_SIX = { host: '2001:db8::7', port: 443 };

/**
 * First byte: how large the pieces are.
 * @returns whether the stream came to be ours.
 */
function greet(greeting: Greeting, input: Uint8Array): boolean {
  const size = 1 + ((input[0] ?? 0) & 63) * 8;
  greeting.begin();
  // What came too soon is looked at with the next piece: at the end with none.
  for (let at = 1; at < input.length + 3 * size; at += size) {
    const step = greeting.handle(input.slice(at, at + size));
    if (step.type === 'fault') return false;
    if (step.type !== 'open') continue;
    assert(step.rest.length < input.length, 'no more comes out than went in');
    return true;
  }
  return false;
}

function pieces(size: number, ...bytes: readonly (Uint8Array | number[])[]): Uint8Array {
  return concat(Uint8Array.of(size), ...bytes.map((one) => Uint8Array.from(one)));
}

const V4 = [5, 0, 0, 1, 127, 0, 0, 1, 0, 80];
const V6 = [5, 0, 0, 4, ...new Array<number>(16).fill(1), 0, 80];
const NAME = [5, 0, 0, 3, 2, 97, 98, 0, 80];

const socks: Target = {
  name: 'proxy-socks',
  covers: {
    'daemon/proxy-socks.ts': [
      ...['SocksGreeting.handle', 'SocksGreeting.#method', 'SocksGreeting.#accepted'],
      ...['SocksGreeting.#connect', 'SocksGreeting.#reply'],
    ],
  },
  bytesMax: 600,
  words: [Uint8Array.of(5, 0), Uint8Array.of(5, 2), Uint8Array.of(1, 0), Uint8Array.from(V4)],
  start: () => ({
    seeds: [
      pieces(63, [5, 0], V4, [9, 9]),
      pieces(0, [5, 2, 1, 0], V6),
      pieces(1, [5, 0], NAME),
      pieces(128, [5, 2], [1, 0], V4),
    ],
    run(input) {
      const account = { user: utf8('ana'), password: utf8('secret') };
      const to = ((input[0] ?? 0) & 64) === 0 ? TO : TO_SIX;
      const name = { host: 'example.org', port: 443 };
      return greet(new SocksGreeting(input[0] === 255 ? name : to, account), input);
    },
  }),
};

const connect: Target = {
  name: 'proxy-connect',
  covers: { 'daemon/proxy-connect.ts': ['ConnectGreeting.handle', 'faultOf'] },
  bytesMax: 17_000,
  words: ['HTTP/1.1 ', 'HTTP/1.0 ', '200 OK', '100 ', '407', '401', '403', '405', '\r\n', ': '],
  start: () => ({
    seeds: [
      pieces(63, utf8('HTTP/1.1 200 Connection established\r\n\r\nhello')),
      pieces(0, utf8('HTTP/1.0 200\r\nVia: x\r\n\r\n')),
      pieces(8, utf8('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 None\r\n\r\n')),
    ],
    run: (input) => greet(new ConnectGreeting(TO, undefined), input),
  }),
};

export const PROXY: readonly Target[] = [socks, connect];
