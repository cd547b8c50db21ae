/**
 * A peer with valid keys and a link, that seals whatever it likes into its records.
 * @module
 */
import { assert } from '../../base/assert.ts';
import { concat } from '../../base/bytes.ts';
import { dhPublicKey } from '../../crypto/dh.ts';
import { Secret } from '../../crypto/keys.ts';
import type { GateKey } from '../contract.ts';
import { bucketOf, FRAME } from '../frame.ts';
import { contextOf, FlightKey, flightLength, openFlight, sealFlight } from '../gate.ts';
import { type Agreed, openLink, type PathKeys, readLinkRequest } from '../handshake.ts';
import { LINK_LIMITS } from '../limits.ts';
import { offerMix } from '../mix.ts';
import { Path } from '../path.ts';
import type { TestNet, TestNode } from './net.ts';

const NONE = new Uint8Array(0);

export interface Evil {
  /** A good START: the link is up, and everything after is under the mixed keys. */
  start(): void;
  /** What a good START would carry. */
  readonly encapsulationKey: Uint8Array;
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

/** Comes in over TCP by the victim's first gate; START is left to the caller, good or not. */
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
  const agreed = opening.finish(openFlight(key, contextOf(r), reply.subarray(0, length))!)!;
  const offer = offerMix(random, agreed);
  let { keys } = agreed;
  const options = { limits: LINK_LIMITS, nowMs: net.nowMs };
  const ears = new Path(0, victim.route('tcp'), keys, options);
  const heard: number[] = [];
  const listen = (): void => {
    ears.feed(concat(...stream.read.splice(0)));
    for (let frame = ears.next(); frame !== undefined; frame = ears.next()) {
      heard.push(frame.type);
      if (frame.type !== FRAME.start) continue;
      ({ keys } = offer.finish(frame.content)!);
      ears.replaceKeys(keys, net.nowMs);
    }
  };
  const record = (plaintext: Uint8Array, claimed = plaintext.length): void => {
    const head = keys.send.encrypt(NONE, Uint8Array.of(claimed >> 8, claimed & 255));
    stream.write(concat(head, keys.send.encrypt(NONE, plaintext)));
  };
  return {
    record,
    encapsulationKey: offer.encapsulationKey,
    start: () => {
      const content = offer.encapsulationKey;
      ears.write({ type: FRAME.start, number: 0, ack: 0, limit: 0, content }, net.nowMs);
      stream.write(ears.takeOutput()!);
      listen();
    },
    frame: (type, fields) => record(rawFrame(type, fields)),
    raw: (bytes) => stream.write(bytes),
    heard: () => {
      listen();
      return heard.splice(0);
    },
  };
}

export interface EvilResponder {
  /** The content of the dialler's START. */
  readonly encapsulationKey: Uint8Array;
  readonly agreed: Agreed;
  /** Seals this as one record under the keys of now. */
  record(plaintext: Uint8Array): void;
  /** Puts these in place of Noise's keys. */
  replaceKeys(keys: PathKeys): void;
}

/** Answers the only dial of `dialler` to `target`, by TCP, up to its START. */
export function evilResponder(net: TestNet, dialler: TestNode, gate: GateKey): EvilResponder {
  const { bytes: random } = net.prng;
  const noise = new Secret<'device noise'>('device noise', random(32));
  const self = { identity: random(32), device: random(32), noise };
  const deps = { random, self, versions: [1], features: 0, instance: random(8) };
  const target = { ...self, noise: dhPublicKey(noise.reveal()), versions: [1], gate };
  const route = { transport: 'tcp', endpoint: { host: '10.7.7.7', port: 7 } } as const;
  const written: Uint8Array[] = [];
  let stream = 0;
  const act = (): void => {
    for (let out = dialler.links.poll(); out !== undefined; out = dialler.links.poll()) {
      if (out.type === 'stream-open') stream = out.stream;
      else if (out.type === 'stream-write') written.push(out.bytes);
      else if (out.type !== 'stream-close') dialler.events.push(out);
    }
  };
  const say = (bytes: Uint8Array): void => {
    dialler.links.handleStreamBytes(stream, bytes, net.nowMs);
    act();
  };
  dialler.links.dial(1, target, [route], NONE, net.nowMs);
  act();
  dialler.links.handleStreamOpened(stream, net.nowMs);
  act();
  const flight = written.shift()!;
  const key = new FlightKey(gate.secret);
  const request = readLinkRequest(deps, gate.kind, openFlight(key, contextOf(), flight)!)!;
  const { agreed, message } = request.answer(0);
  say(sealFlight(key, contextOf(flight.slice(0, 32)), random(32), message, 0));
  const ears = new Path(0, route, agreed.keys, { limits: LINK_LIMITS, nowMs: net.nowMs });
  ears.feed(written.shift()!);
  let { keys } = agreed;
  return {
    agreed,
    encapsulationKey: ears.next()!.content,
    replaceKeys: (mixed) => void (keys = mixed),
    record: (plaintext) => {
      const length = Uint8Array.of(plaintext.length >> 8, plaintext.length & 255);
      say(concat(keys.send.encrypt(NONE, length), keys.send.encrypt(NONE, plaintext)));
    },
  };
}
