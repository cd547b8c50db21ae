import { expect, test } from 'vitest';
import { asDict, decode, type Dict } from '../base/bencode.ts';
import { Prng } from '../base/prng.ts';
import type { Loaded } from '../base/vault.ts';
import { encodeDelivery } from '../delivery/wire.ts';
import { newContact } from '../people/contact.ts';
import type { Book } from './book.ts';
import { Context } from './context.ts';
import { Mail, type MailLink } from './mail.ts';

const { bytes } = new Prng(7);
const LINK: MailLink = { link: 1, device: 'bo', route: 'direct' };

/** Mail on a link to the one device that the book knows, and what of the link was credited. */
function scene(): { mail: Mail; context: Context; credited: number[] } {
  const profile = { bootstrap: [], dht: false, readOnly: false, allowReserved: true };
  const context = new Context(bytes, { ...profile, displayName: undefined });
  const peer = { identity: bytes(32), device: bytes(32), signalIdentity: bytes(33), address: 'a' };
  const known = { key: LINK.device, contact: newContact(peer.identity, 'Bo'), peer };
  const book = {
    device: (key: string) => (key === LINK.device ? known : undefined),
    conversation: () => bytes(16),
  } as unknown as Book;
  const credited: number[] = [];
  const ports = {
    send: () => true,
    credit: (_: number, count: number) => credited.push(count),
    idleSinceMs: () => undefined,
    apply: () => [],
    arrived: () => undefined,
  };
  const self = { identity: bytes(32), device: bytes(32) };
  const loaded = { waiting: [], held: [] } as unknown as Loaded;
  return { mail: new Mail(context, self, book, ports, loaded), context, credited };
}

/** What the vault is asked for, by the id it answers under. */
function asked(context: Context): { id: number; op: string }[] {
  const requests: { id: number; op: string }[] = [];
  for (let effect = context.poll(); effect; effect = context.poll()) {
    if (effect.type === 'vault') requests.push({ id: effect.id, op: effect.request.op });
  }
  return requests;
}

function got(): Dict {
  const decoded = decode(encodeDelivery({ type: 'got', envelopes: [bytes(16), bytes(16)] }));
  return (decoded.ok && asDict(decoded.value)) || {};
}

test('[DEL-12] a receipt is credited when the vault has taken it, or could not', () => {
  const { context, credited, mail } = scene();
  for (const count of [50, 60]) expect(mail.handleMessage(LINK, 'g', got(), count)).toBe(true);
  const requests = asked(context);
  expect(requests.map(({ op }) => op)).toEqual(['receipt', 'receipt']);
  expect(credited).toEqual([]);
  context.handleVaultReply(requests[0]!.id, { op: 'receipt', events: [] });
  expect(credited).toEqual([50]);
  context.handleVaultReply(requests[1]!.id, { op: 'failed', reason: 'no space' });
  expect(credited).toEqual([50, 60]);
});

test('[DEL-12] what asks nothing of the vault is credited at once', () => {
  const { context, credited, mail } = scene();
  mail.handleMessage({ ...LINK, device: 'somebody removed' }, 'g', got(), 50);
  expect(asked(context)).toEqual([]);
  expect(credited).toEqual([50]);
});
