/**
 * Targets: the front door. What lies at doors and in slots of the DHT was made by anybody who has
 * the ID, and holds a valid seal all the same.
 * @module
 */
import { assert } from '@sotto/core/base/assert.ts';
import { decode, encode } from '@sotto/core/base/bencode.ts';
import { concat, equal, utf8 } from '@sotto/core/base/bytes.ts';
import { Prng } from '@sotto/core/base/prng.ts';
import { seal } from '@sotto/core/crypto/aead.ts';
import { dhPublicKey } from '@sotto/core/crypto/dh.ts';
import type { OpeningSecret } from '@sotto/core/crypto/hpke.ts';
import { Secret } from '@sotto/core/crypto/keys.ts';
import {
  decodeDoor,
  decodePointer,
  encodeDoor,
  encodePointer,
} from '@sotto/core/discovery/door.ts';
import { dayDoc, doorDoc, loadDoor, pointerDoc } from '@sotto/core/discovery/door-saved.ts';
import { openKnock, sealKnock } from '@sotto/core/discovery/knock.ts';
import {
  cutPieces,
  decodeHead,
  encodeHead,
  joinPieces,
  PIECED_BYTES_MAX,
} from '@sotto/core/discovery/pieces.ts';
import { CONTENT_BYTES } from '@sotto/core/discovery/sealed-item.ts';
import { decodeAsked, encodeAsked } from '@sotto/core/people/asked.ts';
import { issueCertificate } from '@sotto/core/people/certificate.ts';
import { newDeviceList } from '@sotto/core/people/device-list.ts';
import { decodeHail, decodeKnock, encodeHail, encodeKnock } from '@sotto/core/people/knock.ts';
import { decodeRequest, encodeDeclined, encodeRequest } from '@sotto/core/people/request.ts';
import type { Target } from './target.ts';
import { keyOf } from './targets-people.ts';

const DAY = 19_000;

/** First byte: what is read. Whatever is accepted is written as it was read. */
const door: Target = {
  name: 'door',
  covers: {
    'core/discovery/door.ts': ['decodePointer', 'decodeDoor'],
    'core/discovery/pieces.ts': ['decodeHead'],
  },
  bytesMax: 4096,
  words: [...'bcdehklmnprst', '1:d', '1:n', new Uint8Array(32), new Uint8Array(20), 'i22e'],
  bencodeAt: 1,
  start() {
    const { bytes } = new Prng(30);
    const list = { version: 3, hash: bytes(32) };
    const content = { bundle: bytes(1800), certificate: bytes(300), knockKey: bytes(32) };
    const cut = cutPieces(bytes(2200), new Secret('door seal', bytes(32)), bytes);
    const seeds = [
      encodePointer({ day: DAY, doorKey: bytes(32), list }),
      encodeDoor({ ...content, majors: [1, 2], costBits: 18, slotSeed: bytes(32) }),
      encodeHead(cut.head),
      encodeHead({ ...cut.head, proof: bytes(8) }),
    ];
    return {
      seeds: seeds.map((seed, i) => concat(Uint8Array.of(Math.min(i, 2)), seed)),
      run(input) {
        const rest = input.subarray(1);
        const again = writtenAgain((input[0] ?? 0) % 3, rest);
        if (again === undefined) return false;
        const twice = writtenAgain((input[0] ?? 0) % 3, again);
        assert(twice !== undefined && equal(twice, again), 'what we write we read');
        return true;
      },
    };
  },
};

function writtenAgain(kind: number, bytes: Uint8Array): Uint8Array | undefined {
  if (kind === 0) {
    const pointer = decodePointer(bytes, DAY);
    return pointer && encodePointer(pointer);
  }
  if (kind === 1) {
    const content = decodeDoor(bytes);
    return content && encodeDoor(content);
  }
  const head = decodeHead(bytes);
  return head && encodeHead(head);
}

/**
 * Content cut into pieces by who has the seal. Flags in the first byte: bit 0 one piece is missing,
 * bit 1 the length is another, bit 2 the hash is, bit 3 the pieces are the input itself, each
 * after its length in two bytes, bit 4 those are sealed.
 */
const pieces: Target = {
  name: 'pieces',
  covers: {
    'core/discovery/pieces.ts': ['joinPieces'],
    'core/discovery/sealed-item.ts': ['openItem'],
  },
  bytesMax: PIECED_BYTES_MAX + 100,
  words: [new Uint8Array(740), Uint8Array.of(2, 226), Uint8Array.of(3, 0), Uint8Array.of(24)],
  start() {
    const prng = new Prng(31);
    const key = new Secret('door seal', prng.bytes(32));
    const nonce = (length: number): Uint8Array<ArrayBuffer> => new Uint8Array(length);
    const seeds = [1, 738, 739, 2200, PIECED_BYTES_MAX].map((length) => prng.bytes(length));
    return {
      seeds: seeds.map((content) => concat(Uint8Array.of(0), content)),
      run(input) {
        const flags = input[0] ?? 0;
        const content = input.subarray(1, 1 + PIECED_BYTES_MAX);
        if (content.length === 0) return false;
        const { head, pieces: cut } = cutPieces(content, key, nonce);
        const values =
          (flags & 8) !== 0 ? given(content, (flags & 16) !== 0, key) : cut.map(valueOf);
        if ((flags & 1) !== 0) values[content[0]! % values.length] = undefined;
        const length = (flags & 2) !== 0 ? content.length + 1 : content.length;
        const hash = (flags & 4) !== 0 ? content.slice(0, 32) : head.hash;
        const joined = joinPieces({ ...head, length, hash }, values, key);
        assert(joined !== undefined || (flags & 15) !== 0, 'whole pieces join');
        assert(joined === undefined || equal(joined, content), 'joined as it was cut');
        return joined !== undefined;
      },
    };
  },
};

type Value = Parameters<typeof joinPieces>[1][number];

function valueOf(piece: Uint8Array): Value {
  const decoded = decode(piece);
  assert(decoded.ok, 'a piece is bencode');
  return decoded.value;
}

/** Pieces as the input says, sealed or as they are: of any size, with anything in them. */
function given(input: Uint8Array, isSealed: boolean, key: Secret<string>): Value[] {
  const values: Value[] = [];
  for (let at = 0; at + 2 <= input.length && values.length < 8;) {
    const length = (input[at]! << 8) | input[at + 1]!;
    const bytes = input.slice(at + 2, at + 2 + length);
    at += 2 + length;
    values.push(isSealed ? sealContent(bytes, key) : length % 7 === 0 ? length : bytes);
  }
  return values.length > 0 ? values : [undefined];
}

/** The content of an item as it is given, under a good seal: its length may say anything. */
function sealContent(bytes: Uint8Array, key: Secret<string>): Uint8Array {
  const content = new Uint8Array(CONTENT_BYTES);
  content.set(bytes.subarray(0, CONTENT_BYTES));
  return seal(key.reveal(), content, (length) => new Uint8Array(length));
}

/** First byte: 0 a payload, 1 the words in it, else what HPKE sealed or somebody bent. */
const knock: Target = {
  name: 'knock',
  covers: {
    'core/people/knock.ts': ['decodeKnock', 'decodeHail'],
    'core/discovery/knock.ts': ['openKnock'],
    'core/crypto/hpke.ts': ['hpkeOpen', 'keySchedule'],
  },
  bytesMax: 4096,
  words: [...'deilxnst', '1:n', '1:t', new Uint8Array(32), new Uint8Array(16), '\u202e'],
  bencodeAt: 1,
  start() {
    const prng = new Prng(32);
    const { bytes } = prng;
    const [identity, device] = [keyOf(prng), keyOf(prng)];
    const keys = { noise: bytes(32), signal: concat(Uint8Array.of(5), bytes(32)), number: 1 };
    const certificate = issueCertificate({ ...keys, capabilities: [] }, identity, device);
    const payload = encodeKnock({
      ...{ identity: identity.publicKey, device: device.publicKey, envelope: bytes(16) },
      ...{ deviceList: newDeviceList(certificate, identity).bytes, ciphertext: bytes(600) },
    });
    const secret = new Secret('pair', bytes(32));
    const hails = [
      encodeHail({ name: 'Ana', secret, text: 'We met at the fair' }),
      encodeHail({ name: undefined, secret, text: '' }),
    ];
    const opening: OpeningSecret = new Secret('hpke recipient', bytes(32));
    const at = { doorKey: bytes(32), day: DAY };
    const sealed = sealKnock(payload, at, dhPublicKey(opening.reveal()), bytes)!;
    return {
      seeds: [
        concat(Uint8Array.of(0), payload),
        ...hails.map((hail) => concat(Uint8Array.of(1), hail)),
        concat(Uint8Array.of(2), sealed),
      ],
      run(input) {
        const rest = input.subarray(1);
        const kind = (input[0] ?? 0) % 3;
        if (kind === 0) return decodeKnock(rest) !== undefined;
        if (kind === 1) return isHail(rest);
        const opened = openKnock(rest, at, opening);
        assert((opened !== undefined) === equal(rest, sealed), 'one knock opens');
        return opened !== undefined;
      },
    };
  },
};

function isHail(bytes: Uint8Array): boolean {
  const hail = decodeHail(bytes);
  if (hail === undefined) return false;
  assert(utf8(hail.text).length <= 480, 'words are short');
  assert(hail.name === undefined || !/[\p{Cc}\p{Cf}]/u.test(hail.name), 'names are clean');
  return true;
}

/** First byte: which of our documents. */
const documents: Target = {
  name: 'door-documents',
  covers: {
    'core/people/request.ts': ['decodeRequest'],
    'core/people/asked.ts': ['decodeAsked'],
    'core/discovery/door-saved.ts': ['loadDoor', 'readDoor', 'readDay', 'readItem'],
  },
  bytesMax: 8 * 1024,
  words: [...'abcdeghiklnopqstvwx', new Uint8Array(32), new Uint8Array(16), new Uint8Array(41)],
  bencodeAt: 1,
  start() {
    const { bytes } = new Prng(33);
    const identity = bytes(32);
    const request = {
      ...{ identity, device: bytes(32), deviceList: bytes(400), envelope: bytes(16) },
      ...{ ciphertext: bytes(600), name: 'Ana', text: 'Hello', bits: 20, readMs: 1.7e12 },
      secret: new Secret('pair' as const, bytes(32)),
    };
    const list = { version: 1, hash: bytes(32) };
    const asked = { identity, agreed: true, sinceMs: 1.7e12, event: bytes(16), list };
    const placed = { day: DAY, slot: 3, value: bytes(32) };
    const item = { publicKey: bytes(32), seq: 3n, signature: bytes(64), raw: encode(bytes(768)) };
    const days = {
      ...{ knockSecret: new Secret('hpke recipient' as const, bytes(32)), slotSeed: bytes(32) },
      ...{ costBits: 18, head: item, pieces: [encode(bytes(768))] },
    };
    const kept = {
      open: true,
      agreed: true,
      secret: new Secret('door' as const, bytes(32)),
      generation: 2,
    };
    const saved = [doorDoc({ ...kept, listVersion: 1 }), pointerDoc(DAY, item), dayDoc(DAY, days)];
    const docs = [
      encodeRequest(request),
      encodeRequest({ ...request, name: undefined }),
      encodeDeclined(1.7e12),
      encodeAsked({ ...asked, placed }),
      encodeAsked({ ...asked, list: { version: 0, hash: undefined }, placed: undefined }),
      ...saved.map(({ value }) => value!),
    ];
    const kinds = [0, 0, 0, 1, 1, 2, 3, 4];
    return {
      seeds: docs.map((doc, i) => concat(Uint8Array.of(kinds[i]!), doc)),
      run(input) {
        const value = input.subarray(1);
        const kind = (input[0] ?? 0) % 5;
        if (kind === 0) return decodeRequest(identity, value) !== undefined;
        if (kind === 1) return decodeAsked(identity, value) !== undefined;
        const { key } = saved[kind - 2]!;
        const {
          days: read,
          door: own,
          pointers,
        } = loadDoor([
          { space: 'door', key, value },
          { space: 'contact', key, value },
        ]);
        return own !== undefined || pointers.size > 0 || read.size > 0;
      },
    };
  },
};

export const DOOR: readonly Target[] = [door, pieces, knock, documents];
