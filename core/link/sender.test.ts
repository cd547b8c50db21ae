import { describe, expect, test } from 'vitest';
import { concat } from '../base/bytes.ts';
import { Prng } from '../base/prng.ts';
import { CONTENT_BYTES_MAX, FRAME, type Frame } from './frame.ts';
import { BODY_BYTES_MAX, FRAME_CHARGE_BYTES, LINK_LIMITS } from './limits.ts';
import { Receiver } from './receiver.ts';
import { type OutFrame, Sender } from './sender.ts';

const asFrame = ({ type, number, content }: OutFrame): Frame => ({
  type,
  number,
  content,
  ack: 0,
  limit: 0,
});

/** Writes all frames that may leave. */
function writeAll(sender: Sender, from = 0): OutFrame[] {
  const frames: OutFrame[] = [];
  for (let frame = sender.peek(); frame !== undefined; frame = sender.peek()) {
    frames.push(frame);
    sender.wrote(from + frames.length * 100);
  }
  return frames;
}

describe('[LNK-25] bodies', () => {
  const prng = new Prng(2);
  for (const size of [1, CONTENT_BYTES_MAX, CONTENT_BYTES_MAX + 1, 40_000, BODY_BYTES_MAX]) {
    test(`of ${size} bytes arrive whole`, () => {
      const [sender, receiver] = [new Sender(LINK_LIMITS), new Receiver(LINK_LIMITS)];
      const body = prng.bytes(size);
      expect(sender.push(body)).toBe(true);
      const frames = writeAll(sender);
      expect(frames.length).toBe(Math.ceil(size / CONTENT_BYTES_MAX));
      const last = frames.map((frame) => receiver.take(asFrame(frame))).at(-1)!;
      const charge = size + frames.length * FRAME_CHARGE_BYTES;
      expect(last).toEqual({ type: 'body', body, charge });
    });
  }

  test('beyond 64 KiB, put together from fragments, are a violation', () => {
    const receiver = new Receiver(LINK_LIMITS);
    const content = new Uint8Array(CONTENT_BYTES_MAX);
    const part = (number: number): Frame => ({
      type: FRAME.part,
      number,
      content,
      ack: 0,
      limit: 0,
    });
    for (let i = 0; i < 4; i++) expect(receiver.take(part(i)).type).toBe('part');
    expect(receiver.take(part(4)).type).toBe('violation');
  });
});

describe('[LNK-24] numbers and acknowledgements', () => {
  test('a number is taken once and in order: repeated ones pass, missing ones are a gap', () => {
    const receiver = new Receiver(LINK_LIMITS);
    const frame = (number: number): Frame => ({
      type: FRAME.data,
      number,
      content: Uint8Array.of(number),
      ack: 0,
      limit: 0,
    });
    expect(receiver.take(frame(0)).type).toBe('body');
    expect(receiver.take(frame(0)).type).toBe('repeated');
    expect(receiver.take(frame(2)).type).toBe('gap');
    expect(receiver.take(frame(1)).type).toBe('body');
    expect(receiver.expected).toBe(2);
  });

  test('an acknowledgement frees what it covers; an old one does nothing; a false one is seen', () => {
    const sender = new Sender(LINK_LIMITS);
    for (let i = 0; i < 10; i++) sender.push(Uint8Array.of(i));
    writeAll(sender);
    expect(sender.acknowledge(4, 0)).toBe(400);
    expect(sender.held).toBe(6);
    expect(sender.acknowledge(2, 0)).toBe(0);
    expect(sender.acknowledge(11, 0)).toBeUndefined();
    expect(sender.acknowledge(10, 0)).toBe(1000);
    expect(sender.held).toBe(0);
  });

  test('frames that were pushed but never written cannot be acknowledged', () => {
    const sender = new Sender(LINK_LIMITS);
    sender.push(Uint8Array.of(1));
    expect(sender.acknowledge(1, 0)).toBeUndefined();
  });

  test('many thousand frames pass without growth', () => {
    const sender = new Sender(LINK_LIMITS);
    let limit = LINK_LIMITS.windowBytes;
    for (let i = 0; i < 5_000; i++) {
      expect(sender.push(Uint8Array.of(1))).toBe(true);
      expect(writeAll(sender).length).toBe(1);
      limit += 65;
      sender.acknowledge(i + 1, limit);
    }
    expect(sender.held).toBe(0);
  });
});

describe('[LNK-34] rewind', () => {
  test('a new path starts where the peer expects, or later where it acknowledged more', () => {
    const sender = new Sender(LINK_LIMITS);
    for (let i = 0; i < 10; i++) sender.push(Uint8Array.of(i));
    writeAll(sender);
    sender.acknowledge(3, 0);
    expect(sender.rewind(5)).toBe(true);
    expect(writeAll(sender).map(({ number }) => number)).toEqual([5, 6, 7, 8, 9]);
    sender.acknowledge(8, 0);
    expect(sender.rewind(6)).toBe(true);
    expect(writeAll(sender).map(({ number }) => number)).toEqual([8, 9]);
  });

  test('a peer that expects what was never written is refused', () => {
    const sender = new Sender(LINK_LIMITS);
    sender.push(Uint8Array.of(1));
    expect(sender.rewind(1)).toBe(false);
    writeAll(sender);
    expect(sender.rewind(1)).toBe(true);
    expect(sender.rewind(2)).toBe(false);
  });

  test('an acknowledgement of what only the old path wrote is good on the new one', () => {
    const sender = new Sender(LINK_LIMITS);
    for (let i = 0; i < 10; i++) sender.push(Uint8Array.of(i));
    writeAll(sender);
    sender.rewind(2);
    expect(sender.acknowledge(9, 0)).toBe(0);
    expect(writeAll(sender).map(({ number }) => number)).toEqual([9]);
  });
});

describe('[LNK-26] the send buffer', () => {
  test('refuses beyond 1 MiB and says once when half is free', () => {
    const sender = new Sender(LINK_LIMITS);
    let pushed = 0;
    while (sender.push(new Uint8Array(10_000))) pushed++;
    expect(pushed).toBe(Math.floor(2 ** 20 / (10_000 + FRAME_CHARGE_BYTES)));
    writeAll(sender);
    sender.acknowledge(10, 0);
    expect(sender.takeRoomAgain()).toBe(false);
    sender.acknowledge(60, 0);
    expect(sender.takeRoomAgain()).toBe(true);
    expect(sender.takeRoomAgain()).toBe(false);
    expect(sender.push(new Uint8Array(10_000))).toBe(true);
  });
});

describe('[LNK-27] credit', () => {
  const limits = { ...LINK_LIMITS, windowBytes: 1000, sendBufferBytes: 100_000 };

  test('nothing leaves beyond the limit, and what is credited may leave again', () => {
    const [sender, receiver] = [new Sender(limits), new Receiver(limits)];
    const bodies = Array.from({ length: 50 }, (_, i) => new Uint8Array(100).fill(i));
    for (const body of bodies) sender.push(body);
    const got: Uint8Array[] = [];
    for (let round = 0; got.length < 50; round++) {
      expect(round).toBeLessThan(20);
      const frames = writeAll(sender);
      expect(frames.length).toBeLessThanOrEqual(Math.floor(1000 / 164));
      for (const frame of frames) {
        const received = receiver.take(asFrame(frame));
        if (received.type !== 'body') throw new Error(received.type);
        got.push(received.body);
        receiver.credit(received.charge);
      }
      sender.acknowledge(receiver.expected, receiver.tellLimit());
    }
    expect(concat(...got)).toEqual(concat(...bodies));
  });

  test('a peer that sends beyond the limit breaks the rules', () => {
    const [greedy, receiver] = [new Sender(LINK_LIMITS), new Receiver(limits)];
    for (let i = 0; i < 7; i++) greedy.push(new Uint8Array(100));
    const verdicts = writeAll(greedy).map((frame) => receiver.take(asFrame(frame)).type);
    expect(verdicts).toEqual([...new Array<string>(6).fill('body'), 'violation']);
  });

  test('tiny bodies fill the window too', () => {
    const sender = new Sender(limits);
    for (let i = 0; i < 100; i++) sender.push(Uint8Array.of(1));
    expect(writeAll(sender).length).toBe(Math.floor(1000 / 65));
  });

  test('a quarter of the window is news', () => {
    const [sender, receiver] = [new Sender(limits), new Receiver(limits)];
    for (let i = 0; i < 6; i++) sender.push(new Uint8Array(100));
    for (const frame of writeAll(sender)) receiver.take(asFrame(frame));
    expect(receiver.limitDue).toBe(false);
    receiver.credit(200);
    expect(receiver.limitDue).toBe(false);
    receiver.credit(50);
    expect(receiver.limitDue).toBe(true);
    receiver.tellLimit();
    expect(receiver.limitDue).toBe(false);
  });
});
