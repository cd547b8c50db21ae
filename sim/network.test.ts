import { describe, expect, test } from 'vitest';
import { utf8, utf8Text } from '@sotto/core/base/bytes.ts';
import { Prng } from '@sotto/core/base/prng.ts';
import type { Input } from '@sotto/core/effects.ts';
import { Network, type Port } from './network.ts';
import { Scheduler } from './scheduler.ts';
import { Weather } from './weather.ts';

/** A port that writes down what comes in and when. */
class Recorder implements Port {
  readonly process: number;
  readonly host: number;
  readonly address: string;
  readonly udpPort = 1000;
  readonly tcpPort = 2000;
  readonly seen: string[] = [];
  readonly accepted: number[] = [];

  constructor(
    readonly world: World,
    number: number,
  ) {
    this.process = number;
    this.host = number;
    this.address = `198.18.${number}.1`;
    world.network.attach(this);
  }

  receive(input: Input): void {
    const bytes = 'bytes' in input ? ` ${utf8Text(input.bytes)}` : '';
    const why = 'reason' in input ? ` ${input.reason}` : '';
    this.seen.push(`${this.world.scheduler.nowMs} ${input.type}${bytes}${why}`);
    if (input.type === 'stream-accepted') this.accepted.push(input.stream);
  }

  /** What came in, without the times. */
  get kinds(): string[] {
    return this.seen.map((line) => line.slice(line.indexOf(' ') + 1));
  }

  /** All bytes of all streams, in order. */
  get text(): string {
    const bytes = this.kinds.filter((kind) => kind.startsWith('stream-bytes '));
    return bytes.map((kind) => kind.slice('stream-bytes '.length)).join('');
  }

  send(to: Recorder, text: string): void {
    const end = { host: to.address, port: to.udpPort };
    this.world.network.sendDatagram(this, end, utf8(text));
  }

  dial(stream: number, to: Recorder, port = to.tcpPort): void {
    const end = { host: to.address, port };
    this.world.network.streams.handle(this, {
      type: 'stream-open',
      stream,
      transport: 'tcp',
      to: end,
    });
  }

  udx(stream: number, to: Recorder, localId: number, remoteId: number): void {
    const end = { host: to.address, port: to.udpPort };
    const open = { type: 'stream-open', stream, transport: 'udx', to: end } as const;
    this.world.network.streams.handle(this, { ...open, localId, remoteId });
  }

  write(stream: number, text: string): void {
    const bytes = utf8(text);
    this.world.network.streams.handle(this, { type: 'stream-write', stream, bytes });
  }

  close(stream: number): void {
    this.world.network.streams.handle(this, { type: 'stream-close', stream });
  }
}

class World {
  readonly scheduler = new Scheduler();
  readonly weather: Weather;
  readonly network: Network;

  constructor(seed = 1) {
    this.weather = new Weather(new Prng(seed));
    const { scheduler, weather } = this;
    this.network = new Network({ scheduler, weather, prng: new Prng(seed + 1) });
  }
}

function pair(seed = 1): { world: World; a: Recorder; b: Recorder } {
  const world = new World(seed);
  return { world, a: new Recorder(world, 1), b: new Recorder(world, 2) };
}

describe('datagrams', () => {
  test('arrive in calm weather, once each', () => {
    const { a, b, world } = pair();
    for (let i = 0; i < 50; i++) a.send(b, `${i}`);
    world.scheduler.runUntil(1_000);
    expect(b.kinds.length).toBe(50);
    expect(new Set(b.kinds).size).toBe(50);
  });

  test('are lost, doubled and reordered as often as the weather says', () => {
    const { a, b, world } = pair();
    world.weather.rates = { loss: 0.4, duplicate: 0.2, reorder: 0.5 };
    for (let i = 0; i < 2_000; i++) a.send(b, `${i}`);
    world.scheduler.runUntil(10_000);
    const { duplicated, lost, reordered } = world.weather.damage;
    expect(lost / 2_000).toBeCloseTo(0.4, 1);
    expect(duplicated / 2_000).toBeCloseTo(0.2, 1);
    expect(reordered).toBeGreaterThan(500);
    expect(b.kinds.length).toBe(2_000 - lost + duplicated);
    const numbers = b.kinds.map((kind) => Number(kind.split(' ')[1]));
    expect(numbers).not.toEqual([...numbers].sort((x, y) => x - y));
  });

  test('cross a partition in the open direction only', () => {
    const { a, b, world } = pair();
    world.weather.block(1, 2);
    a.send(b, 'there');
    b.send(a, 'back');
    world.scheduler.runUntil(1_000);
    expect([a.kinds, b.kinds]).toEqual([['datagram back'], []]);
    world.weather.unblock(1, 2);
    a.send(b, 'again');
    world.scheduler.runUntil(2_000);
    expect(b.kinds).toEqual(['datagram again']);
  });

  test('wait in a clog', () => {
    const { a, b, world } = pair();
    world.weather.clog(1, 2, 5_000);
    a.send(b, 'late');
    world.scheduler.runUntil(4_999);
    expect(b.seen).toEqual([]);
    world.scheduler.runUntil(6_000);
    expect(b.kinds).toEqual(['datagram late']);
  });

  test('of one seed are the same every time, of another seed not', () => {
    const runs = [1, 1, 2].map((seed) => {
      const { a, b, world } = pair(seed);
      world.weather.rates = { loss: 0.2, duplicate: 0.2, reorder: 0.2 };
      for (let i = 0; i < 200; i++) a.send(b, `${i}`);
      world.scheduler.runUntil(10_000);
      return b.seen;
    });
    expect(runs[0]).toEqual(runs[1]);
    expect(runs[0]).not.toEqual(runs[2]);
  });
});

describe('TCP', () => {
  test('opens, carries bytes in order in whatever pieces, and ends', () => {
    const { a, b, world } = pair();
    world.weather.rates = { loss: 0.3, duplicate: 0.3, reorder: 0.3 };
    a.dial(2, b);
    world.scheduler.runUntil(30_000);
    expect(a.kinds).toContain('stream-opened');
    const words = Array.from({ length: 100 }, (_, i) => `<${i}>`);
    for (const word of words) a.write(2, word);
    a.close(2);
    world.scheduler.runUntil(60_000);
    expect(b.text).toBe(words.join(''));
    expect(b.kinds.at(-1)).toBe('stream-closed ended');
    expect(a.kinds).not.toContain('stream-closed ended');
    expect(world.network.streams.size).toBe(0);
  });

  test('is refused where nobody listens, and given up where nobody is', () => {
    const { a, b, world } = pair();
    a.dial(2, b, 9);
    world.scheduler.runUntil(1_000);
    expect(a.kinds).toEqual(['stream-closed refused']);
    world.network.detach(b, 'unplugged');
    a.dial(4, b);
    world.scheduler.runUntil(60_000);
    expect(a.kinds.at(-1)).toBe('stream-closed timeout');
  });

  test('stalls in a partition and goes on after it', () => {
    const { a, b, world } = pair();
    a.dial(2, b);
    world.scheduler.runUntil(1_000);
    world.weather.block(2, 1); // the other way: no byte is acknowledged
    a.write(2, 'hello');
    world.scheduler.runUntil(20_000);
    expect(b.text).toBe('');
    world.weather.unblock(2, 1);
    world.scheduler.runUntil(22_000);
    expect(b.text).toBe('hello');
  });

  test('a reset loses what is under way, on both sides', () => {
    const { a, b, world } = pair();
    a.dial(2, b);
    world.scheduler.runUntil(1_000);
    a.write(2, 'lost');
    expect(world.network.streams.resetOne(new Prng(1))).toBe(true);
    world.scheduler.runUntil(5_000);
    expect([a.kinds.at(-1), b.kinds.at(-1)]).toEqual([
      'stream-closed reset',
      'stream-closed reset',
    ]);
    expect(b.text).toBe('');
    expect(world.network.streams.resetOne(new Prng(1))).toBe(false);
  });

  test('of a process that died ends or is reset; of one unplugged it falls silent', () => {
    const ends = [1, 2, 3, 4, 5, 6].map((seed) => {
      const { a, b, world } = pair(seed);
      a.dial(2, b);
      world.scheduler.runUntil(1_000);
      world.network.detach(b, 'killed');
      world.scheduler.runUntil(10_000);
      return a.kinds.at(-1);
    });
    expect(new Set(ends)).toEqual(new Set(['stream-closed ended', 'stream-closed reset']));
    const { a, b, world } = pair();
    a.dial(2, b);
    world.scheduler.runUntil(1_000);
    world.network.detach(b, 'unplugged');
    a.write(2, 'anybody?');
    world.scheduler.runUntil(100_000);
    expect(a.kinds.at(-1)).toBe('stream-writable');
    world.scheduler.runUntil(200_000);
    expect(a.kinds.at(-1)).toBe('stream-closed timeout');
  });

  test('says writable only when the queue has drained', () => {
    const { a, b, world } = pair();
    a.dial(2, b);
    world.scheduler.runUntil(1_000);
    world.weather.block(1, 2);
    a.write(2, 'x'.repeat(300_000));
    world.scheduler.runUntil(10_000);
    expect(a.kinds).not.toContain('stream-writable');
    world.weather.unblock(1, 2);
    world.scheduler.runUntil(20_000);
    expect(a.kinds).toContain('stream-writable');
    expect(b.text.length).toBe(300_000);
  });
});

describe('UDX', () => {
  test('needs both sides to name both ids; what comes too early comes again a second later', () => {
    const { a, b, world } = pair();
    a.udx(2, b, 7, 9);
    world.scheduler.runUntil(10);
    a.write(2, 'early');
    world.scheduler.runUntil(500);
    b.udx(4, a, 9, 7);
    world.scheduler.runUntil(900);
    expect(b.text).toBe('');
    world.scheduler.runUntil(2_500);
    expect(b.text).toBe('early');
    b.write(4, 'back');
    world.scheduler.runUntil(3_000);
    expect(a.text).toBe('back');
  });

  test('without the other side it is given up', () => {
    const { a, b, world } = pair();
    a.udx(2, b, 7, 9);
    b.udx(4, a, 9, 8); // names another stream
    world.scheduler.runUntil(10);
    a.write(2, 'hello');
    world.scheduler.runUntil(60_000);
    expect(a.kinds.at(-1)).toBe('stream-closed timeout');
    expect(b.text).toBe('');
  });
});
