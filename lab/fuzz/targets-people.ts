/**
 * Targets: who people are, as their devices, invites and hellos say it, and our own documents.
 * @module
 */
import { assert } from '@sotto/core/base/assert.ts';
import { type Encodable, encode } from '@sotto/core/base/bencode.ts';
import { base32, concat, equal, utf8, utf8Text } from '@sotto/core/base/bytes.ts';
import { Prng } from '@sotto/core/base/prng.ts';
import { sha256 } from '@sotto/core/crypto/hash.ts';
import { LABELS } from '@sotto/core/crypto/kdf.ts';
import { Secret } from '@sotto/core/crypto/keys.ts';
import { SigningKey } from '@sotto/core/crypto/sign.ts';
import { decodeDelivery, encodeDelivery, messageName } from '@sotto/core/delivery/wire.ts';
import { CAN_ADMIT, issueCertificate, readCertificate } from '@sotto/core/people/certificate.ts';
import { decodeContact, encodeContact } from '@sotto/core/people/contact.ts';
import { conversationText, parseConversation } from '@sotto/core/people/conversation.ts';
import { decodeGate, encodeGate, newGate } from '@sotto/core/people/gate.ts';
import { decodeHello, encodeHello } from '@sotto/core/people/hello.ts';
import { formatId, parseId, writeText } from '@sotto/core/people/id-text.ts';
import { formatInvite, parseIdOrInvite } from '@sotto/core/people/invite-text.ts';
import { decodeInvite, encodeInvite, type Invite, inviteId } from '@sotto/core/people/invite.ts';
import type { Target } from './target.ts';

export function keyOf(prng: Prng): SigningKey {
  return new SigningKey(new Secret('device signing', prng.bytes(32)));
}

const link: Target = {
  name: 'link-message',
  covers: { 'core/delivery/wire.ts': ['messageName', 'decodeDelivery'] },
  bytesMax: 48 * 1024,
  words: ['m', 'e', 'g', 'x', 'h', 'c', 'i', 'k', 'w', '1:e', '1:g', '1:x', new Uint8Array(16)],
  bencodeAt: 0,
  start() {
    const { bytes } = new Prng(8);
    const envelope = bytes(16);
    return {
      seeds: [
        encodeDelivery({ type: 'envelope', envelope, kind: 'prekey', ciphertext: bytes(300) }),
        encodeDelivery({ type: 'envelope', envelope, kind: 'message', ciphertext: bytes(44_000) }),
        encodeDelivery({ type: 'got', envelopes: [envelope, bytes(16)] }),
        encodeDelivery({ type: 'refused', envelope, why: 'renew' }),
        encodeDelivery({ type: 'refused', envelope, why: 'never' }),
      ],
      run(input) {
        const message = messageName(input);
        const read = message && decodeDelivery(message.name, message.dict);
        if (!read) return false;
        const again = messageName(encodeDelivery(read));
        assert(again?.name === message.name, 'a message reads back');
        return true;
      },
    };
  },
};

const hello: Target = {
  name: 'hello',
  covers: {
    'core/people/hello.ts': ['decodeHello', 'bytesUpTo'],
    'core/people/name.ts': ['cleanName'],
  },
  bytesMax: 24 * 1024,
  words: [...'bclmnrw', '\u202e', '\u200b', '\u0000', ' ', '\ud83d\ude00', '1:n'],
  bencodeAt: 0,
  start() {
    const { bytes } = new Prng(9);
    const said = {
      certificate: bytes(300),
      deviceList: bytes(500),
      bundle: bytes(1800),
      record: bytes(200),
      wallMs: 1.7e12,
    };
    return {
      seeds: [
        encodeHello({ ...said, name: 'Ana' }),
        encodeHello({ ...said, name: undefined }),
        encodeHello({ ...said, name: '\u05d0\u202eAna  \ud83d\ude00'.repeat(16) }),
      ],
      run(input) {
        const message = messageName(input);
        const read = message?.name === 'h' ? decodeHello(message.dict) : undefined;
        if (read?.name === undefined) return read !== undefined;
        assert(!/[\p{Cc}\p{Cf}]/u.test(read.name) && read.name !== '', 'names are clean');
        assert(utf8(read.name).length <= 256, 'names are short');
        return true;
      },
    };
  },
};

/** First byte even: a body that both keys sign, so that it is read to its end; odd: all of it. */
const certificate: Target = {
  name: 'certificate',
  covers: { 'core/people/certificate.ts': ['readCertificate', 'readBody', 'readCapabilities'] },
  bytesMax: 1100,
  words: [...'bcdinsvx', 'admit', '5:admit', '4:admi', new Uint8Array(64), new Uint8Array(32)],
  bencodeAt: 1,
  start() {
    const prng = new Prng(10);
    const [identity, device] = [keyOf(prng), keyOf(prng)];
    const [noise, signal] = [prng.bytes(32), concat(Uint8Array.of(5), prng.bytes(32))];
    const body = (capabilities: string[], more: { [key: string]: Encodable } = {}): Uint8Array =>
      encode({
        ...{ c: capabilities, d: device.publicKey, i: identity.publicKey, n: 1, s: signal },
        ...{ v: 1, x: noise },
        ...more,
      });
    const keys = { noise, signal, number: 1, capabilities: [CAN_ADMIT] };
    const whole = issueCertificate(keys, identity, device).bytes;
    const bodies = [body([]), body(['admit', 'later-one']), body(['a'], { z: ['unknown'] })];
    return {
      seeds: [concat(Uint8Array.of(1), whole), ...bodies.map((b) => concat(Uint8Array.of(0), b))],
      run(input) {
        const mode = input[0] ?? 0;
        const rest = input.subarray(1);
        if ((mode & 1) !== 0) return readCertificate(rest).ok;
        // Signing costs most, and most bodies do not get so far as to need it.
        const none = new Uint8Array(64);
        const unsigned = readCertificate(encode({ b: rest, d: none, i: none }));
        if (unsigned.ok || unsigned.reason !== 'identity signature') return false;
        const sign = (key: SigningKey): Uint8Array => key.sign(LABELS.certificate, rest);
        // Bit 1: the device's signature is somebody else's.
        const d = sign((mode & 2) !== 0 ? identity : device);
        const read = readCertificate(encode({ b: rest, d, i: sign(identity) }));
        if (read.ok) assert(equal(read.certificate.identity, identity.publicKey), 'whose it is');
        return read.ok;
      },
    };
  },
};

/** First byte: bit 0 a payload of a known form, bit 1 which; bit 2 any form with a good check. */
const texts: Target = {
  name: 'id-and-invite-text',
  covers: {
    'core/people/id-text.ts': [
      ...['parseId', 'readText', 'readAfterPrefix', 'readBare', 'endsWord', 'formOf', 'readBody'],
    ],
    'core/people/invite-text.ts': ['parseIdOrInvite'],
    'core/people/conversation.ts': ['parseConversation'],
    'core/base/bytes.ts': ['fromBase32'],
  },
  bytesMax: 9000,
  words: [
    ...['sotto:', 'SOTTO:', ' ', '-', '\u2011', '\u200b', '\u202e', '\ufe0f', '\u2212', '//', 'c_'],
    ...['aaaa', 'a', '2', '7', '1', '0', '8', '\u00e4', '\uff53\uff4f', ', ', '.', '\n', '\ud83d'],
  ],
  start() {
    const prng = new Prng(11);
    const identity = prng.bytes(32);
    const id = formatId(identity);
    const secret = new Secret('invite' as const, prng.bytes(32));
    const invite = formatInvite({ secret, identity, expiresMs: 1.7e12, reusable: true });
    const groups = id
      .slice(6)
      .toUpperCase()
      .replace(/(.{4})/g, '$1 ');
    const grouped = `My ID: SOTTO:${groups}, write to me`;
    const named = conversationText(prng.bytes(16));
    const seeds = [id, invite, id.slice(6), grouped, `see ${invite}. Bye`, named];
    return {
      seeds: seeds.map((text) => concat(Uint8Array.of(0), utf8(text))),
      run(input) {
        const rest = input.subarray(1);
        if (((input[0] ?? 0) & 4) !== 0) {
          const check = sha256(utf8('sotto id'), rest).subarray(0, 2);
          return parseIdOrInvite(`sotto:${base32(concat(rest, check))}`).ok;
        }
        if (((input[0] ?? 0) & 1) !== 0) {
          const made = writeText((input[0]! & 2) !== 0 ? 'id' : 'invite', rest);
          const read = parseIdOrInvite(made);
          assert(!read.ok || rest.length === 32 || rest.length === 69, 'only known lengths');
          return read.ok;
        }
        const text = utf8Text(rest) ?? new TextDecoder('latin1').decode(rest);
        const conversation = parseConversation(text);
        const read = parseIdOrInvite(text);
        assert(parseId(text).ok === (read.ok && read.kind === 'id'), 'both readers agree');
        if (read.ok && read.kind === 'id') assert(parseId(formatId(read.identity)).ok, 'again');
        return read.ok || conversation !== undefined;
      },
    };
  },
};

/** First byte: which of our documents. */
const documents: Target = {
  name: 'documents',
  covers: {
    'core/people/contact.ts': ['decodeContact', 'decodeDevice', 'decodeChange'],
    'core/people/invite.ts': ['decodeInvite'],
    'core/people/gate.ts': ['decodeGate', 'gateOf'],
  },
  bytesMax: 8 * 1024,
  words: [...'abcdefghiklnopqrstuvx', new Uint8Array(32), '1:k', '1:n'],
  bencodeAt: 1,
  start() {
    const prng = new Prng(12);
    const { bytes } = prng;
    const device = { device: bytes(32), certificate: bytes(300) };
    const contact = encodeContact({
      identity: bytes(32),
      name: 'Ana',
      nameIsOurs: true,
      blocked: false,
      local: false,
      invite: 'sotto:a',
      secret: new Secret('pair', bytes(32)),
      pairing: true,
      besides: new Secret('pair', bytes(32)),
      deviceList: bytes(100),
      devices: [{ ...device, bundle: bytes(9), record: undefined }],
      lastSeenMs: 1,
      verifiedMs: 2,
      policy: 'hidden',
      theirPolicy: 'local',
      policyChanges: [{ atMs: 3, by: 'them', policy: 'local' }],
    });
    const secret = new Secret('invite' as const, bytes(32));
    const gate = new Secret('gate' as const, bytes(32));
    const invite: Invite = {
      ...{ id: inviteId(secret), secret, gate, createdMs: 1, expiresMs: 2, reusable: true },
      ...{ revoked: false, usedBy: [bytes(32)], policy: 'direct' },
    };
    const docs = [contact, encodeInvite(invite), encodeGate(newGate('circuit', bytes, 1))];
    return {
      seeds: docs.map((doc, i) => concat(Uint8Array.of(i), doc)),
      run(input) {
        const rest = input.subarray(1);
        const kind = (input[0] ?? 0) % 3;
        if (kind === 0) return decodeContact(rest) !== undefined;
        return (kind === 1 ? decodeInvite(rest) : decodeGate(rest)) !== undefined;
      },
    };
  },
};

export const PEOPLE: readonly Target[] = [link, hello, certificate, texts, documents];
