/**
 * Ids and hashes of events (EVT-4).
 *
 *   id       = first 16 bytes of H("event id" conversation author sequence H(body))
 *   previous = SHA-256 of the author's whole previous event, as encoded
 *
 * An id is computed by whoever holds the event and never sent with it, so nobody can squat one.
 * @module
 */
import { concat, uintBE } from '../base/bytes.ts';
import { type Event, ID_BYTES } from '../base/event.ts';
import { sha256 } from './hash.ts';
import { LABELS, labelledHash } from './kdf.ts';

/** 16 bytes. The sequence, at most SEQUENCE_MAX, goes in as 8 bytes, big-endian. */
export function eventId(
  event: Pick<Event, 'conversation' | 'author' | 'sequence' | 'body'>,
): Uint8Array<ArrayBuffer> {
  const sequence = concat(new Uint8Array(2), uintBE(event.sequence, 6));
  return labelledHash(
    LABELS.eventId,
    event.conversation,
    event.author,
    sequence,
    sha256(event.body),
  ).slice(0, ID_BYTES);
}
