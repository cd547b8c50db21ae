/**
 * The whole format from fixed keys, so that a change of it shows, and a second client can be held
 * to it: the file was recomputed by an independent program written from docs/spec/link.md alone.
 */
import { expect, test } from 'vitest';
import { concat, hex } from '../base/bytes.ts';
import { dhPublicKey } from '../crypto/dh.ts';
import { Secret } from '../crypto/keys.ts';
import { loadVectors, unhex } from '../../vectors/load.ts';
import { FRAME, type Frame } from './frame.ts';
import { contextOf, FlightKey, openFlight, sealFlight } from './gate.ts';
import {
  attachFlightSecret,
  attachIds,
  type HandshakeDeps,
  openAttach,
  openLink,
  readAttachRequest,
  readLinkRequest,
} from './handshake.ts';
import { LINK_LIMITS } from './limits.ts';
import { Link } from './link.ts';
import { answerMix, offerMix } from './mix.ts';
import { Path } from './path.ts';

type Vectors = Record<'inputs' | 'outputs', Record<string, string>>;
const { inputs, outputs } = loadVectors<Vectors>('link/link.json');
const input = (name: string): Uint8Array<ArrayBuffer> => unhex(inputs[name]!);

function device(side: 'initiator' | 'responder', features: number): HandshakeDeps {
  return {
    // Asked for the ephemeral secret alone.
    random: () => input(`${side} ephemeral`),
    self: {
      identity: input('responder identity'),
      device: input('responder device'),
      noise: new Secret('device noise', input(`${side} static`)),
    },
    versions: [1, 2],
    features,
    instance: input(`${side} instance`),
  };
}

/** What an end writes: numbered content, an acknowledgement of 3, all that a window allows. */
function frame(type: Frame['type'], content: string, ack = 3): Frame {
  return { type, number: 0, ack, limit: 2 ** 20, content: unhex(content) };
}

/** Runs both handshakes and the first records of either side, all from the inputs. */
function compute(): Record<string, string> {
  const gate = {
    id: '',
    kind: 'invite' as const,
    secret: new Secret<'gate'>('gate', input('gate')),
  };
  const [a, b] = [device('initiator', 5), device('responder', 6)];
  const noise = dhPublicKey(input('responder static'));
  const target = { ...b.self, noise, versions: [1, 2], gate };
  const opening = openLink(a, target, 7, input('payload'))!;
  const key = new FlightKey(gate.secret);
  const flight = sealFlight(key, contextOf(), input('opening'), opening.message, 11);
  const read = openFlight(key, contextOf(), flight)!;
  const answer = readLinkRequest(b, 'invite', read)!.answer(8);
  const context = contextOf(input('opening'));
  const reply = sealFlight(key, context, input('reply opening'), answer.message, 3);
  const agreed = opening.finish(openFlight(key, context, reply)!)!;
  const route = { transport: 'tcp', endpoint: { host: '10.0.0.1', port: 1 } } as const;
  const limits = { ...LINK_LIMITS, rekeyRecords: 2 };
  const ours = new Path(2, route, agreed.keys, { limits, nowMs: 0 });
  const theirs = new Path(1, route, answer.agreed.keys, { limits, nowMs: 0 });
  const offer = offerMix(() => input('initiator kem seed'), agreed);
  Link.writeStart(ours, 0, offer.encapsulationKey);
  const start = ours.takeOutput()!;
  theirs.feed(start);
  const asked = theirs.next()!.content;
  const mixed = answerMix(() => input('responder kem coins'), answer.agreed, asked)!;
  Link.writeStart(theirs, 0, mixed.ciphertext);
  theirs.replaceKeys(mixed.keys, 0);
  theirs.write(frame(FRAME.ack, '', 1), 0);
  const answered = theirs.takeOutput()!;
  ours.feed(answered);
  const { established: link, keys } = offer.finish(ours.next()!.content)!;
  ours.replaceKeys(keys, 0);
  ours.next();
  const [id] = attachIds(link.attach, 2);
  const attach = openAttach(a.random, link.attach, 258, 9);
  const attachKey = new FlightKey(attachFlightSecret(link.attach));
  const request = readAttachRequest(b.random, mixed.established.attach, attach.message)!;
  const attachReply = request.answer(3, 10)!;
  ours.write(frame(FRAME.data, '6869'), 0);
  ours.write(frame(FRAME.ack, ''), 0);
  // Here a REKEY record comes by itself.
  ours.write(frame(FRAME.ping, '0102030405060708'), 0);
  return {
    'noise message 1': hex(opening.message),
    'first flight': hex(flight),
    'noise message 2': hex(answer.message),
    'reply flight': hex(reply),
    'encapsulation key': hex(asked),
    ciphertext: hex(mixed.ciphertext),
    exporter: hex(link.exporter.reveal()),
    'attach id of block 2': hex(id!),
    'attach flight': hex(sealFlight(attachKey, contextOf(), id!, attach.message, 0)),
    'attach noise message 2': hex(attachReply.message),
    'records of the initiator': hex(concat(start, ours.takeOutput()!)),
    'records of the responder': hex(answered),
  };
}

const RULES = '[LNK-1] [LNK-3] [LNK-9] [LNK-19] [LNK-30] [LNK-34] [LNK-37] [LNK-50] [LNK-51]';
test(`${RULES} fixed keys give these bytes`, () => {
  expect(compute()).toEqual(outputs);
});
