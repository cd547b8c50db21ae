import { expect, test } from 'vitest';
import { concat, hex, utf8 } from '../base/bytes.ts';
import { SEQUENCE_MAX } from '../base/event.ts';
import { eventId } from './event-id.ts';
import { sha256 } from './hash.ts';

const event = {
  conversation: new Uint8Array(16).fill(1),
  author: new Uint8Array(32).fill(2),
  sequence: 7,
  body: utf8('hi'),
};

test('[EVT-4] an id is 16 bytes of the hash over conversation, author, sequence and body', () => {
  const content = concat(
    utf8('sotto/1 event id\0'),
    event.conversation,
    event.author,
    Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 7),
    sha256(event.body),
  );
  expect(hex(eventId(event))).toBe(hex(sha256(content)).slice(0, 32));
});

test('[EVT-4] another conversation, author, sequence or body is another id', () => {
  const changes = [
    { conversation: new Uint8Array(16) },
    { author: new Uint8Array(32) },
    { sequence: 8 },
    { sequence: SEQUENCE_MAX },
    { body: utf8('ho') },
  ];
  const ids = [{}, ...changes].map((change) => hex(eventId({ ...event, ...change })));
  expect(new Set(ids).size).toBe(ids.length);
});
