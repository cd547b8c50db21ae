/**
 * Targets: the link layer, inside a valid gate and under valid keys.
 * @module
 */
import { assert } from '@sotto/core/base/assert.ts';
import { concat, equal, uintBE } from '@sotto/core/base/bytes.ts';
import { Prng } from '@sotto/core/base/prng.ts';
import { Secret } from '@sotto/core/crypto/keys.ts';
import { CIPHERTEXT_BYTES, ENCAPSULATION_KEY_BYTES } from '@sotto/core/crypto/mlkem.ts';
import { CONTENT_BYTES_MAX, decodeFrame, encodeFrame, FRAME } from '@sotto/core/link/frame.ts';
import {
  contextOf,
  FLIGHT_BYTES_MAX,
  FlightKey,
  flightLength,
  HEAD_BYTES,
  openFlight,
  OPENING_BYTES,
  sealFlight,
} from '@sotto/core/link/gate.ts';
import type { Agreed } from '@sotto/core/link/handshake.ts';
import { LINK_LIMITS } from '@sotto/core/link/limits.ts';
import { answerMix, type MixOffer, offerMix } from '@sotto/core/link/mix.ts';
import { CipherState } from '@sotto/core/link/noise.ts';
import { Path } from '@sotto/core/link/path.ts';
import { rawFrame } from '@sotto/core/link/testing/evil.ts';
import type { Target } from './target.ts';

const NONE = new Uint8Array(0);

const frame: Target = {
  name: 'frame',
  covers: { 'core/link/frame.ts': ['decodeFrame', 'contentFits', 'isNumbered', 'bucketOf'] },
  bytesMax: 16_500,
  words: [new Uint8Array(64), new Uint8Array(8), Uint8Array.of(1), Uint8Array.of(0, 1)],
  start: () => ({
    seeds: frames(),
    run(input) {
      const read = decodeFrame(input);
      if (read !== undefined) assert(equal(encodeFrame(read), input), 'reads and writes the same');
      return read !== undefined;
    },
  }),
};

function frames(): Uint8Array[] {
  const prng = new Prng(20);
  const lengths: [number, number][] = [
    [FRAME.start, 0],
    [FRAME.start, ENCAPSULATION_KEY_BYTES],
    [FRAME.start, CIPHERTEXT_BYTES],
    [FRAME.data, 1],
    [FRAME.data, 44],
    [FRAME.part, CONTENT_BYTES_MAX],
    [FRAME.ack, 0],
    [FRAME.ping, 8],
    [FRAME.pong, 8],
    [FRAME.close, 1],
    [FRAME.rekey, 0],
  ];
  return lengths.map(([type, length]) => {
    const number = type === FRAME.data || type === FRAME.part ? prng.int(0, 2 ** 40) : 0;
    return rawFrame(type, { number, ack: 2 ** 33, limit: 2 ** 20, content: prng.bytes(length) });
  });
}

/**
 * Records of a peer that has the keys. Each begins with a byte of flags and two of length n:
 * bit 0 the sealed length says what the next two bytes say, bit 1 outside any record, bit 2 the
 * peer takes its next key behind it, bit 3 padded to a bucket; then n bytes.
 */
const path: Target = {
  name: 'path',
  covers: {
    'core/link/path.ts': [
      ...['Path.feed', 'Path.next', 'Path.#readLength', 'Path.#openFrame', 'Path.#take'],
      ...['Path.#fail', 'Direction.overused'],
    ],
  },
  bytesMax: 20_000,
  words: [Uint8Array.of(0, 0, 64), Uint8Array.of(1, 0, 64), Uint8Array.of(4, 0, 64)],
  start() {
    const [one, two] = [new Prng(21).bytes(32), new Prng(22).bytes(32)];
    const limits = { ...LINK_LIMITS, rekeyRecords: 6, rekeyBytes: 6000 };
    const route = { transport: 'tcp', endpoint: { host: '10.0.0.1', port: 1 } } as const;
    const record = (flags: number, bytes: Uint8Array): Uint8Array =>
      concat(Uint8Array.of(flags), uintBE(bytes.length, 2), bytes);
    const [start, long, data] = [rawFrame(FRAME.start), frames()[5]!, frames()[3]!];
    const many = concat(record(0, start), ...new Array<Uint8Array>(15).fill(record(0, data)));
    const rekeyed = concat(record(0, start), record(4, rawFrame(FRAME.rekey)), record(0, data));
    const closed = record(0, rawFrame(FRAME.close, { content: Uint8Array.of(1) }));
    return {
      seeds: [concat(record(0, start), record(0, data)), many, rekeyed, closed].concat(
        concat(record(0, start), record(0, long)),
      ),
      run(input) {
        const keys = { send: new CipherState(one.slice()), receive: new CipherState(two.slice()) };
        const reader = new Path(1, route, keys, { limits, nowMs: 0 });
        const bytes = sealRecords(input, new CipherState(two.slice()));
        const cut = (input[1] ?? 0) > 0 ? input[1]! * 8 : bytes.length;
        let read = 0;
        for (let at = 0; at < bytes.length; at += cut) {
          reader.feed(bytes.subarray(at, at + cut));
          while (reader.next() !== undefined) read++;
        }
        return read > 0;
      },
    };
  },
};

function sealRecords(input: Uint8Array, cipher: CipherState): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 0; at + 3 <= input.length;) {
    const flags = input[at]!;
    const length = (input[at + 1]! << 8) | input[at + 2]!;
    let bytes = input.subarray(at + 3, at + 3 + length);
    at += 3 + length;
    if ((flags & 8) !== 0) bytes = concat(bytes, new Uint8Array((64 - (bytes.length % 64)) % 64));
    if ((flags & 2) !== 0) {
      parts.push(bytes);
      continue;
    }
    const said = Uint8Array.of(bytes.length >> 8, bytes.length & 255);
    const head = (flags & 1) !== 0 ? concat(bytes, said).subarray(0, 2) : said;
    parts.push(cipher.encrypt(NONE, head), cipher.encrypt(NONE, bytes));
    if ((flags & 4) !== 0) cipher.rekey();
  }
  return concat(...parts);
}

/** First byte: bit 0 a ciphertext for the initiator, else a key for the responder. */
const mix: Target = {
  name: 'mix',
  covers: {
    'core/link/mix.ts': ['offerMix', 'answerMix'],
    'core/crypto/mlkem.ts': ['mlkemEncapsulate', 'mlkemDecapsulate', 'isEncapsulationKey'],
  },
  bytesMax: 1300,
  words: [Uint8Array.of(0xff, 0xff, 0xff), Uint8Array.of(0x01, 0x1d, 0xd0), new Uint8Array(32)],
  start() {
    // Chance and handshake are the same each time, and so is the offer.
    const random = (length: number): Uint8Array<ArrayBuffer> => new Prng(24).bytes(length);
    const offer = (): MixOffer => offerMix(random, agreed());
    const key = offer().encapsulationKey;
    const { ciphertext, established } = answerMix(random, agreed(), key)!;
    return {
      seeds: [concat(Uint8Array.of(0), key), concat(Uint8Array.of(1), ciphertext)],
      run(input) {
        const rest = input.subarray(1);
        if (((input[0] ?? 0) & 1) === 0) return answerMix(random, agreed(), rest) !== undefined;
        const mixed = offer().finish(rest);
        const same = mixed?.established.exporter.equals(established.exporter) ?? false;
        assert(same === equal(rest, ciphertext), 'one ciphertext gives the secret');
        return mixed !== undefined;
      },
    };
  },
};

/** One end after a handshake. */
function agreed(): Agreed {
  const prng = new Prng(25);
  const key = (): CipherState => new CipherState(prng.bytes(32));
  return {
    peer: { peerNoise: prng.bytes(32), peerInstance: prng.bytes(8), version: 1, features: 0 },
    keys: { send: key(), receive: key() },
    secret: new Secret('handshake', prng.bytes(32)),
    hash: prng.bytes(32),
    remoteId: 0,
  };
}

/** First byte: 0 clear flight, masked and authenticated by us; 1 a Noise message, 2 as it is. */
const flight: Target = {
  name: 'flight',
  covers: { 'core/link/gate.ts': ['openFlight', 'flightLength', 'unmask', 'lengthsOf'] },
  bytesMax: FLIGHT_BYTES_MAX + 60,
  words: [new Uint8Array(48), new Uint8Array(52), Uint8Array.of(0, 48), Uint8Array.of(0, 96)],
  start() {
    const prng = new Prng(23);
    const key = new FlightKey(new Secret('gate', prng.bytes(32)));
    const context = contextOf();
    const clear = (noise: number, padding: number): Uint8Array => {
      const lengths = concat(uintBE(noise, 2), uintBE(padding, 2));
      return concat(prng.bytes(48), lengths, prng.bytes(noise), new Uint8Array(padding));
    };
    const sealed = sealFlight(key, context, prng.bytes(32), prng.bytes(96), 7);
    const good = [clear(48, 0), clear(96, 256), clear(1100, 48)];
    return {
      seeds: [
        ...good.map((bytes) => concat(Uint8Array.of(0), bytes)),
        concat(Uint8Array.of(1), prng.bytes(64)),
        concat(Uint8Array.of(2), sealed),
      ],
      run(input) {
        const mode = (input[0] ?? 0) % 3;
        const bytes = flightOf(key, context, mode, input.subarray(1));
        const noise = openFlight(key, context, bytes);
        const length = bytes.length < HEAD_BYTES ? undefined : flightLength(key, context, bytes);
        if (noise && length !== undefined) assert(length === bytes.length, 'both see one end');
        return noise !== undefined;
      },
    };
  },
};

function flightOf(key: FlightKey, context: Uint8Array, mode: number, rest: Uint8Array): Uint8Array {
  if (mode === 2) return rest;
  if (mode === 1) {
    if (rest.length < 48 || rest.length > 1000) return rest;
    const room = FLIGHT_BYTES_MAX - HEAD_BYTES - rest.length;
    const padding = Math.min(rest[0]!, room);
    return sealFlight(key, context, new Uint8Array(OPENING_BYTES), rest, padding);
  }
  if (rest.length < HEAD_BYTES) return rest;
  const masked = rest.slice();
  const lengthsAt = HEAD_BYTES - 4;
  const mask = key.mask(context, masked.subarray(0, OPENING_BYTES), masked.length - lengthsAt);
  mask.forEach((byte, i) => (masked[lengthsAt + i]! ^= byte));
  masked.set(key.mac(context, masked), OPENING_BYTES);
  return masked;
}

export const LINK: readonly Target[] = [frame, path, mix, flight];
