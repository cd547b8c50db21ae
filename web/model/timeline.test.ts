import { ApiError, type Client } from '@sotto/api/client.ts';
import type { Message, StreamEvent } from '@sotto/api/contract.ts';
import { errorBody } from '@sotto/api/errors.ts';
import { describe, expect, test } from 'vitest';

// The place of the page is read when the module is: there is none here.
Object.assign(globalThis, {
  location: { pathname: '/' },
  window: { addEventListener: () => undefined },
});
const { Timeline } = await import('./timeline.ts');

function message(cursor: number, change: Partial<Message> = {}): Message {
  return {
    event: `e${cursor}`,
    conversation: 'c_a',
    cursor: String(cursor),
    outgoing: false,
    author: 'Ana',
    kind: 'text',
    text: `text ${cursor}`,
    time: '2026-11-21T10:00:00.000Z',
    storedAt: '2026-11-21T10:00:00.000Z',
    state: 'received',
    read: true,
    gapBefore: false,
    fork: false,
    ...change,
  };
}
const came = (data: Message): StreamEvent => ({ v: 1, type: 'message', cursor: data.cursor, data });
const delivered = (event: string): StreamEvent => ({
  v: 1,
  type: 'state',
  cursor: '900',
  data: { event, conversation: 'c_a', state: 'delivered' },
});

type Handler = (params: Record<string, unknown>) => unknown;

/** A daemon that holds messages 1 to `count`. `handlers` answer instead. */
function setUp(count: number, handlers: Record<string, Handler> = {}) {
  const all = Array.from({ length: count }, (_, i) => message(i + 1));
  const list: Handler = ({ limit, before, after }) => {
    const until = before === undefined ? all.length : Number(before) - 1;
    const from = after === undefined ? Math.max(0, until - Number(limit)) : Number(after);
    const end = after === undefined ? until : Math.min(all.length, from + Number(limit));
    return { messages: all.slice(from, end), more: from > 0, newer: end < all.length };
  };
  const calls: { method: string; params: Record<string, unknown> }[] = [];
  const client = {
    call: async (method: string, params: Record<string, unknown>) => {
      calls.push({ method, params });
      await Promise.resolve();
      const answer = await ({ 'messages.list': list, ...handlers }[method] ?? list)(params);
      return answer;
    },
  } as unknown as Client;
  return { timeline: new Timeline(client, 'c_a'), calls, all };
}
const cursors = (timeline: InstanceType<typeof Timeline>): number[] =>
  timeline.view.value.messages.map(({ cursor }) => Number(cursor));
const tick = (): Promise<void> => new Promise((done) => setTimeout(done, 0));

describe('pages', () => {
  test('grows at both ends without holes, and gives the far end back', async () => {
    const { timeline } = setUp(10_000);
    await timeline.open();
    for (let i = 0; i < 40; i++) await timeline.older();
    let held = cursors(timeline);
    expect(held.length).toBeLessThanOrEqual(6_000);
    expect(held).toEqual(held.map((_, i) => held[0]! + i));
    expect(timeline.view.value.hasNewer).toBe(true);
    for (let i = 0; i < 40; i++) await timeline.newer();
    held = cursors(timeline);
    expect(held).toEqual(held.map((_, i) => held[0]! + i));
    expect(held.at(-1)).toBe(10_000);
    expect(timeline.view.value).toMatchObject({ hasNewer: false, hasOlder: true });
  });

  test('one change of the list is at one end only', async () => {
    const { timeline } = setUp(10_000);
    await timeline.open();
    let before = cursors(timeline);
    timeline.view.watch(() => {
      const now = cursors(timeline);
      expect(now[0] === before[0] || now.at(-1) === before.at(-1)).toBe(true);
      before = now;
    });
    for (let i = 0; i < 35; i++) await timeline.older();
    for (let i = 0; i < 35; i++) await timeline.newer();
  });

  test('holds no more of what comes live than of what is fetched, and goes on without holes', async () => {
    const { timeline, all } = setUp(50);
    await timeline.open();
    for (let i = 51; i <= 7_050; i++) {
      all.push(message(i));
      timeline.take(came(all.at(-1)!));
    }
    expect(cursors(timeline)).toEqual(Array.from({ length: 6_000 }, (_, i) => i + 1));
    expect(timeline.view.value).toMatchObject({ hasNewer: true, hasOlder: false });
    for (let i = 0; i < 6; i++) await timeline.newer();
    const held = cursors(timeline);
    expect(held.length).toBeLessThanOrEqual(6_000);
    expect(held).toEqual(held.map((_, i) => held[0]! + i));
    expect(held.at(-1)).toBe(7_050);
    expect(timeline.view.value).toMatchObject({ hasNewer: false, hasOlder: true });
  });

  test('nor of what came while the stream was away', async () => {
    const { timeline, all } = setUp(5_800);
    await timeline.open();
    while (timeline.view.value.hasOlder) await timeline.older();
    for (const count of [5_950, 6_100]) {
      while (all.length < count) all.push(message(all.length + 1));
      await timeline.resync();
    }
    expect(cursors(timeline)).toEqual(Array.from({ length: 6_000 }, (_, i) => i + 1));
    expect(timeline.view.value.hasNewer).toBe(true);
  });

  test('a later place makes an earlier page void', async () => {
    const { timeline } = setUp(1_000);
    await timeline.open();
    const older = timeline.older();
    const newest = timeline.open();
    await Promise.all([older, newest]);
    expect(cursors(timeline)).toHaveLength(50);
  });

  test('what comes live while a page is under way is neither lost nor doubled', async () => {
    const { timeline, all } = setUp(60);
    const opening = timeline.open();
    timeline.take(came(message(61)));
    timeline.take(came(all[59]!));
    await opening;
    expect(cursors(timeline).slice(-3)).toEqual([59, 60, 61]);
  });

  test('a page that is older than the stream shows nothing less far than it said', async () => {
    const waiting = message(1, { outgoing: true, state: 'waiting' });
    const page = { messages: [waiting], more: false, newer: false };
    const { timeline } = setUp(0, { 'messages.list': () => page });
    const opening = timeline.open();
    timeline.take(delivered('e1'));
    await opening;
    expect(timeline.view.value.messages[0]!.state).toBe('delivered');
  });

  test('after a loss the piece goes on where it was, or is replaced where there is a hole', async () => {
    const { timeline, all } = setUp(100);
    await timeline.open();
    const { piece } = timeline.view.value;
    for (let i = 101; i <= 110; i++) all.push(message(i));
    await timeline.resync();
    expect(cursors(timeline)).toEqual(Array.from({ length: 60 }, (_, i) => 51 + i));
    expect(timeline.view.value.piece).toBe(piece);
    for (let i = 111; i <= 600; i++) all.push(message(i));
    await timeline.resync();
    expect(cursors(timeline)).toEqual(Array.from({ length: 200 }, (_, i) => 401 + i));
    expect(timeline.view.value.piece).toBe(piece + 1);
  });
});

describe('what could not be loaded', () => {
  /** Messages 1 to 1,000 of a daemon that is away until `back`. */
  function setUpAway() {
    let isAway = false;
    const { calls, timeline } = setUp(1_000, {
      'messages.list': ({ around, before }) => {
        if (isAway) throw new Error('nobody answers');
        const middle = Number(around ?? before ?? 1_000);
        return { messages: [message(middle - 1), message(middle)], more: true, newer: true };
      },
    });
    const setAway = (away: boolean): void => {
      isAway = away;
    };
    return { calls, setAway, timeline };
  }

  test('comes once the app is back: the page that was asked for', async () => {
    const { calls, setAway, timeline } = setUpAway();
    setAway(true);
    await timeline.open('500');
    expect(timeline.view.value).toMatchObject({ loaded: false, error: { code: 'E01' } });
    setAway(false);
    await timeline.resync();
    expect(timeline.view.value).toMatchObject({ loaded: true, error: undefined });
    expect(calls.at(-1)!.params).toMatchObject({ around: '500' });
  });

  test('also where another piece of the chat is shown meanwhile', async () => {
    const { calls, setAway, timeline } = setUpAway();
    await timeline.open('500');
    setAway(true);
    await timeline.open();
    setAway(false);
    await timeline.resync();
    expect(cursors(timeline).at(-1)).toBe(1_000);
    expect(calls.at(-1)!.params).toEqual({ to: 'c_a', limit: 50 });
  });

  test('is no longer said once the app is back, also where newer ones are missing', async () => {
    const { setAway, timeline } = setUpAway();
    await timeline.open('500');
    setAway(true);
    await timeline.older();
    expect(timeline.view.value).toMatchObject({ hasNewer: true, error: { code: 'E01' } });
    setAway(false);
    await timeline.resync();
    expect(timeline.view.value.error).toBeUndefined();
  });

  test('nor is a chat opened that nobody has opened', async () => {
    const { calls, timeline } = setUpAway();
    await timeline.resync();
    expect(calls).toEqual([]);
  });
});

describe('sending', () => {
  const mine = (cursor: number, text: string): Message =>
    message(cursor, { outgoing: true, state: 'waiting', text });

  test('pending until its message comes, whichever of answer and stream is first', async () => {
    const send: Handler = () => ({ event: 'e1', conversation: 'c_a', duplicate: false });
    for (const streamFirst of [true, false]) {
      const { timeline } = setUp(0, { 'messages.send': send });
      await timeline.open();
      const sending = timeline.send('hello');
      expect(timeline.view.value.pending).toHaveLength(1);
      await Promise.resolve();
      if (streamFirst) timeline.take(came(mine(1, 'hello')));
      await sending;
      if (!streamFirst) {
        expect(timeline.view.value.pending[0]).toMatchObject({ event: 'e1', error: undefined });
        timeline.take(came(mine(1, 'hello')));
      }
      expect(timeline.view.value.pending).toEqual([]);
      expect(cursors(timeline)).toEqual([1]);
    }
  });

  test('in the order of writing, and a failed one holds up none', async () => {
    const texts: unknown[] = [];
    const { timeline } = setUp(0, {
      'messages.send': async ({ text }) => {
        await tick();
        texts.push(text);
        if (text === 'a') throw new ApiError(errorBody('text-empty'));
        return { event: `e-${String(text)}`, conversation: 'c_a', duplicate: false };
      },
    });
    await timeline.open();
    await Promise.all([timeline.send('a'), timeline.send('b'), timeline.send('c')]);
    expect(texts).toEqual(['a', 'b', 'c']);
    expect(timeline.view.value.pending.map(({ error }) => error?.code)).toEqual([
      'E26',
      undefined,
      undefined,
    ]);
  });

  test('once more under the same id', async () => {
    let fails = true;
    const { timeline, calls } = setUp(0, {
      'messages.send': () => {
        if (fails) throw new Error('nobody answers');
        return { event: 'e1', conversation: 'c_a', duplicate: true };
      },
    });
    await timeline.open();
    await timeline.send('a');
    expect(timeline.view.value.pending[0]?.error?.reason).toBe('not-running');
    fails = false;
    await timeline.resync();
    await tick();
    const ids = calls.filter(({ method }) => method === 'messages.send');
    expect(new Set(ids.map(({ params }) => params['clientId'])).size).toBe(1);
    expect(timeline.view.value.pending[0]).toMatchObject({ event: 'e1', error: undefined });
  });

  test('a failed one stays although another window sent the same text', async () => {
    const { timeline } = setUp(0, {
      'messages.send': () => {
        throw new ApiError(errorBody('text-empty'));
      },
    });
    await timeline.open();
    const sending = timeline.send('same');
    await Promise.resolve();
    timeline.take(came(mine(1, 'same')));
    await sending;
    expect(timeline.view.value.pending).toMatchObject([{ text: 'same', error: { code: 'E26' } }]);
  });

  test('one that waits its turn is handed over although another window sent the same text', async () => {
    const { timeline, calls } = setUp(0, {
      'messages.send': ({ clientId }) => ({ event: String(clientId), conversation: 'c_a' }),
    });
    await timeline.open();
    const sending = Promise.all([timeline.send('first'), timeline.send('same')]);
    timeline.take(came(mine(1, 'same')));
    await sending;
    const sent = calls.filter(({ method }) => method === 'messages.send');
    expect(sent.map(({ params }) => params['text'])).toEqual(['first', 'same']);
  });

  test('while the daemon is away all wait behind the first, and go in the order of writing', async () => {
    let isAway = true;
    const texts: unknown[] = [];
    const { timeline } = setUp(0, {
      'messages.send': ({ text }) => {
        if (isAway) throw new Error('nobody answers');
        texts.push(text);
        return { event: `e-${String(text)}`, conversation: 'c_a' };
      },
    });
    await timeline.open();
    await Promise.all(['a', 'b', 'c'].map((text) => timeline.send(text)));
    expect(timeline.view.value.pending.map(({ error }) => error?.reason)).toEqual([
      'not-running',
      'not-running',
      'not-running',
    ]);
    isAway = false;
    // Before the stream is back, too.
    await timeline.send('d');
    expect(texts).toEqual(['a', 'b', 'c', 'd']);
    await timeline.resync();
    await tick();
    expect(texts).toHaveLength(4);
  });

  test('stands once, however long after its message the answer comes', async () => {
    const all: Message[] = Array.from({ length: 300 }, (_, i) => mine(i + 1, `m${i + 1}`));
    const { timeline } = setUp(0, {
      'messages.send': () => {
        // The stream has long gone on to others.
        for (const one of all) timeline.take(came(one));
        return { event: 'e1', conversation: 'c_a' };
      },
    });
    await timeline.open();
    await timeline.send('m1');
    expect(timeline.view.value.pending).toEqual([]);
    expect(cursors(timeline)).toHaveLength(300);
  });
});
