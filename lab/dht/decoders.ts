/**
 * Every decoder of the DHT by name, each with valid inputs to mutate: what a fuzzer needs.
 * @module
 */
import { encode } from '@sotto/core/base/bencode.ts';
import { concat, utf8 } from '@sotto/core/base/bytes.ts';
import { Secret } from '@sotto/core/crypto/keys.ts';
import { SigningKey } from '@sotto/core/crypto/sign.ts';
import { rawField } from '@sotto/core/discovery/bencode-span.ts';
import { decodeContacts, encodeContacts } from '@sotto/core/discovery/contacts.ts';
import { signItem, verifyFound } from '@sotto/core/discovery/item.ts';
import {
  decodeKrpc,
  encodeError,
  encodeQuery,
  encodeReply,
  type Query,
} from '@sotto/core/discovery/krpc.ts';
import { decodeSaved, encodeSaved } from '@sotto/core/discovery/saved.ts';

export interface FuzzTarget {
  /** Never throws, for any bytes. */
  readonly decode: (bytes: Uint8Array) => unknown;
  /** Inputs that decode well. */
  readonly valid: readonly Uint8Array[];
}

const id = utf8('abcdefghij0123456789');
const target = utf8('mnopqrstuvwxyz123456');
const token = utf8('aoeusnth');
const endpoint = { host: '9.8.7.6', port: 6881 };
const endpoint6 = { host: '2a00:1::7', port: 6881 };
const key = new SigningKey(new Secret('record', new Uint8Array(32).fill(7)));
const salt = utf8('salt');
const item = signItem(key, { seq: 3, salt, value: { list: [1, 'two', { three: 3 }] } });
const { raw, seq } = item;
const sig = item.signature;
const k = item.publicKey;
const mutable = { k, sig, seq, salt, cas: 2n };

const queries: readonly Query[] = [
  { method: 'ping' },
  { method: 'find_node', target, want: ['v4', 'v6'] },
  { method: 'get_peers', target, want: [] },
  { method: 'announce_peer', target, token, port: 7000 },
  { method: 'announce_peer', target, token, port: undefined },
  { method: 'get', target, want: ['v4'], seq: 2n },
  { method: 'put', token, raw },
  { method: 'put', token, raw, mutable },
];
const reply = {
  id,
  token,
  nodes: [{ id: target, endpoint }],
  nodes6: [{ id: target, endpoint: endpoint6 }],
  peers: [endpoint],
  item: { raw, k, sig, seq },
};

export const dhtDecoders: Readonly<Record<string, FuzzTarget>> = {
  krpc: {
    decode: decodeKrpc,
    valid: [
      ...queries.map((query) => encodeQuery(utf8('tttt'), id, true, query)),
      encodeReply(utf8('tttt'), endpoint, reply),
      encodeReply(utf8('t'), endpoint6, { id }),
      encodeError(utf8('tttt'), endpoint, 203),
    ],
  },
  /** As `decodeReply` uses it: only on messages that bencode has accepted. */
  rawField: {
    decode: (bytes) => {
      const message = decodeKrpc(bytes);
      return message.ok ? rawField(bytes, 'r', 'v') : undefined;
    },
    valid: [encodeReply(utf8('tttt'), endpoint, reply)],
  },
  contacts: {
    decode: (bytes) => [decodeContacts(bytes, 'v4'), decodeContacts(bytes, 'v6')],
    valid: [encodeContacts(reply.nodes), encodeContacts(reply.nodes6)],
  },
  /** 8 bytes of seq, 64 of signature, the rest the value. */
  item: {
    decode: (bytes) => {
      const number = new DataView(concat(bytes, new Uint8Array(8)).buffer).getBigUint64(0);
      const fields = { k, seq: number, sig: bytes.subarray(8, 72), raw: bytes.subarray(72) };
      return verifyFound({ publicKey: k, salt }, fields);
    },
    valid: [concat(new Uint8Array([0, 0, 0, 0, 0, 0, 0, 3]), sig, raw)],
  },
  savedTable: {
    decode: decodeSaved,
    valid: [
      encodeSaved({
        v4: { id, external: endpoint, nodes: reply.nodes },
        v6: { id, external: endpoint6, nodes: reply.nodes6 },
      }),
      encode({ 1: 1 }),
    ],
  },
};
