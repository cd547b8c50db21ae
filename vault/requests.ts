/**
 * Requests: what each operation of the contract does (docs/spec/vault.md).
 *
 * Preparing may wait for libsignal and writes nothing; the plan it returns is applied inside the
 * transaction of the batch, synchronously, after the plans before it.
 * @module
 */
import { hex } from '@sotto/core/base/bytes.ts';
import type { VaultReply, VaultRequest } from '@sotto/core/base/vault.ts';
import type { Batch, Plan } from './batch.ts';
import { prepareOpen, preparePeek } from './open.ts';
import { prepareSeal, prepareSealWaiting } from './seal.ts';
import type { Layer } from './sessions.ts';
import type { Tables } from './tables.ts';

/**
 * What two requests of one batch must not have in common, or undefined. The second would be
 * prepared on what the first has not written yet.
 */
export function conflictKey(request: VaultRequest): string | undefined {
  if (request.op === 'seal') return `seal ${hex(request.draft.clientId)}`;
  if (request.op === 'open') return `open ${hex(request.from.device)} ${hex(request.envelope)}`;
  return undefined;
}

/** True for what changes, when applied, the things that others read while they are prepared. */
export function runsAlone(request: VaultRequest): boolean {
  if (request.op === 'put') return request.retired !== undefined;
  return request.op === 'seal-waiting' || request.op === 'forget' || request.op === 'bundle';
}

export async function prepare(
  tables: Tables,
  batch: Batch,
  layer: Layer,
  request: VaultRequest,
): Promise<Plan> {
  switch (request.op) {
    case 'seal':
      return prepareSeal(tables, batch, layer, request);
    case 'seal-waiting':
      return prepareSealWaiting(tables, layer, request);
    case 'open':
      return prepareOpen(tables, layer, request);
    case 'peek':
      return preparePeek(layer, request);
    case 'put':
    case 'forget':
      for (const { address } of request.op === 'put' ? (request.retired ?? []) : request.devices) {
        layer.sessions.set(address, undefined);
      }
      return { apply: () => apply(tables, request) };
    default:
      return { apply: () => apply(tables, request) };
  }
}

type Plain = Exclude<VaultRequest, { op: 'seal' | 'seal-waiting' | 'open' | 'peek' }>;

function apply(tables: Tables, request: Plain): VaultReply {
  const { docs, ledger, messages, opened, outbox, prekeys } = tables;
  switch (request.op) {
    case 'load':
      return { op: 'load', loaded: load(tables) };
    case 'put':
      docs.change(request.docs);
      messages.apply(request.applied ?? []);
      for (const { device } of request.retired ?? []) outbox.retire(device);
      return { op: 'put' };
    case 'bundle':
      return { op: 'bundle', bundle: prekeys.bundle(request.wallMs) };
    case 'outbox': {
      const { device, after, limitBytes } = request;
      return { op: 'outbox', ...outbox.page(device, after, limitBytes) };
    }
    case 'receipt': {
      const { device, envelopes, route, wallMs } = request;
      return { op: 'receipt', events: messages.receipt(device, envelopes, { route, wallMs }) };
    }
    case 'cancel': {
      const events = messages.cancel(request.event, request.wallMs);
      return events ? { op: 'cancel', events } : { op: 'failed', reason: 'not found' };
    }
    case 'release':
      ledger.release(request.conversation, request.author, request.sequence);
      return { op: 'release' };
    case 'mark-read':
      messages.markRead(request.conversation, request.cursor);
      return { op: 'mark-read' };
    case 'forget':
      messages.forget(request.conversation);
      for (const { device } of request.devices) opened.forget(device);
      docs.change(request.docs);
      return { op: 'forget' };
  }
}

function load(tables: Tables): Extract<VaultReply, { op: 'load' }>['loaded'] {
  return {
    docs: tables.docs.all(),
    signalIdentity: tables.prekeys.identity.publicKey.serialize(),
    waiting: tables.outbox.events(),
    unapplied: tables.messages.unapplied(),
    held: tables.ledger.held(),
  };
}
