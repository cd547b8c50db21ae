import { describe, expect, test } from 'vitest';
import { ApiFile, METHODS, REQUEST_BYTES_MAX, StreamEvent, TEXT_BYTES_MAX } from './contract.ts';

const EVENT = '0123456789abcdef0123456789abcdef';
const TIME = '2026-12-03T14:02:05.123Z';
const message = {
  event: EVENT,
  conversation: 'c_7k2',
  cursor: '41',
  outgoing: false,
  author: 'Ana Ruiz',
  kind: 'text',
  text: 'hi',
  time: TIME,
  storedAt: TIME,
  state: 'received',
  read: false,
  gapBefore: false,
  fork: false,
};

describe('[CLI-1] methods', () => {
  test('names are a noun, a dot and a verb', () => {
    for (const name of Object.keys(METHODS)) expect(name).toMatch(/^[a-z]+\.[a-z]+[A-Za-z]*$/);
  });

  test('params with a field nobody knows are refused, results with one are accepted', () => {
    for (const [name, { params }] of Object.entries(METHODS)) {
      expect([name, params.safeParse({ surprise: 1 }).success]).toEqual([name, false]);
      expect([name, params.safeParse('text').success]).toEqual([name, false]);
    }
    const { result } = METHODS['messages.send'];
    const sent = { event: EVENT, conversation: 'c_7k2', duplicate: false };
    expect(result.parse({ ...sent, later: 1 })).toEqual(sent);
  });

  test('defaults fill what may be left out', () => {
    expect(METHODS['invites.create'].params.parse({})).toEqual({
      expiresInMs: 7 * 86_400_000,
      reusable: false,
    });
    expect(METHODS['messages.list'].params.parse({ to: 'ana' }).limit).toBe(50);
    expect(METHODS['logs.tail'].params.parse({})).toEqual({ limit: 100 });
  });

  test('ids, times and limits are held', () => {
    const send = METHODS['messages.send'].params;
    expect(send.safeParse({ to: 'ana', text: '', clientId: EVENT }).success).toBe(true);
    expect(send.safeParse({ to: 'ana', text: 'x', clientId: EVENT.slice(1) }).success).toBe(false);
    expect(send.safeParse({ to: '', text: 'x', clientId: EVENT }).success).toBe(false);
    const list = METHODS['messages.list'].params;
    expect(list.safeParse({ to: 'ana', since: TIME }).success).toBe(true);
    expect(list.safeParse({ to: 'ana', since: '2026-12-03T14:02:05+01:00' }).success).toBe(false);
    expect(list.safeParse({ to: 'ana', limit: 501 }).success).toBe(false);
    expect(list.safeParse({ to: 'ana', before: '../../x' }).success).toBe(false);
  });
});

describe('[CLI-2] stream events', () => {
  test('each type has its data, and the stored ones a cursor', () => {
    const { cursor, ...rest } = message;
    const line = { v: 1, type: 'message', cursor, data: message };
    expect(StreamEvent.parse(line)).toEqual(line);
    expect(StreamEvent.safeParse({ ...line, cursor: undefined }).success).toBe(false);
    expect(StreamEvent.safeParse({ ...line, data: rest }).success).toBe(false);
    expect(StreamEvent.safeParse({ ...line, v: 2 }).success).toBe(false);
    expect(StreamEvent.safeParse({ ...line, type: 'typing' }).success).toBe(false);
    const network = { v: 1, type: 'network', data: { online: false, helpers: 0 } };
    expect(StreamEvent.parse(network)).toEqual(network);
    const state = { event: EVENT, conversation: 'c_7k2', state: 'delivered', deliveredAt: TIME };
    expect(StreamEvent.safeParse({ v: 1, type: 'state', cursor: '42', data: state }).success).toBe(
      true,
    );
  });
});

test('[CLI-3] the file that names the port holds a whole token and nothing odd', () => {
  const file = { v: 1, pid: 12, port: 7340, token: 'ab'.repeat(32) };
  expect(ApiFile.parse(file)).toEqual(file);
  expect(ApiFile.safeParse({ ...file, token: 'ab' }).success).toBe(false);
  expect(ApiFile.safeParse({ ...file, port: 0 }).success).toBe(false);
});

test('[CLI-1] a request with the longest text fits the body limit, however it is escaped', () => {
  const text = '\u0001'.repeat(TEXT_BYTES_MAX);
  const body = JSON.stringify({ to: 'c_7k2', text, clientId: EVENT });
  expect(new TextEncoder().encode(body).length).toBeLessThanOrEqual(REQUEST_BYTES_MAX);
});
