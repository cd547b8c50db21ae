/**
 * Seal: makes an event of ours and encrypts it for each device (VLT-3, VLT-4, VLT-11, VLT-13).
 *
 * One peer device is never encrypted for twice at once: requests are prepared one after the
 * other, each on the sessions the one before it left.
 * @module
 */
import * as signal from '@signalapp/libsignal-client';
import { assert } from '@sotto/core/base/assert.ts';
import { encodeEvent } from '@sotto/core/base/event.ts';
import { OUTBOX_BYTES_MAX, OUTBOX_MESSAGES_MAX } from '@sotto/core/base/limits.ts';
import type {
  Envelope,
  PeerDevice,
  SealTarget,
  Self,
  VaultFault,
  VaultRequest,
} from '@sotto/core/base/vault.ts';
import { eventId } from '@sotto/core/crypto/event-id.ts';
import { sha256 } from '@sotto/core/crypto/hash.ts';
import type { Batch, Plan } from './batch.ts';
import { encodeContent, fitsContent } from './content.ts';
import type { Owner } from './outbox.ts';
import { decodeBundle } from './prekeys.ts';
import { randomBytes } from './random.ts';
import { addressOf, type Layer, localAddress, storesFor } from './sessions.ts';
import type { Tables } from './tables.ts';

export const ENVELOPE_ID_BYTES = 16;
/** Events sealed by one 'seal-waiting', whatever its limit: other peers wait meanwhile. */
const SEAL_WAITING_MAX = 64;
/**
 * libsignal forgets a session that nobody answered for 30 days of this clock. Ours stands still:
 * whether a bundle still works is for its owner to say, who asks for a renewal.
 */
const SESSION_CLOCK = new Date(0);

type Sealing = Extract<VaultRequest, { op: 'seal' }>;
type SealingWaiting = Extract<VaultRequest, { op: 'seal-waiting' }>;

function failed(reason: VaultFault): Plan {
  return { refused: { op: 'failed', reason } };
}

export async function prepareSeal(
  tables: Tables,
  batch: Batch,
  layer: Layer,
  request: Sealing,
): Promise<Plan> {
  const { self, draft, targets, docs = [] } = request;
  const known = tables.ledger.byClient(draft.clientId);
  if (known) {
    const reply = {
      op: 'seal',
      stored: known,
      duplicate: true,
      envelopes: [],
      waiting: [],
    } as const;
    return { apply: () => reply };
  }
  const { conversation, kind, body, refs, timeMs, clientId } = draft;
  const author = self.device;
  const head = batch.head(conversation, author) ?? tables.ledger.head(conversation, author);
  const sequence = head.next;
  const event = { conversation, author, sequence, timeMs, kind, body, refs, previous: head.hash };
  const bytes = encodeEvent(event);
  if (!fitsContent(bytes)) return failed('too large');
  if (isFull(tables, batch, request, bytes.length)) return failed('outbox full');
  const id = eventId(event);

  const sealed: (Envelope | undefined)[] = [];
  for (const target of targets) {
    sealed.push(await sealFor(layer, self, target, { id, bytes }));
  }
  const hash = sha256(bytes);
  batch.setHead(conversation, author, { next: sequence + 1, hash });
  const owners = ownersOf(request);
  for (const owner of owners) batch.addWaiting(owner, bytes.length);

  return {
    apply: () => {
      const waiting = owners.length;
      const entry = { id, event, bytes, hash, storedMs: timeMs, clientId, waiting };
      const row = tables.ledger.append(entry);
      for (const [i, owner] of owners.entries()) {
        tables.outbox.add(row, owner, bytes.length, sealed[i]);
      }
      tables.docs.change(docs);
      return {
        op: 'seal',
        stored: { id, event },
        duplicate: false,
        envelopes: sealed.filter((one) => one !== undefined),
        waiting: targets.filter((_, i) => !sealed[i]).map((target) => target.peer.device),
      };
    },
  };
}

/** Runs alone in its batch: what waits is read while preparing and must not change until then. */
export async function prepareSealWaiting(
  tables: Tables,
  layer: Layer,
  request: SealingWaiting,
): Promise<Plan> {
  const { self, conversation, target, renew } = request;
  const { peer } = target;
  const limit = Math.min(request.limit, SEAL_WAITING_MAX);
  if (renew) layer.sessions.set(peer.address, undefined);
  const rows = tables.outbox.toSeal(peer.device, conversation, { all: renew, limit: limit + 1 });
  const sealed: { id: number; envelope: Envelope }[] = [];
  for (const row of rows.slice(0, limit)) {
    const envelope = await sealFor(layer, self, target, { id: row.event, bytes: row.bytes });
    if (!envelope) break;
    sealed.push({ id: row.id, envelope });
  }
  return {
    apply: () => {
      if (renew) tables.outbox.unseal(peer.device);
      tables.outbox.address(conversation, peer.device);
      for (const { id, envelope } of sealed) tables.outbox.seal(id, envelope);
      return {
        op: 'seal-waiting',
        envelopes: sealed.map((one) => one.envelope),
        more: sealed.length > 0 && rows.length > limit,
      };
    },
  };
}

/** Whose outbox an event goes into: each device's, or the conversation's where none is known. */
function ownersOf({ targets, draft }: Sealing): Owner[] {
  if (targets.length === 0) return [{ conversation: draft.conversation }];
  return targets.map(({ peer }) => ({ device: peer.device }));
}

function isFull(tables: Tables, batch: Batch, request: Sealing, bytes: number): boolean {
  return ownersOf(request).some((owner) => {
    const stored = tables.outbox.waiting(owner);
    const added = batch.waiting(owner);
    return (
      stored.messages + added.messages >= OUTBOX_MESSAGES_MAX ||
      stored.bytes + added.bytes + bytes > OUTBOX_BYTES_MAX
    );
  });
}

/** An envelope for one device; undefined without a session and a bundle that verifies. */
async function sealFor(
  layer: Layer,
  self: Self,
  target: SealTarget,
  event: { id: Uint8Array; bytes: Uint8Array },
): Promise<Envelope | undefined> {
  const { peer } = target;
  const content = encodeContent(event.bytes, self, peer);
  assert(content !== undefined, 'the event fits, or it was refused');
  const local = localAddress(self.device);
  let message: signal.CiphertextMessage | undefined;
  if (layer.session(peer.address)) message = await encrypt(layer, peer, local, content);
  if (!message) {
    if (!(await startSession(layer, target, local))) return undefined;
    message = await encrypt(layer, peer, local, content);
    assert(message !== undefined, 'a session with the trusted identity encrypts');
  }
  return {
    envelope: randomBytes(ENVELOPE_ID_BYTES),
    event: event.id,
    device: peer.device,
    kind: message.type() === signal.CiphertextMessageType.PreKey ? 'prekey' : 'message',
    ciphertext: message.serialize(),
  };
}

/** Undefined where the session is with another identity key than the list names, or worn out. */
async function encrypt(
  layer: Layer,
  peer: PeerDevice,
  local: signal.ProtocolAddress,
  content: Uint8Array<ArrayBuffer>,
): Promise<signal.CiphertextMessage | undefined> {
  const { sessions, identity } = storesFor(layer, peer.signalIdentity);
  const address = addressOf(peer.address);
  try {
    return await signal.signalEncrypt(content, address, local, sessions, identity, SESSION_CLOCK);
  } catch (error) {
    if (!(error instanceof signal.LibSignalErrorBase)) throw error;
    layer.sessions.set(peer.address, undefined);
    return undefined;
  }
}

/** False where there is no bundle, or it is not one of this identity key. */
async function startSession(
  layer: Layer,
  { peer, bundle }: SealTarget,
  local: signal.ProtocolAddress,
): Promise<boolean> {
  if (!bundle) return false;
  const parsed = decodeBundle(bundle, peer.signalIdentity);
  if (!parsed) return false;
  const { sessions, identity } = storesFor(layer, peer.signalIdentity);
  const address = addressOf(peer.address);
  try {
    await signal.processPreKeyBundle(parsed, address, local, sessions, identity, SESSION_CLOCK);
    return true;
  } catch (error) {
    if (!(error instanceof signal.LibSignalErrorBase)) throw error;
    return false;
  }
}
