import { describe, expect, test } from 'vitest';
import { ModelVault } from '@sotto/sim/model-vault.ts';
import { KNOCK_KIND } from '../base/event.ts';
import { hex } from '../base/bytes.ts';
import { Prng } from '../base/prng.ts';
import type { Doc, Envelope } from '../base/vault.ts';
import { Secret } from '../crypto/keys.ts';
import { readCertificate } from '../people/certificate.ts';
import { newContact } from '../people/contact.ts';
import { conversationOf } from '../people/conversation.ts';
import { decodeKnock, encodeHail, encodeKnock, type Knock } from '../people/knock.ts';
import { REQUESTS_MAX } from '../people/request.ts';
import { Book, peerDevice } from './book.ts';
import { Context } from './context.ts';
import { OPENING_MAX, Requests } from './requests.ts';
import { createSelf, loadSelf, type Me } from './self.ts';

const PROFILE = {
  bootstrap: [],
  dht: false,
  readOnly: true,
  allowReserved: true,
  displayName: undefined,
};
const WALL_MS = 1_790_000_000_000;

class Person {
  readonly prng: Prng;
  readonly vault: ModelVault;
  readonly me: Me;

  constructor(seed: number) {
    this.prng = new Prng(seed);
    this.vault = new ModelVault(new Prng(seed + 1).bytes);
    const reply = this.vault.handle({ op: 'load' });
    const signal = reply.op === 'load' ? reply.loaded.signalIdentity : new Uint8Array(33);
    this.vault.handle({ op: 'put', docs: [createSelf(this.prng.bytes, signal)] });
    const again = this.vault.handle({ op: 'load' });
    this.me = loadSelf(again.op === 'load' ? again.loaded : undefined!)!;
  }

  bundle(): Uint8Array {
    const reply = this.vault.handle({ op: 'bundle', wallMs: WALL_MS });
    return reply.op === 'bundle' ? reply.bundle : new Uint8Array(0);
  }

  /** The sealed event by which this person asks another. */
  seal(to: Person, text: string, options: { kind?: string; name?: string } = {}): Envelope {
    const read = readCertificate(to.me.certificate);
    const peer = peerDevice(read.ok ? read.certificate : undefined!);
    const secret = new Secret('pair', this.prng.bytes(32));
    const body = encodeHail({ name: options.name ?? 'Ana', secret, text });
    const reply = this.vault.handle({
      op: 'seal',
      self: this.me,
      draft: {
        conversation: conversationOf(this.me.identity, to.me.identity),
        kind: options.kind ?? KNOCK_KIND,
        body,
        refs: [],
        timeMs: WALL_MS,
        clientId: this.prng.bytes(16),
      },
      targets: [{ peer, bundle: to.bundle() }],
    });
    if (reply.op !== 'seal') throw new Error(reply.op);
    return reply.envelopes[0]!;
  }

  knock(to: Person, text = 'Hello', options: { kind?: string; name?: string } = {}): Uint8Array {
    return this.#around(this.seal(to, text, options));
  }

  #around({ ciphertext, envelope }: Envelope): Uint8Array {
    const { device, deviceList, identity } = this.me;
    return encodeKnock({ identity, device, deviceList, envelope, ciphertext });
  }
}

/** Requests of one owner, over a real model vault. */
class Scene {
  readonly context = new Context(new Prng(99).bytes, PROFILE);
  readonly owner = new Person(1000);
  readonly book: Book;
  requests: Requests;
  wallMs = WALL_MS;
  /** Of each knock that is settled: was it looked at? */
  readonly read: boolean[] = [];

  constructor() {
    this.book = new Book(this.owner.me.identity, []);
    this.requests = this.make([]);
  }

  make(docs: readonly Doc[]): Requests {
    const mail = { applyControl: () => undefined, retire: () => undefined };
    const asking = { has: () => false, end: () => undefined };
    return new Requests(
      this.context,
      this.owner.me,
      this.book,
      mail as never,
      asking as never,
      docs,
      { takeUp: () => undefined },
    );
  }

  /** Hands a knock over and lets the vault answer. */
  take(bytes: Uint8Array, bits = 17): Knock | undefined {
    const knock = this.handOver(bytes, bits);
    this.settle();
    return knock;
  }

  handOver(bytes: Uint8Array, bits = 17): Knock | undefined {
    this.context.now = { monoMs: 0, wallMs: this.wallMs++ };
    const knock = decodeKnock(bytes);
    if (knock) this.requests.handleKnock(knock, bits, (isRead) => this.read.push(isRead));
    return knock;
  }

  settle(): void {
    for (let effect = this.context.poll(); effect; effect = this.context.poll()) {
      if (effect.type !== 'vault') continue;
      this.context.handleVaultReply(effect.id, this.owner.vault.handle(effect.request));
    }
  }

  names(): (string | undefined)[] {
    return this.requests.list().map(({ name }) => name);
  }

  /** Blocked from now on; nothing of it is on the disk. */
  shutOut({ me }: Person): void {
    const contact = { ...newContact(me.identity, 'Ana'), blocked: true };
    this.book.put(contact);
    this.requests.forget(contact);
  }

  restart(): void {
    this.requests = this.make(this.owner.vault.docs());
  }
}

describe('[DOR-14] what does not come from whom it names is no request', () => {
  test('the real one is', () => {
    const scene = new Scene();
    scene.take(new Person(1).knock(scene.owner));
    expect(scene.names()).toEqual(['Ana']);
  });

  test('another identity, device, list or message is not', () => {
    const scene = new Scene();
    const [ana, eve] = [new Person(1), new Person(20)];
    const { ciphertext, envelope } = ana.seal(scene.owner, 'Hello');
    const sealed = { envelope, ciphertext };
    const { device, deviceList, identity } = ana.me;
    const true_ = { identity, device, deviceList, ...sealed };
    const forged = [
      { ...true_, identity: eve.me.identity },
      { ...true_, device: eve.me.device },
      { ...true_, deviceList: eve.me.deviceList },
      // Eve shows her own papers with a message that Ana sealed.
      { ...eve.me, ...sealed },
      // Ana's papers, Eve's message.
      { ...true_, ciphertext: eve.seal(scene.owner, 'I am Ana').ciphertext },
    ];
    for (const knock of forged) scene.take(encodeKnock(knock));
    expect(scene.names()).toEqual([]);
    scene.take(encodeKnock(true_));
    expect(scene.names()).toEqual(['Ana']);
  });

  test('one that was made for somebody else, or is no knock, is not', () => {
    const scene = new Scene();
    const ana = new Person(1);
    scene.take(ana.knock(new Person(40)));
    scene.take(ana.knock(scene.owner, 'Hello', { kind: 'text' }));
    expect(scene.names()).toEqual([]);
    expect(scene.requests.stats()['refused']).toBe(2);
  });

  test('our own identity and a blocked one never show', () => {
    const scene = new Scene();
    scene.take(scene.owner.knock(scene.owner));
    const ana = new Person(1);
    scene.take(ana.knock(scene.owner));
    scene.shutOut(ana);
    scene.take(ana.knock(scene.owner, 'again'));
    expect(scene.names()).toEqual([]);
  });

  test('nor does what a blocked one left on the disk', () => {
    const scene = new Scene();
    const ana = new Person(1);
    scene.take(ana.knock(scene.owner));
    scene.shutOut(ana);
    scene.restart();
    expect(scene.names()).toEqual([]);
  });
});

test('[DOR-10] of too many knocks at once those that find no room come again', () => {
  const scene = new Scene();
  const knocks = Array.from({ length: OPENING_MAX + 2 }, (_, i) =>
    new Person(3000 + 10 * i).knock(scene.owner),
  );
  for (const bytes of knocks) scene.handOver(bytes);
  expect(scene.read).toEqual([false, false]);
  scene.settle();
  expect(scene.read.filter((isRead) => isRead)).toHaveLength(OPENING_MAX);
  for (const bytes of knocks.slice(-2)) scene.take(bytes);
  expect(scene.requests.waiting).toBe(OPENING_MAX + 2);
  expect(scene.requests.stats()['refused']).toBe(0);
});

test('[DOR-15] names are made harmless; words are kept as they are', () => {
  const scene = new Scene();
  scene.take(new Person(1).knock(scene.owner, 'a\u202eb', { name: '\u202eAna\u0007 \n R' }));
  expect(scene.requests.list()).toMatchObject([{ name: 'Ana R', text: 'a\u202eb' }]);
});

describe('[DOR-17] of many requests', () => {
  test('a hundred wait; the cheapest and oldest go, and one identity has one', () => {
    const scene = new Scene();
    const people = Array.from({ length: REQUESTS_MAX + 3 }, (_, i) => new Person(2000 + 10 * i));
    for (const [i, person] of people.slice(0, REQUESTS_MAX).entries()) {
      scene.take(person.knock(scene.owner, 'Hello', { name: `P${i}` }), i === 7 ? 17 : 18);
      scene.take(person.knock(scene.owner, 'Hello again', { name: `P${i}` }), 18);
    }
    expect(scene.requests.waiting).toBe(REQUESTS_MAX);
    const [dear, dearer, cheap] = people.slice(REQUESTS_MAX);
    scene.take(cheap!.knock(scene.owner, 'Hello', { name: 'cheap' }), 17);
    expect(scene.names()).not.toContain('cheap');
    scene.take(dear!.knock(scene.owner, 'Hello', { name: 'dear' }), 19);
    scene.take(dearer!.knock(scene.owner, 'Hello', { name: 'dearer' }), 19);
    expect(scene.requests.waiting).toBe(REQUESTS_MAX);
    expect(scene.names()).toEqual(expect.arrayContaining(['dear', 'dearer']));
    expect(scene.names()).not.toContain('P0');
    const docs = scene.owner.vault.docs().filter(({ space }) => space === 'request');
    expect(docs.length).toBe(REQUESTS_MAX);
    expect(Math.max(...docs.map(({ value }) => value.length))).toBeLessThanOrEqual(5 * 1024);
    scene.restart();
    expect(scene.requests.waiting).toBe(REQUESTS_MAX);
  });

  test('who was declined comes back after nine days, not before, restarts or not', () => {
    const scene = new Scene();
    const ana = new Person(1);
    scene.take(ana.knock(scene.owner));
    scene.requests.decline(scene.requests.list()[0]!, () => undefined);
    scene.settle();
    scene.restart();
    scene.wallMs += 8 * 24 * 3_600_000;
    scene.take(ana.knock(scene.owner));
    expect(scene.names()).toEqual([]);
    scene.wallMs += 2 * 24 * 3_600_000;
    scene.take(ana.knock(scene.owner));
    expect(scene.names()).toEqual(['Ana']);
  });

  test('a name that a contact has is pointed out, and names find requests', () => {
    const scene = new Scene();
    const [ana, other] = [new Person(1), new Person(20)];
    scene.take(ana.knock(scene.owner));
    scene.requests.accept(
      scene.requests.list()[0]!,
      { policy: undefined, docs: [] },
      () => undefined,
    );
    scene.settle();
    scene.take(other.knock(scene.owner));
    const [request] = scene.requests.list();
    expect(scene.requests.knownName(request!)).toBe(true);
    expect(scene.requests.resolve('ANA')).toEqual([request]);
    expect(scene.requests.resolve(scene.requests.conversationText(request!))).toEqual([request]);
    expect(hex(request!.identity)).toBe(hex(other.me.identity));
    expect(scene.requests.resolve('Bo')).toEqual([]);
  });
});
