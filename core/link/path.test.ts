import { describe, expect, test } from 'vitest';
import { concat } from '../base/bytes.ts';
import { Prng } from '../base/prng.ts';
import { FRAME, type Frame } from './frame.ts';
import { LINK_LIMITS, type LinkLimits } from './limits.ts';
import { CipherState } from './noise.ts';
import { Path } from './path.ts';

const route = { transport: 'tcp', endpoint: { host: '10.0.0.1', port: 1 } } as const;
const START: Frame = { type: FRAME.start, number: 0, ack: 0, limit: 0, content: new Uint8Array(0) };
const ACK: Frame = { ...START, type: FRAME.ack };
const data = (number: number, content: Uint8Array): Frame => ({
  type: FRAME.data,
  number,
  ack: 0,
  limit: 0,
  content,
});

/** A sender and a receiver with the same keys. */
function ends(limits: Partial<LinkLimits> = {}): [Path, Path] {
  const prng = new Prng(1);
  const [one, two] = [prng.bytes(32), prng.bytes(32)];
  const options = { limits: { ...LINK_LIMITS, ...limits }, nowMs: 0 };
  const state = (key: Uint8Array): CipherState => new CipherState(key.slice());
  return [
    new Path(2, route, { send: state(one), receive: state(two) }, options),
    new Path(1, route, { send: state(two), receive: state(one) }, options),
  ];
}

function read(path: Path, bytes: Uint8Array): Frame[] {
  path.feed(bytes);
  const frames: Frame[] = [];
  for (let frame = path.next(); frame !== undefined; frame = path.next()) frames.push(frame);
  return frames;
}

/** START and three messages, as one piece of stream. */
function sample(): { bytes: Uint8Array; frames: Frame[] } {
  const [a] = ends();
  const frames = [START, ...[1, 40, 700].map((n, i) => data(i, new Uint8Array(n).fill(n & 255)))];
  for (const frame of frames) a.write(frame, 0);
  return { bytes: a.takeOutput()!, frames };
}

describe('[LNK-19] records', () => {
  test('come out as they went in, in pieces of any size', () => {
    const { bytes, frames } = sample();
    for (const size of [1, 7, 18, 80, 5000]) {
      const [, b] = ends();
      const seen: Frame[] = [];
      for (let at = 0; at < bytes.length; at += size) {
        seen.push(...read(b, bytes.subarray(at, at + size)));
      }
      expect(seen).toEqual(frames);
      expect(b.fault).toBeUndefined();
    }
  });

  test('with a bit flipped anywhere end the path, and nothing from there on is taken', () => {
    const { bytes, frames } = sample();
    for (let i = 0; i < bytes.length; i++) {
      const [, b] = ends();
      const bent = bytes.slice();
      bent[i]! ^= 1 << (i % 8);
      const seen = read(b, bent);
      expect(seen).toEqual(frames.slice(0, seen.length));
      expect(seen.length).toBeLessThan(frames.length);
      expect(b.fault).toBe('bad tag');
      expect(read(b, bytes)).toEqual([]);
    }
  });

  test('cut short wait for the rest', () => {
    const { bytes, frames } = sample();
    for (let i = 0; i < bytes.length; i += 13) {
      const [, b] = ends();
      const first = read(b, bytes.subarray(0, i));
      expect(b.fault).toBeUndefined();
      expect([...first, ...read(b, bytes.subarray(i))]).toEqual(frames);
    }
  });

  test('repeated, left out, swapped or inserted end the path', () => {
    const [a] = ends();
    const records = [START, data(0, Uint8Array.of(1)), data(1, Uint8Array.of(2))].map((frame) => {
      a.write(frame, 0);
      return a.takeOutput()!;
    });
    const [start, one, two] = records as [Uint8Array, Uint8Array, Uint8Array];
    for (const pieces of [
      [start, one, one],
      [start, two],
      [start, two, one],
      [start, new Uint8Array(18), one],
    ]) {
      const [, b] = ends();
      read(b, concat(...pieces));
      expect(b.fault).toBe('bad tag');
    }
  });

  test('of one direction do not open in the other', () => {
    const [a] = ends();
    a.write(START, 0);
    const bytes = a.takeOutput()!;
    expect(read(a, bytes)).toEqual([]);
    expect(a.fault).toBe('bad tag');
  });
});

describe('[LNK-23] START', () => {
  test('must be first, unless it is CLOSE', () => {
    // A path whose peer skips START: sealed by hand with the same keys.
    const [, b] = ends();
    const sealer = new CipherState(new Prng(1).bytes(32));
    const none = new Uint8Array(0);
    const frame = new Uint8Array(64);
    frame[0] = FRAME.ack;
    const length = sealer.encrypt(none, Uint8Array.of(0, 64));
    expect(read(b, concat(length, sealer.encrypt(none, frame)))).toEqual([]);
    expect(b.fault).toBe('no start');
    const [c, d] = ends();
    c.write({ ...START, type: FRAME.close, content: Uint8Array.of(1) }, 0);
    expect(read(d, c.takeOutput()!).length).toBe(1);
  });

  test('comes once', () => {
    const [a, b] = ends();
    a.write(START, 0);
    a.write(START, 0);
    expect(read(b, a.takeOutput()!)).toEqual([START]);
    expect(b.fault).toBe('bad frame');
  });
});

describe('[LNK-30] rekey', () => {
  test('comes after so many records, so many bytes, or so much time; both ends follow', () => {
    const cases: [Partial<LinkLimits>, number][] = [
      [{ rekeyRecords: 10 }, 0],
      [{ rekeyBytes: 2000 }, 0],
      [{ rekeyMs: 100 }, 20],
    ];
    for (const [limits, stepMs] of cases) {
      const [a, b] = ends(limits);
      const plain = ends()[0];
      a.write(START, 0);
      plain.write(START, 0);
      for (let i = 0; i < 100; i++) {
        a.write(data(i, Uint8Array.of(i)), i * stepMs);
        plain.write(data(i, Uint8Array.of(i)), i * stepMs);
      }
      const [bytes, without] = [a.takeOutput()!, plain.takeOutput()!];
      expect(bytes.length).toBeGreaterThan(without.length);
      expect(read(b, bytes).length).toBe(101);
      expect(b.fault).toBeUndefined();
    }
  });

  test('the limits are 2^20 records, 1 GiB and 10 minutes', () => {
    const { rekeyRecords, rekeyBytes, rekeyMs } = LINK_LIMITS;
    expect([rekeyRecords, rekeyBytes, rekeyMs]).toEqual([2 ** 20, 2 ** 30, 600_000]);
  });

  test('a peer that goes on under a key far beyond its limits loses the path', () => {
    const [, b] = ends({ rekeyRecords: 10 });
    const [careless] = ends();
    careless.write(START, 0);
    for (let i = 0; i < 30; i++) careless.write(ACK, 0);
    expect(read(b, careless.takeOutput()!).length).toBe(20);
    expect(b.fault).toBe('key overused');
  });
});

test('[LNK-28] a path has room until its stream holds 256 KiB that are not known to be gone', () => {
  const [a] = ends();
  a.write(START, 0);
  let position = 0;
  for (let i = 0; a.hasRoom(); i++) {
    a.write(data(i, new Uint8Array(10_000)), 0);
    if (i === 5) position = a.written;
  }
  expect(a.written).toBeGreaterThanOrEqual(256 * 1024);
  expect(a.written).toBeLessThan(256 * 1024 + 17_000);
  a.acknowledged(position);
  expect(a.hasRoom()).toBe(true);
  while (a.hasRoom()) a.write(ACK, 0);
  a.drained();
  expect(a.hasRoom()).toBe(true);
});
