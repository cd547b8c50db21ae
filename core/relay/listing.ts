/**
 * Listing: how a relay that serves everybody is found by people who know none (RLY-26 to RLY-28).
 *
 *   hash   first 20 bytes of H("relay listing", epoch as 8 bytes ‖ shard): where it announces
 *          itself in BitTorrent's DHT; an hour each, so that nobody collects relays by waiting at
 *          one place
 *
 * The DHT tells endpoints alone. What a relay's key is its own device tells:
 *
 *   ask    80 bytes  nonce 12, sealed: token 16, zeros 36
 *   reply  77 bytes  nonce 12, sealed: token 16, Noise key 32, flags 1
 *
 *   flags         bit 0 it listens on TCP at this port, bit 1 on TCP port 443 too
 *   sealing keys  KDF(32 zero bytes, "relay ask", 01 for an ask, 02 for a reply)
 *
 * ⚑ The keys are no secret: sealing makes both look like any other datagram, and no more. What the
 * reply says counts for nothing before a handshake with that key at that place. It is shorter than
 * the ask, so that nobody makes a relay send more to a third than he sends himself.
 * @module
 */
import { assert } from '../base/assert.ts';
import { concat, uintBE } from '../base/bytes.ts';
import type { Random } from '../base/time.ts';
import { open, seal } from '../crypto/aead.ts';
import { kdf, LABELS, labelledHash } from '../crypto/kdf.ts';
import { KEY_BYTES } from './slots.ts';

/** Each relay is under some of so many hashes at a time; no node of the DHT sees all relays. */
export const SHARDS = 4;
export const SHARDS_PER_RELAY = 2;
export const ASK_BYTES = 80;
export const REPLY_BYTES = 77;
export const TOKEN_BYTES = 16;
const HASH_BYTES = 20;
const ASK_ZEROS = new Uint8Array(36);
const EPOCH_BYTES = 6;
const TCP = 1;
const WEB = 2;

/** What a relay says of itself. */
export interface Introduction {
  /** The asker's: who answers has got the ask. */
  readonly token: Uint8Array;
  /** Its Noise key, 32 bytes. */
  readonly key: Uint8Array;
  /** Does it listen on TCP at the same port? */
  readonly tcp: boolean;
  /** And on TCP port 443 of the same address (RLY-25)? */
  readonly web?: true | undefined;
}

const zeros = new Uint8Array(KEY_BYTES);
const ASK_KEY = kdf(zeros, LABELS.relayAsk, Uint8Array.of(1));
const REPLY_KEY = kdf(zeros, LABELS.relayAsk, Uint8Array.of(2));

/** Where relays announce themselves in this hour of network time. */
export function listingHash(epoch: number, shard: number): Uint8Array<ArrayBuffer> {
  assert(shard >= 0 && shard < SHARDS, 'a shard');
  const when = concat(new Uint8Array(2), uintBE(epoch, EPOCH_BYTES));
  return labelledHash(LABELS.relayListing, when, Uint8Array.of(shard)).slice(0, HASH_BYTES);
}

export function encodeAsk(token: Uint8Array, random: Random): Uint8Array<ArrayBuffer> {
  assert(token.length === TOKEN_BYTES, 'a token');
  return seal(ASK_KEY, concat(token, ASK_ZEROS), random);
}

/** @returns the asker's token; undefined for anything else. */
export function decodeAsk(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length !== ASK_BYTES) return undefined;
  return open(ASK_KEY, bytes)?.slice(0, TOKEN_BYTES);
}

export function encodeReply(
  { key, tcp, token, web }: Introduction,
  random: Random,
): Uint8Array<ArrayBuffer> {
  assert(token.length === TOKEN_BYTES && key.length === KEY_BYTES, 'a token and a key');
  const flags = (tcp ? TCP : 0) | (web ? WEB : 0);
  return seal(REPLY_KEY, concat(token, key, Uint8Array.of(flags)), random);
}

/** Flags that we do not know mean nothing; undefined for anything else. */
export function decodeReply(bytes: Uint8Array): Introduction | undefined {
  const said = bytes.length === REPLY_BYTES ? open(REPLY_KEY, bytes) : undefined;
  if (said === undefined) return undefined;
  const token = said.slice(0, TOKEN_BYTES);
  const key = said.slice(TOKEN_BYTES, TOKEN_BYTES + KEY_BYTES);
  const flags = said[TOKEN_BYTES + KEY_BYTES]!;
  return { token, key, tcp: (flags & TCP) !== 0, ...((flags & WEB) !== 0 && { web: true }) };
}
