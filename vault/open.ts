/**
 * Open: decrypts an envelope, checks whom it is from and for, and stores its event (VLT-5 to
 * VLT-7). Refused is as if it had never come: the ratchet does not move either.
 * @module
 */
import * as signal from '@signalapp/libsignal-client';
import { equal } from '@sotto/core/base/bytes.ts';
import { decodeEvent, type Event } from '@sotto/core/base/event.ts';
import { TEXT_BYTES_MAX, TIME_MS_MAX } from '@sotto/core/base/limits.ts';
import type { OpenRefusal, VaultRequest } from '@sotto/core/base/vault.ts';
import { eventId } from '@sotto/core/crypto/event-id.ts';
import type { Plan } from './batch.ts';
import { decodeContent } from './content.ts';
import { errorCode } from './refusal.ts';
import { addressOf, type Layer, localAddress, plain, storesFor } from './sessions.ts';
import type { Tables } from './tables.ts';

type Opening = Extract<VaultRequest, { op: 'open' }>;
type Peeking = Extract<VaultRequest, { op: 'peek' }>;
type Sealed = Omit<Peeking, 'op'> & Pick<Opening, 'kind'>;

function refused(reason: OpenRefusal): Plan {
  return { refused: { op: 'open', outcome: 'refused', reason } };
}

export async function prepareOpen(tables: Tables, layer: Layer, request: Opening): Promise<Plan> {
  const { from, envelope, wallMs } = request;
  if (tables.opened.has(from.device, envelope)) {
    return { refused: { op: 'open', outcome: 'duplicate' } };
  }
  const decrypted = await decrypt(layer, request);
  if (typeof decrypted === 'string') return refused(decrypted);
  const checked = check(request, decrypted);
  if (typeof checked === 'string') return refused(checked);
  const { event, bytes } = checked;
  const id = eventId(event);
  return {
    apply: () => {
      const arrival = tables.ledger.receive({ id, event, bytes, storedMs: wallMs });
      tables.opened.add(from.device, envelope, arrival.row);
      if (!arrival.stored) return { op: 'open', outcome: 'duplicate' };
      const { fork, held } = arrival;
      return { op: 'open', outcome: 'stored', stored: { id, event }, fork, held };
    },
  };
}

/** Its layer is dropped, whatever comes of it: as if nobody had looked. */
export async function preparePeek(layer: Layer, request: Peeking): Promise<Plan> {
  const sealed = { ...request, kind: 'prekey' } as const;
  const decrypted = await decrypt(layer, sealed);
  const checked = typeof decrypted === 'string' ? decrypted : check(sealed, decrypted);
  if (typeof checked === 'string') {
    return { refused: { op: 'peek', outcome: 'refused', reason: checked } };
  }
  return { refused: { op: 'peek', outcome: 'read', event: checked.event } };
}

async function decrypt(layer: Layer, request: Sealed): Promise<Uint8Array | OpenRefusal> {
  const { self, from, kind } = request;
  if (kind === 'message' && !layer.session(from.address)) return 'no session';
  const stores = storesFor(layer, from.signalIdentity);
  const address = addressOf(from.address);
  const local = localAddress(self.device);
  const ciphertext = plain(request.ciphertext);
  try {
    if (kind === 'message') {
      const message = signal.SignalMessage.deserialize(ciphertext);
      const { sessions, identity } = stores;
      return await signal.signalDecrypt(message, address, local, sessions, identity);
    }
    return await signal.signalDecryptPreKey(
      signal.PreKeySignalMessage.deserialize(ciphertext),
      address,
      local,
      stores.sessions,
      stores.identity,
      stores.ec,
      stores.signed,
      stores.kyber,
    );
  } catch (error) {
    if (errorCode(error).startsWith('SQLITE_')) throw error;
    const untrusted = signal.LibSignalErrorBase.is(error, signal.ErrorCode.UntrustedIdentity);
    return untrusted ? 'untrusted identity' : 'undecryptable';
  }
}

/** The event inside, if it names exactly the people and the conversation it must. */
function check(
  request: Sealed,
  padded: Uint8Array,
): { event: Event; bytes: Uint8Array } | 'malformed' | 'mismatch' {
  const { self, from, conversation } = request;
  const bytes = decodeContent(padded, from, self);
  if (typeof bytes === 'string') return bytes;
  const decoded = decodeEvent(bytes);
  if (!decoded.ok) return 'malformed';
  const { event } = decoded;
  if (event.kind === 'text' && event.body.length > TEXT_BYTES_MAX) return 'malformed';
  if (event.timeMs > TIME_MS_MAX) return 'malformed';
  const matches = equal(event.author, from.device) && equal(event.conversation, conversation);
  return matches ? { event, bytes } : 'mismatch';
}
