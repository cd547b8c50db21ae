/**
 * Targets: the messages of both handshakes, sealed under the keys that make them verify.
 * @module
 */
import { assert } from '@sotto/core/base/assert.ts';
import { type Encodable, encode } from '@sotto/core/base/bencode.ts';
import { concat, uintBE } from '@sotto/core/base/bytes.ts';
import { Prng } from '@sotto/core/base/prng.ts';
import { dhPublicKey } from '@sotto/core/crypto/dh.ts';
import { kdf, LABELS } from '@sotto/core/crypto/kdf.ts';
import { Secret } from '@sotto/core/crypto/keys.ts';
import {
  type AttachRoot,
  type HandshakeDeps,
  openAttach,
  openLink,
  type Opening,
  readAttachRequest,
  readLinkRequest,
} from '@sotto/core/link/handshake.ts';
import { versionListHash } from '@sotto/core/link/versions.ts';
import { attachReplies, attachRequests, ikReplies, ikRequests } from './noise-peer.ts';
import type { Target } from './target.ts';

const VERSIONS = [1, 2];
const NONE = new Uint8Array(0);
const WORDS = [
  ...'fipsv',
  '1:v',
  'l',
  'i1e',
  'i2e',
  'li1ei2ee',
  new Uint8Array(8),
  new Uint8Array(32),
];

/** Two devices whose keys and chance are the same in every run. */
function devices(): { self: HandshakeDeps; secret: Uint8Array; prologue: Uint8Array } {
  const prng = new Prng(30);
  const [identity, device, secret] = [prng.bytes(32), prng.bytes(32), prng.bytes(32)];
  const self: HandshakeDeps = {
    random: (length) => new Prng(31).bytes(length),
    self: { identity, device, noise: new Secret('device noise', secret.slice()) },
    versions: VERSIONS,
    features: 5,
    instance: prng.bytes(8),
  };
  const kinds = Uint8Array.of(1, 1);
  return { self, secret, prologue: concat(versionListHash(VERSIONS), kinds, identity, device) };
}

function hello(more: { [key: string]: Encodable }): Uint8Array {
  return encode({ f: 1, i: new Uint8Array(8), s: 0, ...more });
}

/** First byte: bit 0 the message as it is, bit 1 it is answered; else a payload inside the keys. */
const request: Target = {
  name: 'link-request',
  covers: {
    'core/link/handshake.ts': ['readLinkRequest', 'readHello', 'readCommon'],
    'core/link/noise.ts': ['NoiseHandshake.read', 'NoiseHandshake.#readTokens'],
    'core/link/versions.ts': ['isVersionList', 'highestCommon', 'commonFeatures'],
  },
  bytesMax: 70_000,
  words: WORDS,
  bencodeAt: 1,
  start() {
    const { self, secret, prologue } = devices();
    const prng = new Prng(32);
    const seal = ikRequests(prologue, dhPublicKey(secret), prng.bytes(32), prng.bytes(32));
    const plain = hello({ p: NONE, v: [1] });
    const rich = hello({ p: prng.bytes(100), s: 77, v: [1, 2, 9], f: 2 ** 31, zz: 'later' });
    return {
      seeds: [
        concat(Uint8Array.of(0), plain),
        concat(Uint8Array.of(2), rich),
        concat(Uint8Array.of(1), seal(plain)),
      ],
      run(input) {
        const mode = input[0] ?? 0;
        const rest = input.subarray(1);
        const read = readLinkRequest(self, 'direct', (mode & 1) !== 0 ? rest : seal(rest));
        if (read && (mode & 2) !== 0) assert(read.answer(5) !== undefined, 'it can be answered');
        return read !== undefined;
      },
    };
  },
};

const reply: Target = {
  name: 'link-reply',
  covers: {
    'core/link/handshake.ts': ['openLink', 'readReplyHello', 'readCommon'],
  },
  bytesMax: 1300,
  words: WORDS,
  bencodeAt: 1,
  start() {
    const { self, prologue } = devices();
    const prng = new Prng(33);
    const { device, identity } = self.self;
    const secret = prng.bytes(32);
    const gate = { id: 'g', kind: 'direct' as const, secret: new Secret('gate', prng.bytes(32)) };
    const target = { identity, device, noise: dhPublicKey(secret), versions: VERSIONS, gate };
    // The initiator's chance is the same each time, and so is its first message.
    const open = (): Opening<unknown> => openLink(self, target, 0, NONE)!;
    let opening = open();
    const ours = dhPublicKey(self.self.noise.reveal());
    const seal = ikReplies(prologue, opening.message, ours, prng.bytes(32), secret);
    return {
      seeds: [
        concat(Uint8Array.of(0), hello({ v: 2 })),
        concat(Uint8Array.of(0), hello({ v: 2, s: 9, later: 'x' })),
        concat(Uint8Array.of(1), seal(hello({ v: 2 }))),
      ],
      run(input) {
        const mode = input[0] ?? 0;
        const rest = input.subarray(1);
        if (mode === 2) {
          const small = { ...target, noise: new Uint8Array(32) };
          assert(openLink(self, small, 0, NONE) === undefined, 'no link to a key of small order');
        }
        const inside = (mode & 1) === 0;
        const established = opening.finish(inside ? seal(rest) : rest);
        // What verifies ends the run, whatever it says; what does not changes nothing.
        if (inside || established !== undefined) {
          assert(opening.finish(rest) === undefined, 'a handshake ends once');
          opening = open();
        }
        return established !== undefined;
      },
    };
  },
};

/** First byte: bit 0 a reply, else a request; bit 1 the message as it is, bit 2 a small order. */
const attach: Target = {
  name: 'attach',
  covers: {
    'core/link/handshake.ts': ['openAttach', 'readAttachRequest', 'readAttached'],
  },
  bytesMax: 300,
  words: [new Uint8Array(10), new Uint8Array(6), new Uint8Array(4)],
  start() {
    const prng = new Prng(34);
    const root = prng.bytes(32);
    const link: AttachRoot = { root: new Secret('path attach', root), hash: prng.bytes(32) };
    const psk = kdf(root, LABELS.pathAttach, Uint8Array.of(1), 32);
    const prologue = concat(Uint8Array.of(2), link.hash);
    const random = (length: number): Uint8Array<ArrayBuffer> => new Prng(35).bytes(length);
    const sealRequest = attachRequests(prologue, psk, dhPublicKey(prng.bytes(32)));
    const sealSmall = attachRequests(prologue, psk, new Uint8Array(32));
    const open = (): Opening<unknown> => openAttach(random, link, 3, 0);
    let opening = open();
    const sealReply = attachReplies(prologue, psk, opening.message, prng.bytes(32));
    const payload = concat(uintBE(9, 6), uintBE(7, 4));
    return {
      seeds: [
        concat(Uint8Array.of(0), payload),
        concat(Uint8Array.of(1), payload),
        concat(Uint8Array.of(2), sealRequest(payload)),
        concat(Uint8Array.of(3), sealReply(payload)),
      ],
      run(input) {
        const mode = input[0] ?? 0;
        const rest = input.subarray(1);
        if ((mode & 1) !== 0) {
          const inside = (mode & 2) === 0;
          const attached = opening.finish(inside ? sealReply(rest) : rest);
          if (inside || attached !== undefined) {
            assert(opening.finish(rest) === undefined, 'a handshake ends once');
            opening = open();
          }
          return attached !== undefined;
        }
        const small = (mode & 6) === 4;
        const seal = small ? sealSmall : sealRequest;
        const read = readAttachRequest(random, link, (mode & 2) !== 0 ? rest : seal(rest));
        if (read) assert(small === (read.answer(1, 2) === undefined), 'answered or not');
        return read !== undefined;
      },
    };
  },
};

export const HANDSHAKE: readonly Target[] = [request, reply, attach];
