import type { Client } from '@sotto/api/client.ts';
import type { StreamEvent } from '@sotto/api/contract.ts';
import { expect, test } from 'vitest';
import { Model, type Phase } from './model.ts';
import { healthOf } from './verdict.ts';

// A page that is seen all the time: there is none here.
Object.assign(globalThis, { document: new EventTarget() });

const online = { online: true, helpers: 148, secondCopy: false };

test('the mark is the worst of what is known', () => {
  expect(healthOf(online, 'well-connected')).toBe('ok');
  expect(healthOf(online, undefined)).toBe('ok');
  expect(healthOf({ ...online, helpers: 0 }, 'well-connected')).toBe('limited');
  expect(healthOf({ ...online, secondCopy: true }, undefined)).toBe('limited');
  expect(healthOf(online, 'hard-to-reach')).toBe('limited');
  expect(healthOf({ ...online, online: false }, 'well-connected')).toBe('offline');
  expect(healthOf(undefined, undefined)).toBe('offline');
});

test('an old verdict of a state that is over does not stay', () => {
  for (const verdict of ['offline', 'starting', 'not-running', 'blocked', 'no-helpers'] as const) {
    expect(healthOf(online, verdict)).toBe('ok');
  }
});

test('what was found before the app was away says nothing of the one that is there now', async () => {
  const { end, model, until } = setUp();
  await until('ready');
  model.verdict.set('trouble');
  end();
  await until('lost');
  expect(model.verdict.value).toBe('trouble');
  await until('ready');
  expect(model.verdict.value).toBeUndefined();
});

/** A model whose stream stands until `end`, and then again. */
function setUp() {
  let end: () => void = () => undefined;
  const first: StreamEvent = { v: 1, type: 'network', cursor: '0', data: online };
  const client = {
    call: async (method: string) =>
      ({ 'conversations.list': { conversations: [] }, 'config.list': { entries: [] } })[method] ??
      online,
    async *events() {
      yield first;
      await new Promise<void>((done) => (end = done));
    },
  } as unknown as Client;
  const model = new Model(client);
  void model.run(new AbortController().signal);
  const until = (phase: Phase): Promise<void> =>
    new Promise((done) => {
      const look = (): void => {
        if (model.phase.value === phase) done();
      };
      model.phase.watch(look);
      look();
    });
  return { end: () => end(), model, until };
}
