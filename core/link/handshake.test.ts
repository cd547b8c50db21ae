import { describe, expect, test } from 'vitest';
import { concat, equal } from '../base/bytes.ts';
import { encode } from '../base/bencode.ts';
import { Prng } from '../base/prng.ts';
import { dhPublicKey } from '../crypto/dh.ts';
import { Secret } from '../crypto/keys.ts';
import type { GateKind, LinkTarget } from './contract.ts';
import {
  type Agreed,
  type HandshakeDeps,
  openAttach,
  openLink,
  readAttachRequest,
  readLinkRequest,
} from './handshake.ts';
import { answerMix, type Mixed, offerMix } from './mix.ts';
import { forgedFirst } from './testing/forge.ts';

const prng = new Prng(17);
const gate = { id: 'g', kind: 'direct' as GateKind, secret: new Secret('gate', prng.bytes(32)) };

interface Device extends HandshakeDeps {
  readonly secret: Uint8Array;
  readonly noise: Uint8Array;
}

function device(versions = [1], features = 0): Device {
  const secret = prng.bytes(32);
  const self = {
    identity: prng.bytes(32),
    device: prng.bytes(32),
    noise: new Secret<'device noise'>('device noise', secret.slice()),
  };
  const noise = dhPublicKey(secret);
  return { random: prng.bytes, self, versions, features, instance: prng.bytes(8), secret, noise };
}

function targetOf(to: Device, changes: Partial<LinkTarget> = {}): LinkTarget {
  const { identity, device: signing } = to.self;
  return { identity, device: signing, noise: to.noise, versions: to.versions, gate, ...changes };
}

const payload = Uint8Array.of(1, 2, 3);

test('[LNK-9] IK gives both ends the same secrets and each other', () => {
  const [a, b] = [device([1, 2], 6), device([1, 2, 3], 12)];
  const opening = openLink(a, targetOf(b), 77, payload)!;
  const request = readLinkRequest(b, 'direct', opening.message)!;
  expect(request).toMatchObject({ peerNoise: a.noise, remoteId: 77, payload });
  const { message, agreed: theirs } = request.answer(88);
  const ours = opening.finish(message)!;
  expect([ours.remoteId, theirs.remoteId]).toEqual([88, 77]);
  expect(ours.peer).toMatchObject({ version: 2, features: 4, peerNoise: b.noise });
  expect(theirs.peer).toMatchObject({ version: 2, features: 4, peerInstance: a.instance });
  expect(ours.secret.reveal()).toEqual(theirs.secret.reveal());
  expect(ours.hash).toEqual(theirs.hash);
  const sealed = ours.keys.send.encrypt(new Uint8Array(0), payload);
  expect(theirs.keys.receive.decrypt(new Uint8Array(0), sealed)).toEqual(payload);
  expect(opening.finish(message)).toBeUndefined();
});

describe('[LNK-9] a message made for another responder or role is refused', () => {
  const b = device([1, 2]);
  const cases: [string, Partial<LinkTarget>][] = [
    ['identity', { identity: prng.bytes(32) }],
    ['device', { device: prng.bytes(32) }],
    ['noise key', { noise: dhPublicKey(prng.bytes(32)) }],
    ['gate kind', { gate: { ...gate, kind: 'invite' } }],
  ];
  for (const [name, changes] of cases) {
    test(name, () => {
      const { message } = openLink(device(), targetOf(b, changes), 1, payload)!;
      expect(readLinkRequest(b, 'direct', message)).toBeUndefined();
    });
  }
  test('unknown key share: a certificate that binds our key to another identity', () => {
    // Mallory lists b's Noise key in her own certificate; a means to reach Mallory.
    const mallory = { identity: prng.bytes(32), device: prng.bytes(32) };
    const { message } = openLink(device(), targetOf(b, mallory), 1, payload)!;
    expect(readLinkRequest(b, 'direct', message)).toBeUndefined();
  });
  test('reflection: a device does not answer itself', () => {
    const a = device([1, 2]);
    const { message } = openLink(a, targetOf(b), 1, payload)!;
    expect(readLinkRequest(a, 'direct', message)).toBeUndefined();
  });
});

describe('[LNK-11] downgrade', () => {
  test('a list shortened on its way to the initiator fails the handshake', () => {
    const [a, b] = [device([1, 2]), device([1, 2])];
    const { message } = openLink(a, targetOf(b, { versions: [1] }), 1, payload)!;
    expect(readLinkRequest(b, 'direct', message)).toBeUndefined();
  });
  test('a responder that chooses a lower version than both speak is refused', () => {
    const [a, b] = [device([1, 2]), device([1, 2])];
    const opening = openLink(a, targetOf(b), 1, payload)!;
    let asked = 0;
    const shifty = {
      ...b,
      // The true list for the prologue, a shorter one for the choice.
      get versions() {
        return asked++ === 0 ? [1, 2] : [1];
      },
    };
    const answer = readLinkRequest(shifty, 'direct', opening.message)!.answer(2);
    expect(answer.agreed.peer.version).toBe(1);
    expect(opening.finish(answer.message)).toBeUndefined();
  });
  test('no common version: nothing is answered', () => {
    const [a, b] = [device([1]), device([2])];
    const { message } = openLink(a, targetOf(b), 1, payload)!;
    expect(readLinkRequest(b, 'direct', message)).toBeUndefined();
  });
});

test('[LNK-2] no bent reply is taken, and the true one still is', () => {
  const [a, b] = [device(), device()];
  const opening = openLink(a, targetOf(b), 1, payload)!;
  const { message } = readLinkRequest(b, 'direct', opening.message)!.answer(2);
  for (let i = 0; i < message.length; i++) {
    const bent = message.slice();
    bent[i]! ^= 4;
    expect(opening.finish(bent)).toBeUndefined();
    expect(opening.finish(message.subarray(0, i))).toBeUndefined();
  }
  expect(opening.finish(message)).toBeDefined();
});

test('[LNK-14] key compromise: who stole the responder key can forge message 1, and no more', () => {
  const [victim, b] = [device(), device()];
  const hello = encode({ f: 0, i: prng.bytes(8), p: payload, s: 5, v: [1] });
  const request = readLinkRequest(b, 'direct', forgedFirst(b.self, b.secret, victim.noise, hello))!;
  // The forgery is perfect so far: hence nothing in it may be acted on.
  expect(request).toMatchObject({ peerNoise: victim.noise, payload });
  // The keys need DH(victim's secret, our ephemeral), which the thief lacks: links-attack.test.ts
  // shows that his flight brings no link up.
  expect(request.answer(6)).toBeDefined();
});

describe('[LNK-14] a first message with a payload out of shape is refused', () => {
  const b = device();
  const read = (hello: Uint8Array): boolean =>
    readLinkRequest(
      b,
      'direct',
      forgedFirst(b.self, b.secret, dhPublicKey(prng.bytes(32)), hello),
    ) !== undefined;
  const good = { f: 0, i: prng.bytes(8), p: payload, s: 5, v: [1] };
  test('a good one, also with keys that a later version adds', () => {
    expect(read(encode(good))).toBe(true);
    expect(read(encode({ ...good, zz: [1, { a: 2 }] }))).toBe(true);
  });
  const bad: [string, Uint8Array][] = [
    ['nothing', new Uint8Array(0)],
    ['no dictionary', encode([1])],
    ['trailing bytes', concat(encode(good), Uint8Array.of(0))],
    ['features of 33 bits', encode({ ...good, f: 2 ** 32 })],
    ['negative stream id', encode({ ...good, s: -1 })],
    ['short instance', encode({ ...good, i: prng.bytes(7) })],
    ['versions falling', encode({ ...good, v: [2, 1] })],
    ['versions of text', encode({ ...good, v: ['1'] })],
    ['no versions', encode({ ...good, v: [] })],
    ['payload too long', encode({ ...good, p: new Uint8Array(769) })],
    ['no payload', encode({ ...good, p: undefined })],
  ];
  for (const [name, hello] of bad) test(name, () => expect(read(hello)).toBe(false));
});

/** Both ends of a fresh handshake. */
function agree(a: Device, b: Device): [ours: Agreed, theirs: Agreed] {
  const opening = openLink(a, targetOf(b), 1, payload)!;
  const answer = readLinkRequest(b, 'direct', opening.message)!.answer(2);
  return [opening.finish(answer.message)!, answer.agreed];
}

/** Both ends of a fresh link. */
function linkOf(a: Device, b: Device): { ours: Mixed; theirs: Mixed } {
  const [ours, theirs] = agree(a, b);
  const offer = offerMix(prng.bytes, ours);
  const answer = answerMix(prng.bytes, theirs, offer.encapsulationKey)!;
  return { ours: offer.finish(answer.ciphertext)!, theirs: answer };
}

describe('[LNK-34] attach', () => {
  const [a, b] = [device(), device()];
  const link = linkOf(a, b);
  const [ours, theirs] = [link.ours.established, link.theirs.established];

  test('gives fresh keys and tells each side where the other goes on', () => {
    const opening = openAttach(prng.bytes, ours.attach, 2 ** 40, 7);
    const request = readAttachRequest(prng.bytes, theirs.attach, opening.message)!;
    const { message, attached } = request.answer(123, 8)!;
    expect(attached).toMatchObject({ expects: 2 ** 40, remoteId: 7 });
    const mine = opening.finish(message)!;
    expect(mine).toMatchObject({ expects: 123, remoteId: 8 });
    const sealed = attached.keys.send.encrypt(new Uint8Array(0), payload);
    expect(link.ours.keys.receive.decrypt(new Uint8Array(0), sealed)).toBeUndefined();
    expect(mine.keys.receive.decrypt(new Uint8Array(0), sealed)).toEqual(payload);
    expect(opening.finish(message)).toBeUndefined();
  });

  test('of another link, even of the same two devices, is refused', () => {
    const again = linkOf(a, b);
    const { message } = openAttach(prng.bytes, again.ours.established.attach, 0, 7);
    expect(readAttachRequest(prng.bytes, theirs.attach, message)).toBeUndefined();
  });

  test('bent in any byte is refused, in both directions', () => {
    const opening = openAttach(prng.bytes, ours.attach, 5, 7);
    const bend = (bytes: Uint8Array, i: number): Uint8Array => {
      const bent = bytes.slice();
      bent[i]! ^= 128;
      return bent;
    };
    for (let i = 0; i < opening.message.length; i++) {
      const bent = bend(opening.message, i);
      expect(readAttachRequest(prng.bytes, theirs.attach, bent)).toBeUndefined();
    }
    const reply = readAttachRequest(prng.bytes, theirs.attach, opening.message)!.answer(5, 8)!;
    for (let i = 0; i < reply.message.length; i++) {
      expect(opening.finish(bend(reply.message, i))).toBeUndefined();
    }
    expect(opening.finish(reply.message)).toBeDefined();
  });
});

test('[LNK-37] the exporter is new for each link and equal at its ends alone', () => {
  const [a, b] = [device(), device()];
  const [first, second] = [linkOf(a, b), linkOf(a, b)];
  const { attach, exporter } = first.ours.established;
  expect(exporter.equals(first.theirs.established.exporter)).toBe(true);
  expect(exporter.equals(second.ours.established.exporter)).toBe(false);
  expect(equal(exporter.reveal(), attach.root.reveal())).toBe(false);
  expect(`${exporter}${JSON.stringify(exporter)}`).not.toMatch(/[0-9a-f]{8}/);
});
