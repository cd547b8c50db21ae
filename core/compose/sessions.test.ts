import { expect, test } from 'vitest';
import { encode } from '../base/bencode.ts';
import { Prng } from '../base/prng.ts';
import { Secret } from '../crypto/keys.ts';
import { encodeDelivery } from '../delivery/wire.ts';
import { newContact, type Contact } from '../people/contact.ts';
import type { Connections, LinkUp } from './connections.ts';
import { Context } from './context.ts';
import { Book } from './book.ts';
import type { Mail } from './mail.ts';
import type { Me } from './self.ts';
import { HELLO_TIMEOUT_MS, Sessions } from './sessions.ts';

const { bytes } = new Prng(3);

/**
 * Sessions over connections that only take notes, and mail that must not be reached.
 * @param dialled whom the link was dialled for; nobody is known to have its key.
 */
function scene(dialled?: Contact): {
  sessions: Sessions;
  context: Context;
  closed: number[];
  mail: string[];
} {
  const profile = { bootstrap: [], dht: false, readOnly: false, allowReserved: true };
  const context = new Context(bytes, { ...profile, displayName: undefined });
  const closed: number[] = [];
  const mail: string[] = [];
  const connections = {
    send: () => true,
    credit: () => undefined,
    close: (link: number) => closed.push(link),
    linkLost: () => undefined,
    restrict: () => undefined,
    identityOf: () => dialled?.identity,
  } as unknown as Connections;
  const letterbox = { handleMessage: () => mail.push('message') } as unknown as Mail;
  const me = { identity: bytes(32), device: bytes(32) } as unknown as Me;
  const book = new Book(me.identity, []);
  if (dialled) book.put(dialled);
  const sessions = new Sessions(context, me, book, letterbox, connections, {
    hello: () => ({
      bundle: bytes(4),
      certificate: bytes(4),
      deviceList: bytes(4),
      record: bytes(4),
    }),
    met: () => mail.push('met'),
    heardPolicy: () => undefined,
    allows: (contact) => contact.policy !== 'hidden',
    wayOf: () => 'direct',
    barred: () => undefined,
    rule: () => ({ policy: 'auto', theirPolicy: undefined, held: undefined }),
    heardTime: () => undefined,
    lost: () => undefined,
    linksChanged: () => undefined,
    admitsList: () => true,
    linked: () => undefined,
  });
  const up: LinkUp = {
    type: 'up',
    link: 1,
    initiator: dialled !== undefined,
    gate: { id: 'g', kind: 'direct', secret: new Secret('gate', bytes(32)) },
    peerNoise: bytes(32),
    version: 1,
    features: 0,
    exporter: new Secret('link exporter', bytes(32)),
    route: { transport: 'tcp', endpoint: { host: '192.0.2.1', port: 1 } },
  };
  sessions.handleUp(up, dialled && 'device');
  return { sessions, context, closed, mail };
}

test('[CON-2] whatever comes before a valid hello closes the link and reaches nobody', () => {
  const id = bytes(16);
  const early = [
    encodeDelivery({ type: 'envelope', envelope: id, kind: 'message', ciphertext: bytes(40) }),
    encodeDelivery({ type: 'got', envelopes: [id] }),
    encodeDelivery({ type: 'refused', envelope: id, why: 'renew' }),
    encode({ m: 'h' }),
    encode({ m: 'z' }),
    bytes(64),
  ];
  for (const body of early) {
    const { closed, mail, sessions } = scene();
    sessions.handleMessage(1, body, body.length);
    expect(closed).toEqual([1]);
    expect(mail).toEqual([]);
  }
});

test('[CON-1] a hello that does not come in time closes the link', () => {
  const { closed, context, sessions } = scene();
  expect(sessions.wakeAtMs()).toBe(HELLO_TIMEOUT_MS);
  context.now = { monoMs: HELLO_TIMEOUT_MS - 1, wallMs: 0 };
  sessions.handleTimeout();
  expect(closed).toEqual([]);
  context.now = { monoMs: HELLO_TIMEOUT_MS, wallMs: 0 };
  sessions.handleTimeout();
  expect(closed).toEqual([1]);
});

test('[POL-7] before their first hello too a link ends that may not lead there any more', () => {
  const [bo, cai] = ['Bo', 'Cai'].map((name) => newContact(bytes(32), name, 'auto'));
  const { closed, sessions } = scene(bo);
  sessions.enforce(bo);
  expect(closed).toEqual([]);
  bo!.policy = 'hidden';
  sessions.enforce(cai);
  expect(closed).toEqual([]);
  sessions.enforce();
  expect(closed).toEqual([1]);
});
