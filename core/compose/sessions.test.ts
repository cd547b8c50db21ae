import { expect, test } from 'vitest';
import { encode } from '../base/bencode.ts';
import { concat, hex } from '../base/bytes.ts';
import { Prng } from '../base/prng.ts';
import { Secret } from '../crypto/keys.ts';
import { SigningKey } from '../crypto/sign.ts';
import { encodeDelivery, messageName } from '../delivery/wire.ts';
import { encodeRecord } from '../discovery/record.ts';
import { issueCertificate, type Certificate } from '../people/certificate.ts';
import { newContact, type Contact } from '../people/contact.ts';
import { appendChange, newDeviceList, type DeviceList } from '../people/device-list.ts';
import { encodeHello } from '../people/hello.ts';
import type { Connections, LinkUp } from './connections.ts';
import { Context } from './context.ts';
import { Book, type KnownDevice } from './book.ts';
import type { Mail } from './mail.ts';
import type { Me } from './self.ts';
import { HELLO_TIMEOUT_MS, Sessions } from './sessions.ts';

const { bytes } = new Prng(3);

interface Scene {
  readonly sessions: Sessions;
  readonly context: Context;
  readonly book: Book;
  readonly closed: number[];
  /** What mail was told. */
  readonly mail: string[];
  /** What left, by the names of messages. */
  readonly said: string[];
  /** Is there room on the link? */
  readonly link: { hasRoom: boolean };
}

/**
 * Sessions over connections that only take notes, and mail that must not be reached.
 * @param dialled whom the link was dialled for; nobody is known to have its key.
 */
function scene(dialled?: Contact): Scene {
  const profile = { bootstrap: [], dht: false, readOnly: false, allowReserved: true };
  const context = new Context(bytes, { ...profile, displayName: undefined });
  const closed: number[] = [];
  const mail: string[] = [];
  const said: string[] = [];
  const link = { hasRoom: true };
  const connections = {
    send: (_: number, body: Uint8Array) => {
      if (link.hasRoom) said.push(messageName(body)!.name);
      return link.hasRoom;
    },
    credit: () => undefined,
    close: (closing: number) => closed.push(closing),
    linkLost: () => undefined,
    linked: () => undefined,
    restrict: () => undefined,
    identityOf: () => dialled?.identity,
  } as unknown as Connections;
  const letterbox = {
    attach: () => mail.push('attach'),
    handleHello: () => mail.push('hello'),
    handleMessage: () => mail.push('message'),
    handleWritable: () => mail.push('writable'),
    retire: (gone: readonly KnownDevice[]) => {
      if (gone.length > 0) mail.push(`retire ${gone.length}`);
    },
  } as unknown as Mail;
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
    showsAddress: () => false,
    heardTime: () => undefined,
    lost: () => undefined,
    linksChanged: () => undefined,
    admitsList: () => true,
    linked: () => undefined,
  });
  sessions.handleUp(upOf(1, bytes(32), dialled !== undefined), dialled && 'device');
  return { sessions, context, book, closed, mail, said, link };
}

function upOf(link: number, peerNoise: Uint8Array, initiator: boolean): LinkUp {
  return {
    type: 'up',
    link,
    initiator,
    gate: { id: 'g', kind: 'direct', secret: new Secret('gate', bytes(32)) },
    peerNoise,
    version: 1,
    features: 0,
    exporter: new Secret('link exporter', bytes(32)),
    route: { transport: 'tcp', endpoint: { host: '192.0.2.1', port: 1 } },
  };
}

const boKey = new SigningKey(new Secret('identity', bytes(32)));

interface BosDevice {
  readonly key: SigningKey;
  readonly certificate: Certificate;
}

function deviceOfBo(number: number): BosDevice {
  const key = new SigningKey(new Secret('device signing', bytes(32)));
  const signal = concat(Uint8Array.of(5), bytes(32));
  const keys = { noise: bytes(32), signal, number, capabilities: [] };
  return { key, certificate: issueCertificate(keys, boKey, key) };
}

function helloOf({ certificate }: BosDevice, list: DeviceList): Uint8Array {
  const record = encodeRecord({
    majors: [1],
    policy: 'auto',
    generation: 1,
    list: { version: list.version, hash: list.hash },
    candidates: [],
  });
  const [deviceList, name] = [list.bytes, undefined];
  const rest = { bundle: bytes(4), record, name, wallMs: 1 };
  return encodeHello({ certificate: certificate.bytes, deviceList, ...rest });
}

/** A link to this device of Bo, who says hello; the disk takes what it brings. */
function meet({ context, sessions }: Scene, link: number, bo: BosDevice, list: DeviceList): void {
  sessions.handleUp(upOf(link, bo.certificate.noise, false), undefined);
  sessions.handleMessage(link, helloOf(bo, list), 1);
  for (let effect = context.poll(); effect; effect = context.poll()) {
    if (effect.type === 'vault') context.handleVaultReply(effect.id, { op: 'put' });
  }
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

test('[CON-1] a hello that finds no room is said once there is, before the mail', () => {
  const all = scene();
  const { closed, link, mail, said, sessions } = all;
  const phone = deviceOfBo(1);
  all.book.put(newContact(boKey.publicKey, 'Bo', 'auto'));
  meet(all, 2, phone, newDeviceList(phone.certificate, boKey));
  expect([said, mail]).toEqual([
    ['h', 'h'],
    ['met', 'attach'],
  ]);
  link.hasRoom = false;
  sessions.sayAgain();
  sessions.sayAgain();
  expect(closed).toEqual([]);
  link.hasRoom = true;
  sessions.handleWritable(2);
  expect([said.length, mail.at(-1)]).toEqual([3, 'writable']);
  sessions.handleWritable(2);
  expect(said.length).toBe(3);
});

test('[CON-1] a link that has no room for its first hello is closed', () => {
  const { closed, link, sessions } = scene();
  link.hasRoom = false;
  sessions.handleUp(upOf(2, bytes(32), false), undefined);
  expect(closed).toEqual([2]);
});

test('[IDN-15] a device that a newer list names no more is forgotten, and its link ends', () => {
  const all = scene();
  const { book, closed, mail } = all;
  const [phone, laptop] = [deviceOfBo(1), deviceOfBo(2)];
  const first = newDeviceList(phone.certificate, boKey);
  const added = appendChange(first, { kind: 'add', certificate: laptop.certificate }, boKey);
  const bo = newContact(boKey.publicKey, 'Bo', 'auto');
  book.put(bo);
  meet(all, 2, phone, first);
  meet(all, 3, laptop, added);
  expect(book.devicesOf(bo).length).toBe(2);
  const lost = phone.key.publicKey;
  meet(all, 3, laptop, appendChange(added, { kind: 'revoke', device: lost }, boKey));
  expect(book.devicesOf(bo).map(({ peer }) => hex(peer.device))).toEqual([
    hex(laptop.key.publicKey),
  ]);
  expect(book.deviceByNoise(phone.certificate.noise)).toBeUndefined();
  expect(mail).toContain('retire 1');
  expect(closed).toContain(2);
});
