import type { Client } from '@sotto/api/client.ts';
import { expect, test } from 'vitest';
import type { Model, Phase } from './model.ts';

const page = new EventTarget();
// The place of the page is read when the module is: there is none here.
Object.assign(globalThis, { location: { pathname: '/' }, window: page, document: page });
const { Store } = await import('./store.ts');
const { timelineOf } = await import('./timelines.ts');

/** Does the page ask before it is left? */
function asks(): boolean {
  const leaving = new Event('beforeunload', { cancelable: true });
  page.dispatchEvent(leaving);
  return leaving.defaultPrevented;
}

test('what is not stored is asked about before the page is left, but not where it is locked', () => {
  const phase = new Store<Phase>('ready');
  const client = { call: () => new Promise(() => undefined) } as unknown as Client;
  const parts = { client, phase, filled: new Store(0), listen: () => () => undefined };
  const model = parts as unknown as Model;
  const timeline = timelineOf(model, 'c_a');
  expect(asks()).toBe(false);
  void timeline.send('still on its way');
  expect(asks()).toBe(true);
  phase.set('lost');
  expect(asks()).toBe(true);
  phase.set('locked');
  expect(asks()).toBe(false);
});
