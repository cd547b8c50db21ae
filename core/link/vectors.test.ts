/**
 * The whole format from fixed keys, so that a change of it shows, and a second client can be held
 * to it: the file was recomputed by an independent program written from docs/spec/link.md alone.
 */
import { expect, test } from 'vitest';
import { hex } from '../base/bytes.ts';
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

/** Runs both handshakes and three records of the first path, all from the inputs. */
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
  const link = opening.finish(openFlight(key, context, reply)!)!;
  const [id] = attachIds(link.attach, 2);
  const attach = openAttach(a.random, link.attach, 258, 9);
  const attachKey = new FlightKey(attachFlightSecret(link.attach));
  const request = readAttachRequest(b.random, answer.established.attach, attach.message)!;
  const attachReply = request.answer(3, 10)!;
  const route = { transport: 'tcp', endpoint: { host: '10.0.0.1', port: 1 } } as const;
  const limits = { ...LINK_LIMITS, rekeyRecords: 2 };
  const path = new Path(2, route, link.keys, { limits, nowMs: 0 });
  const frame = (type: Frame['type'], content: string, number = 0): Frame => ({
    type,
    number,
    ack: type === FRAME.start ? 0 : 3,
    limit: type === FRAME.start ? 0 : 2 ** 20,
    content: unhex(content),
  });
  path.write(frame(FRAME.start, ''), 0);
  path.write(frame(FRAME.data, '6869', 0), 0);
  // Here a REKEY record comes by itself.
  path.write(frame(FRAME.ping, '0102030405060708'), 0);
  return {
    'noise message 1': hex(opening.message),
    'first flight': hex(flight),
    'noise message 2': hex(answer.message),
    'reply flight': hex(reply),
    exporter: hex(link.exporter.reveal()),
    'attach id of block 2': hex(id!),
    'attach flight': hex(sealFlight(attachKey, contextOf(), id!, attach.message, 0)),
    'attach noise message 2': hex(attachReply.message),
    'records of the initiator': hex(path.takeOutput()!),
  };
}

test('[LNK-1] [LNK-3] [LNK-9] [LNK-19] [LNK-30] [LNK-34] [LNK-37] fixed keys give these bytes', () => {
  expect(compute()).toEqual(outputs);
});
