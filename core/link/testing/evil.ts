/**
 * A peer with valid keys and a link, that seals whatever it likes into its records.
 * @module
 */
import { assert } from '../../base/assert.ts';
import { concat } from '../../base/bytes.ts';
import { dhPublicKey } from '../../crypto/dh.ts';
import { Secret } from '../../crypto/keys.ts';
import { bucketOf, encodeFrame, FRAME } from '../frame.ts';
import { contextOf, FlightKey, flightLength, openFlight, sealFlight } from '../gate.ts';
import { openLink } from '../handshake.ts';
import { LINK_LIMITS } from '../limits.ts';
import { Path } from '../path.ts';
import type { TestNet, TestNode } from './net.ts';

const NONE = new Uint8Array(0);

export interface Evil {
  /** Seals these bytes as one record, with a length that says `claimed`. */
  record(plaintext: Uint8Array, claimed?: number): void;
  frame(type: number, fields?: Partial<Fields>): void;
  /** Bytes outside any record. */
  raw(bytes: Uint8Array): void;
  /** What the victim sent since the last call: the types of its frames. */
  heard(): number[];
}

interface Fields {
  number: number;
  ack: number;
  limit: number;
  content: Uint8Array;
}

/** A raw frame: any type, any fields, padded like a good one. */
export function rawFrame(type: number, fields: Partial<Fields> = {}): Uint8Array {
  const content = fields.content ?? NONE;
  const bytes = new Uint8Array(bucketOf(21 + content.length));
  const view = new DataView(bytes.buffer);
  const uint48 = (at: number, value: number): void => {
    view.setUint16(at, Math.floor(value / 2 ** 32));
    view.setUint32(at + 2, value >>> 0);
  };
  bytes[0] = type;
  uint48(1, fields.number ?? 0);
  uint48(7, fields.ack ?? 0);
  uint48(13, fields.limit ?? 0);
  view.setUint16(19, content.length);
  bytes.set(content, 21);
  return bytes;
}

/** Comes in over TCP by the victim's first gate; START is left to the caller. */
export function evilPeer(net: TestNet, victim: TestNode): Evil {
  const gate = victim.options.gates![0]!;
  const { bytes: random } = net.prng;
  const noise = new Secret<'device noise'>('device noise', random(32));
  assert(dhPublicKey(noise.reveal()).length === 32, 'a key of its own');
  const opening = openLink(
    {
      random,
      self: { identity: random(32), device: random(32), noise },
      versions: [1],
      features: 0,
      instance: random(8),
    },
    victim.target(gate),
    0,
    NONE,
  )!;
  const key = new FlightKey(gate.secret);
  const r = random(32);
  const stream = net.injectStream(victim);
  stream.write(sealFlight(key, contextOf(), r, opening.message, 0));
  const reply = concat(...stream.read.splice(0));
  const length = flightLength(key, contextOf(r), reply)!;
  const { keys } = opening.finish(openFlight(key, contextOf(r), reply.subarray(0, length))!)!;
  const options = { limits: LINK_LIMITS, nowMs: net.nowMs };
  const ears = new Path(0, victim.route('tcp'), keys, options);
  const record = (plaintext: Uint8Array, claimed = plaintext.length): void => {
    const head = keys.send.encrypt(NONE, Uint8Array.of(claimed >> 8, claimed & 255));
    stream.write(concat(head, keys.send.encrypt(NONE, plaintext)));
  };
  return {
    record,
    frame: (type, fields) => record(rawFrame(type, fields)),
    raw: (bytes) => stream.write(bytes),
    heard: () => {
      ears.feed(concat(...stream.read.splice(0)));
      const types: number[] = [];
      for (let frame = ears.next(); frame !== undefined; frame = ears.next()) {
        types.push(frame.type);
      }
      return types;
    },
  };
}

/** A good START. */
export const START = encodeFrame({ type: FRAME.start, number: 0, ack: 0, limit: 0, content: NONE });
