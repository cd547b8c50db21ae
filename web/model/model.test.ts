import { ApiError, UnreachableError, type Client } from '@sotto/api/client.ts';
import type { StreamEvent } from '@sotto/api/contract.ts';
import { errorBody } from '@sotto/api/errors.ts';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Model } from './model.ts';

const page = Object.assign(new EventTarget(), { visibilityState: 'visible' });
Object.assign(globalThis, { document: page });

function show(visibilityState: 'visible' | 'hidden'): void {
  page.visibilityState = visibilityState;
  page.dispatchEvent(new Event('visibilitychange'));
}

const network: StreamEvent = {
  v: 1,
  type: 'network',
  cursor: '0',
  data: { online: true, helpers: 3 },
};
const ANSWERS: Record<string, unknown> = {
  'status.get': { online: false, helpers: 0 },
  'lock.status': { locked: false },
  'conversations.list': { conversations: [] },
  'config.list': { entries: [] },
};

interface Stream {
  readonly signal: AbortSignal;
  readonly tell: (event: StreamEvent) => void;
  readonly cut: (why: Error) => void;
}

const running: AbortController[] = [];
beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  for (const one of running.splice(0)) one.abort();
  show('visible');
  vi.useRealTimers();
});

/** A model that runs, of a daemon whose streams stand until they are cut. */
function setUp(answer = (method: string): unknown => ANSWERS[method]) {
  const streams: Stream[] = [];
  const client = {
    call: async (method: string) => await answer(method),
    async *events({ signal }: { signal: AbortSignal }) {
      const told: StreamEvent[] = [network];
      let wake: () => void = () => undefined;
      let fault: Error | undefined;
      const tell = (event: StreamEvent): void => {
        told.push(event);
        wake();
      };
      const cut = (why: Error): void => {
        fault = why;
        wake();
      };
      signal.addEventListener('abort', () => wake());
      streams.push({ signal, tell, cut });
      for (;;) {
        signal.throwIfAborted();
        if (fault) throw fault;
        const next = told.shift();
        if (next) yield next;
        else await new Promise<void>((done) => (wake = done));
      }
    },
  } as unknown as Client;
  const model = new Model(client);
  const stop = new AbortController();
  running.push(stop);
  void model.run(stop.signal);
  return { model, streams };
}

/** Lets go on what waits for nothing else, and for `ms`. */
const pass = (ms = 0): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

describe('a stream that breaks', () => {
  test('is followed anew at once, and all is loaded again', async () => {
    const { model, streams } = setUp();
    await pass();
    expect([model.phase.value, model.filled.value]).toEqual(['ready', 1]);
    streams[0]!.cut(new UnreachableError('cut'));
    await pass();
    expect(model.phase.value).toBe('lost');
    await pass(100);
    expect([model.phase.value, model.filled.value, streams.length]).toEqual(['ready', 2, 2]);
  });

  test('makes nothing ready by what was asked for beside it', async () => {
    const late: (() => void)[] = [];
    const { model, streams } = setUp(async (method) => {
      if (late.length < 3) await new Promise<void>((done) => late.push(done));
      return ANSWERS[method];
    });
    await pass();
    streams[0]!.cut(new UnreachableError('cut'));
    await pass();
    for (const done of late) done();
    await pass();
    expect([model.phase.value, model.filled.value]).toEqual(['lost', 0]);
    await pass(1_000);
    expect([model.phase.value, model.filled.value]).toEqual(['ready', 1]);
  });
});

describe('lists that cannot be loaded', () => {
  test('end their stream, and are asked for again with the next one', async () => {
    let isFull = true;
    const { model, streams } = setUp((method) => {
      if (isFull && method === 'config.list') throw new ApiError(errorBody('internal'));
      return ANSWERS[method];
    });
    await pass();
    expect([model.phase.value, streams[0]!.signal.aborted]).toEqual(['lost', true]);
    isFull = false;
    model.retryNow();
    await pass();
    expect([model.phase.value, streams.length]).toEqual(['ready', 2]);
    streams[1]!.tell({ v: 1, type: 'requests', data: { requests: 7 } });
    await pass();
    expect(model.status.value).toMatchObject({ online: true, requests: 7 });
  });

  test('because the profile was locked meanwhile', async () => {
    const { model } = setUp((method) => {
      if (method === 'lock.status') return { locked: true };
      throw new ApiError(errorBody('locked'));
    });
    await pass();
    expect(model.phase.value).toBe('locked');
  });
});

test('[API-30] what is typed in another window is known here', async () => {
  const chat = { conversation: 'c_a', draft: 'half a' };
  const { model, streams } = setUp((method) =>
    method === 'conversations.list' ? { conversations: [chat] } : ANSWERS[method],
  );
  await pass();
  streams[0]!.tell({ v: 1, type: 'draft', data: { conversation: 'c_a', text: '' } });
  await pass();
  expect(model.conversations.value.get('c_a')).toEqual({ conversation: 'c_a' });
});

describe('[API-34] a page that nobody sees', () => {
  test('gives its stream up after a while, and is filled anew when it is seen', async () => {
    const { model, streams } = setUp();
    await pass();
    show('hidden');
    await pass(4_000);
    expect(streams[0]!.signal.aborted).toBe(false);
    await pass(2_000);
    expect(streams[0]!.signal.aborted).toBe(true);
    await pass(60_000);
    // What was loaded stands, as it was.
    expect([model.phase.value, streams.length]).toEqual(['ready', 1]);
    show('visible');
    await pass();
    expect([model.phase.value, model.filled.value, streams.length]).toEqual(['ready', 2, 2]);
  });

  test('keeps it where it is seen again soon', async () => {
    const { streams } = setUp();
    await pass();
    show('hidden');
    await pass(4_000);
    show('visible');
    await pass(60_000);
    expect(streams.map(({ signal }) => signal.aborted)).toEqual([false]);
  });

  test('that was opened unseen waits too, whether its lists came or not', async () => {
    show('hidden');
    const { streams } = setUp(() => new Promise(() => undefined));
    await pass(60_000);
    expect(streams.map(({ signal }) => signal.aborted)).toEqual([true]);
  });

  test('holds nothing more once the profile is locked or the session has ended', async () => {
    for (const reason of ['locked', 'unauthorised'] as const) {
      let isShut = false;
      const { model, streams } = setUp((method) => {
        if (!isShut) return ANSWERS[method];
        if (method === 'lock.status' && reason === 'locked') return { locked: true };
        throw new ApiError(errorBody(reason));
      });
      await pass();
      show('hidden');
      await pass(60_000);
      expect([model.phase.value, streams.length]).toEqual(['ready', 1]);
      isShut = true;
      await pass(10_000);
      expect(model.phase.value).toBe(reason === 'locked' ? 'locked' : 'refused');
      show('visible');
    }
  });

  test('rests on while the app is away', async () => {
    const { model, streams } = setUp((method) => {
      if (method === 'lock.status') throw new UnreachableError('nobody there');
      return ANSWERS[method];
    });
    await pass();
    show('hidden');
    await pass(60_000);
    expect([model.phase.value, streams.length]).toEqual(['ready', 1]);
  });

  test('waits for an app that is away, for what it still has to hand over', async () => {
    const { model, streams } = setUp();
    await pass();
    show('hidden');
    streams[0]!.cut(new UnreachableError('cut'));
    await pass(100);
    expect([model.phase.value, model.filled.value]).toEqual(['ready', 2]);
  });

  test('forgets what the doctor found only where the app is another one', async () => {
    let startedAt = '2026-11-21T10:00:00.000Z';
    const { model } = setUp((method) =>
      method === 'status.get' ? { online: true, helpers: 3, startedAt } : ANSWERS[method],
    );
    const look = async (): Promise<void> => {
      show('hidden');
      await pass(6_000);
      show('visible');
      await pass();
    };
    await pass();
    model.verdict.set('trouble');
    await look();
    expect(model.verdict.value).toBe('trouble');
    startedAt = '2026-11-21T11:00:00.000Z';
    await look();
    expect(model.verdict.value).toBeUndefined();
  });
});
