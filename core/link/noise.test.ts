import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { fromHex, hex } from '../base/bytes.ts';
import { Prng } from '../base/prng.ts';
import { Secret } from '../crypto/keys.ts';
import { CipherState, IK, NN_PSK0, NoiseHandshake, type Pattern, type Token } from './noise.ts';

/** Noise 7.4 and 7.5, and the deferred patterns of chapter 18 that the vectors use. */
const PATTERNS: Record<string, { known: [boolean, boolean]; messages: string[] }> = {
  N: { known: [false, true], messages: ['e es'] },
  X: { known: [false, true], messages: ['e es s ss'] },
  NN: { known: [false, false], messages: ['e', 'e ee'] },
  NK: { known: [false, true], messages: ['e es', 'e ee'] },
  NX: { known: [false, false], messages: ['e', 'e ee s es'] },
  XN: { known: [false, false], messages: ['e', 'e ee', 's se'] },
  XK: { known: [false, true], messages: ['e es', 'e ee', 's se'] },
  XK1: { known: [false, true], messages: ['e', 'e ee es', 's se'] },
  XX: { known: [false, false], messages: ['e', 'e ee s es', 's se'] },
  XX1: { known: [false, false], messages: ['e', 'e ee s', 'es s se'] },
  KN: { known: [true, false], messages: ['e', 'e ee se'] },
  KK: { known: [true, true], messages: ['e es ss', 'e ee se'] },
  KX: { known: [true, false], messages: ['e', 'e ee se s es'] },
  IN: { known: [false, false], messages: ['e s', 'e ee se'] },
  IK: { known: [false, true], messages: ['e es s ss', 'e ee se'] },
  IK1: { known: [false, true], messages: ['e s', 'e ee se es'] },
  IX: { known: [false, false], messages: ['e s', 'e ee se s es'] },
};

/** Builds `XXpsk0+psk3` from XX: psk0 opens message 1, pskN ends message N (Noise 9.4). */
function patternOf(name: string): Pattern {
  const [, base, modifiers] = /^([A-Z]+1?)((?:psk\d\+?)*)$/.exec(name)!;
  const { known, messages } = PATTERNS[base!]!;
  const tokens = messages.map((message) => message.split(' ') as Token[]);
  for (const modifier of modifiers === '' ? [] : modifiers!.split('+')) {
    const place = Number(modifier.slice(3));
    if (place === 0) tokens[0]!.unshift('psk');
    else tokens[place - 1]!.push('psk');
  }
  return { name, known, messages: tokens };
}

interface Vector {
  protocol_name: string;
  init_prologue: string;
  init_ephemeral: string;
  init_static?: string;
  init_remote_static?: string;
  init_psks?: string[];
  resp_prologue: string;
  resp_ephemeral?: string;
  resp_static?: string;
  resp_remote_static?: string;
  resp_psks?: string[];
  handshake_hash?: string;
  messages: { payload: string; ciphertext: string }[];
}

function sideOf(vector: Vector, side: 'init' | 'resp'): NoiseHandshake {
  const [, name] = /^Noise_(.+)_25519_ChaChaPoly_SHA256$/.exec(vector.protocol_name)!;
  const secret = vector[`${side}_static`];
  const remote = vector[`${side}_remote_static`];
  return new NoiseHandshake(patternOf(name!), {
    initiator: side === 'init',
    prologue: fromHex(vector[`${side}_prologue`])!,
    random: () => fromHex(vector[`${side}_ephemeral`]!)!,
    ...(secret === undefined ? {} : { staticSecret: new Secret('s', fromHex(secret)!) }),
    ...(remote === undefined ? {} : { remoteStatic: fromHex(remote)! }),
    psks: (vector[`${side}_psks`] ?? []).map((psk) => new Secret('psk', fromHex(psk)!)),
  });
}

function runVector(vector: Vector): void {
  const [init, resp] = [sideOf(vector, 'init'), sideOf(vector, 'resp')];
  const rest = [...vector.messages];
  let [writer, reader] = [init, resp];
  while (!init.done) {
    const { payload, ciphertext } = rest.shift()!;
    const message = writer.write(fromHex(payload)!)!;
    expect(hex(message)).toBe(ciphertext);
    expect(hex(reader.read(message)!)).toBe(payload);
    [writer, reader] = [reader, writer];
  }
  const oneWay = /^Noise_[NX](psk\d)?_/.test(vector.protocol_name);
  const [a, b] = [init.split(), resp.split()];
  expect(hex(a.hash)).toBe(hex(b.hash));
  expect(hex(a.secret)).toBe(hex(b.secret));
  if (vector.handshake_hash !== undefined) expect(hex(a.hash)).toBe(vector.handshake_hash);
  let [from, to] = oneWay || writer === init ? [a, b] : [b, a];
  for (const { payload, ciphertext } of rest) {
    const sealed = from.send.encrypt(new Uint8Array(0), fromHex(payload)!);
    expect(hex(sealed)).toBe(ciphertext);
    expect(hex(to.receive.decrypt(new Uint8Array(0), sealed)!)).toBe(payload);
    if (!oneWay) [from, to] = [to, from];
  }
}

for (const [file, count] of [
  ['cacophony', 29],
  ['snow', 19],
] as const) {
  describe(`[LNK-1] Noise vectors of ${file}`, () => {
    const url = new URL(`../../vectors/noise/${file}.json`, import.meta.url);
    const { vectors } = JSON.parse(readFileSync(url, 'utf8')) as { vectors: Vector[] };
    test('are all there', () => expect(vectors.length).toBe(count));
    for (const vector of vectors) test(vector.protocol_name, () => runVector(vector));
  });
}

test('[LNK-1] the two patterns in use are those of the specification', () => {
  expect(IK).toEqual(patternOf('IK'));
  expect(NN_PSK0).toEqual(patternOf('NNpsk0'));
});

/** An IK pair whose responder key the initiator knows. */
function ikPair(prologues: [string, string] = ['', '']): [NoiseHandshake, NoiseHandshake] {
  const prng = new Prng(7);
  const [a, b] = [new Secret('s', prng.bytes(32)), new Secret('s', prng.bytes(32))];
  const probe = new NoiseHandshake(patternOf('IN'), {
    initiator: true,
    prologue: new Uint8Array(0),
    random: prng.bytes,
    staticSecret: b,
  });
  const remoteStatic = probe.write(new Uint8Array(0))!.slice(32, 64);
  const common = { random: prng.bytes };
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  return [
    new NoiseHandshake(IK, {
      ...common,
      initiator: true,
      prologue: bytes(prologues[0]),
      staticSecret: a,
      remoteStatic,
    }),
    new NoiseHandshake(IK, {
      ...common,
      initiator: false,
      prologue: bytes(prologues[1]),
      staticSecret: b,
    }),
  ];
}

test('[LNK-2] a message with any bit flipped or any end cut is refused and changes nothing', () => {
  const [a, b] = ikPair();
  const first = a.write(Uint8Array.of(1, 2, 3))!;
  for (let i = 0; i < first.length; i++) {
    const bent = first.slice();
    bent[i]! ^= 1 << (i % 8);
    expect(b.read(bent)).toBeUndefined();
    expect(b.read(first.subarray(0, i))).toBeUndefined();
  }
  expect(b.read(first)).toEqual(Uint8Array.of(1, 2, 3));
  const second = b.write(Uint8Array.of(4))!;
  for (let i = 0; i < second.length; i++) {
    const bent = second.slice();
    bent[i]! ^= 1 << (i % 8);
    expect(a.read(bent)).toBeUndefined();
  }
  expect(a.read(second)).toEqual(Uint8Array.of(4));
  expect(a.split().hash).toEqual(b.split().hash);
});

test('[LNK-2] another prologue and a small-order ephemeral are refused', () => {
  const [a, b] = ikPair(['sotto', 'other']);
  const first = a.write(new Uint8Array(0))!;
  expect(b.read(first)).toBeUndefined();
  const small = first.slice().fill(0, 0, 32);
  expect(b.read(small)).toBeUndefined();
});

test('[LNK-1] rekey gives both ends the same new key and leaves the old one useless', () => {
  const key = new Prng(1).bytes(32);
  const [a, b, old] = [1, 2, 3].map(() => new CipherState(key.slice()));
  const none = new Uint8Array(0);
  a!.rekey();
  b!.rekey();
  const sealed = a!.encrypt(none, Uint8Array.of(9));
  expect(old!.decrypt(none, sealed)).toBeUndefined();
  expect(b!.decrypt(none, sealed)).toEqual(Uint8Array.of(9));
});
