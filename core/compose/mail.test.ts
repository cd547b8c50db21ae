import { expect, test } from 'vitest';
import { asDict, decode, type Dict } from '../base/bencode.ts';
import { Prng } from '../base/prng.ts';
import type { Loaded, VaultReply } from '../base/vault.ts';
import { encodeDelivery, messageName, type DeliveryMessage } from '../delivery/wire.ts';
import { newContact } from '../people/contact.ts';
import type { Book } from './book.ts';
import { Context } from './context.ts';
import { APPLY_AGAIN_MS, Mail, type MailLink } from './mail.ts';
import { GATHERED_MAX, OPENING_MAX } from './receiving.ts';

const { bytes } = new Prng(7);
const LINK: MailLink = { link: 1, device: 'bo', route: 'direct' };

interface Scene {
  readonly mail: Mail;
  readonly context: Context;
  readonly credited: number[];
  /** Names of the messages that left. */
  readonly sent: string[];
}

/** Mail on a link to the one device that the book knows, and what of the link was credited. */
function scene(): Scene {
  const profile = { bootstrap: [], dht: false, readOnly: false, allowReserved: true };
  const context = new Context(bytes, { ...profile, displayName: undefined });
  const peer = { identity: bytes(32), device: bytes(32), signalIdentity: bytes(33), address: 'a' };
  const known = { key: LINK.device, contact: newContact(peer.identity, 'Bo'), peer };
  const book = {
    device: (key: string) => (key === LINK.device ? known : undefined),
    conversation: () => bytes(16),
  } as unknown as Book;
  const credited: number[] = [];
  const sent: string[] = [];
  const ports = {
    send: (_: number, body: Uint8Array) => sent.push(messageName(body)!.name) > 0,
    credit: (_: number, count: number) => credited.push(count),
    idleSinceMs: () => undefined,
    apply: () => [],
    arrived: () => undefined,
  };
  const self = { identity: bytes(32), device: bytes(32) };
  const loaded = { waiting: [], held: [] } as unknown as Loaded;
  return { mail: new Mail(context, self, book, ports, loaded), context, credited, sent };
}

interface Asked {
  readonly id: number;
  readonly op: string;
  /** Ids in it, where it is of receipts. */
  readonly ids: number | undefined;
}

/** What the vault is asked for, by the id it answers under. */
function asked(context: Context): Asked[] {
  const requests: Asked[] = [];
  for (let effect = context.poll(); effect; effect = context.poll()) {
    if (effect.type !== 'vault') continue;
    const { id, request } = effect;
    const ids = request.op === 'receipt' ? request.envelopes.length : undefined;
    requests.push({ id, op: request.op, ids });
  }
  return requests;
}

function dictOf(message: DeliveryMessage): Dict {
  const decoded = decode(encodeDelivery(message));
  return (decoded.ok && asDict(decoded.value)) || {};
}

function got(count = 2): Dict {
  return dictOf({ type: 'got', envelopes: Array.from({ length: count }, () => bytes(16)) });
}

function envelope(): Dict {
  const ciphertext = bytes(40);
  return dictOf({ type: 'envelope', envelope: bytes(16), kind: 'message', ciphertext });
}

/** The answer to an envelope with an event that people do not see. */
function controlStored(): Extract<VaultReply, { op: 'open' }> {
  const [conversation, author, previous] = [bytes(16), bytes(32), bytes(32)];
  const ours = { conversation, author, sequence: 1, timeMs: 1, refs: [], previous };
  const stored = { id: bytes(16), event: { ...ours, kind: 'pair', body: bytes(32) } };
  return { op: 'open', outcome: 'stored', stored, fork: false, held: undefined };
}

test('[DEL-12] a receipt is credited when the vault has taken it, or could not', () => {
  const { context, credited, mail } = scene();
  expect(mail.handleMessage(LINK, 'g', got(), 50)).toBe(true);
  mail.handleMessage(LINK, 'g', got(), 60);
  const [first] = asked(context);
  expect(credited).toEqual([]);
  context.handleVaultReply(first!.id, { op: 'receipt', events: [] });
  expect(credited).toEqual([50]);
  const [second] = asked(context);
  context.handleVaultReply(second!.id, { op: 'failed', reason: 'no space' });
  expect(credited).toEqual([50, 60]);
});

test('[DEL-13] however many receipts come from a device, one request holds them', () => {
  const { context, credited, mail } = scene();
  const count = 11_000;
  for (let i = 0; i < count; i++) mail.handleMessage(LINK, 'g', got(1), 1);
  const sizes: number[] = [];
  for (let requests = asked(context); requests.length > 0; requests = asked(context)) {
    expect(requests.map(({ op }) => op)).toEqual(['receipt']);
    sizes.push(requests[0]!.ids!);
    context.handleVaultReply(requests[0]!.id, { op: 'receipt', events: [] });
  }
  expect(sizes[0]).toBe(1);
  expect(Math.max(...sizes)).toBe(GATHERED_MAX);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(count);
  expect(credited.length).toBe(count);
});

test('[DEL-13] however many envelopes come from a device, few are being opened', () => {
  const { context, credited, mail } = scene();
  const count = 1_000;
  for (let i = 0; i < count; i++) mail.handleMessage(LINK, 'e', envelope(), 1);
  const open = asked(context);
  expect(open.length).toBe(OPENING_MAX);
  for (let next = open.shift(); next; next = open.shift()) {
    context.handleVaultReply(next.id, { op: 'open', outcome: 'duplicate' });
    open.push(...asked(context));
    expect(open.length).toBeLessThanOrEqual(OPENING_MAX);
  }
  expect(credited.length).toBe(count);
});

test('[DEL-5] nothing of a person is receipted until the disk has what it changes', () => {
  const { context, mail, sent } = scene();
  mail.attach(LINK);
  asked(context);
  mail.handleMessage(LINK, 'e', envelope(), 1);
  const opening = asked(context).at(-1)!;
  context.handleVaultReply(opening.id, controlStored());
  const putting = asked(context).at(-1)!;
  context.handleVaultReply(putting.id, { op: 'failed', reason: 'no space' });
  // The same event, sealed anew: the vault knows it, and its effect is nowhere.
  mail.handleMessage(LINK, 'e', envelope(), 1);
  const again = asked(context).at(-1)!;
  context.handleVaultReply(again.id, { op: 'open', outcome: 'duplicate' });
  context.now = { monoMs: APPLY_AGAIN_MS - 1, wallMs: 0 };
  mail.handleTimeout();
  expect(sent).toEqual([]);
  expect(mail.wakeAtMs()).toBe(APPLY_AGAIN_MS);
  context.now = { monoMs: APPLY_AGAIN_MS, wallMs: 0 };
  mail.handleTimeout();
  const second = asked(context).at(-1)!;
  expect(second.op).toBe('put');
  context.handleVaultReply(second.id, { op: 'put' });
  context.now = { monoMs: APPLY_AGAIN_MS + 10, wallMs: 0 };
  mail.handleTimeout();
  expect(sent).toEqual(['g']);
});

test('[DEL-12] what asks nothing of the vault is credited at once', () => {
  const { context, credited, mail } = scene();
  mail.handleMessage({ ...LINK, device: 'somebody removed' }, 'g', got(), 50);
  expect(asked(context)).toEqual([]);
  expect(credited).toEqual([50]);
});
