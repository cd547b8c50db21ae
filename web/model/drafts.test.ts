import { ApiError, type Client } from '@sotto/api/client.ts';
import type { Conversation } from '@sotto/api/contract.ts';
import { errorBody } from '@sotto/api/errors.ts';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { draftOf } from './drafts.ts';
import { Model } from './model.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

type Answer = (text: string) => unknown;

/** A model of one chat; `saves` are the texts that the daemon was handed. */
function setUp(answer: Answer = () => ({}), draft?: string) {
  const saves: string[] = [];
  const client = {
    call: async (_method: string, { text }: { text: string }) => {
      saves.push(text);
      return await answer(text);
    },
  } as unknown as Client;
  const model = new Model(client);
  const chat = { conversation: 'c_a', ...(draft === undefined ? {} : { draft }) } as Conversation;
  model.conversations.set(new Map([['c_a', chat]]));
  return { model, saves, draft: draftOf(model, 'c_a') };
}
const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
const away = (): never => {
  throw new Error('nobody answers');
};
const refusing =
  (reason: Parameters<typeof errorBody>[0]): Answer =>
  () => {
    throw new ApiError(errorBody(reason));
  };

describe('a draft', () => {
  test('is saved when the hand rests or the field is left, and once', async () => {
    const { model, saves, draft } = setUp();
    draft.change('h');
    await pass(400);
    draft.change('hi');
    await pass(400);
    expect(saves).toEqual([]);
    await pass(200);
    expect(saves).toEqual(['hi']);
    draft.change('hi there');
    draft.save();
    draft.save();
    await pass(10_000);
    expect(saves).toEqual(['hi', 'hi there']);
    expect(model.conversations.value.get('c_a')?.draft).toBe('hi there');
  });

  test('that is typed while another save is under way waits for it', async () => {
    const answers: (() => void)[] = [];
    const wait = (): Promise<void> => new Promise((done) => answers.push(done));
    const { saves, draft } = setUp(wait);
    draft.change('one');
    draft.save();
    draft.change('two');
    draft.save();
    await pass(10_000);
    expect(saves).toEqual(['one']);
    answers[0]!();
    await pass(0);
    expect(saves).toEqual(['one', 'two']);
    answers[1]!();
    await pass(10_000);
    expect(saves).toEqual(['one', 'two']);
    expect(draft.isSaved).toBe(true);
  });

  test('that is refused is not saved again before another key', async () => {
    for (const reason of ['text-too-long', 'not-found', 'no-space', 'internal'] as const) {
      const { saves, draft } = setUp(refusing(reason));
      draft.change('long');
      await pass(60_000);
      expect(saves).toEqual(['long']);
      draft.change('lon');
      await pass(60_000);
      expect(saves).toEqual(['long', 'lon']);
    }
  });

  test('is saved when the app is back', async () => {
    let answer: Answer = away;
    const { saves, draft } = setUp((text) => answer(text));
    draft.change('hi');
    await pass(10_000);
    expect(saves.length).toBeGreaterThan(2);
    answer = () => ({});
    await pass(10_000);
    const { length } = saves;
    await pass(60_000);
    expect(saves).toHaveLength(length);
    expect(draft.isSaved).toBe(true);
  });

  test('is one, however often its chat is opened: what was typed last is saved last', async () => {
    let answer: Answer = away;
    const { model, saves, draft } = setUp((text) => answer(text));
    draft.change('first');
    await pass(1_000);
    draftOf(model, 'c_b');
    const again = draftOf(model, 'c_a');
    expect(again.text.value).toBe('first');
    again.change('second');
    answer = () => ({});
    await pass(60_000);
    expect(saves.at(-1)).toBe('second');
    expect(saves.lastIndexOf('first')).toBeLessThan(saves.indexOf('second'));
  });

  test('is as another window left it, where nothing else is typed here', async () => {
    const { model, draft } = setUp(undefined, 'half a');
    model.putDraft('c_a', 'half a sentence');
    expect(draft.text.value).toBe('half a sentence');
    model.putDraft('c_a', '');
    expect([draft.text.value, draft.isSaved]).toEqual(['', true]);
    draft.change('mine');
    model.putDraft('c_a', 'theirs');
    expect(draft.text.value).toBe('mine');
    await pass(1_000);
    expect(model.conversations.value.get('c_a')?.draft).toBe('mine');
  });

  test('stays what was typed while an older list is loaded', async () => {
    const { model, draft } = setUp(() => new Promise((done) => setTimeout(done, 100)), 'old');
    const loaded = model.conversations.value;
    draft.change('new');
    draft.save();
    model.conversations.set(new Map(loaded));
    await pass(1_000);
    expect([draft.text.value, model.conversations.value.get('c_a')?.draft]).toEqual(['new', 'new']);
  });

  test('of a chat that is gone is forgotten', () => {
    const { model, draft } = setUp(undefined, 'half a');
    draft.shown = true;
    model.conversations.set(new Map());
    expect(draftOf(model, 'c_a')).not.toBe(draft);
  });

  test('begins with what the daemon has, and is let go once that is so again', () => {
    const { model, draft } = setUp(undefined, 'from before');
    expect(draft.text.value).toBe('from before');
    draft.shown = true;
    draftOf(model, 'c_b');
    expect(draftOf(model, 'c_a')).toBe(draft);
    draft.shown = false;
    draftOf(model, 'c_b');
    expect(draftOf(model, 'c_a')).not.toBe(draft);
  });
});
