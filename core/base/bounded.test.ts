import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { BoundedMap, BoundedQueue } from './bounded.ts';

describe('[LIM-2] a bounded map', () => {
  test('forgets its oldest entry when full, and says which', () => {
    const map = new BoundedMap<string, number>(2);
    expect(map.set('a', 1)).toBeUndefined();
    expect(map.set('b', 2)).toBeUndefined();
    expect(map.set('c', 3)).toEqual(['a', 1]);
    expect([...map.entries()]).toEqual([
      ['b', 2],
      ['c', 3],
    ]);
  });

  test('makes an entry that is set again the newest', () => {
    const map = new BoundedMap<string, number>(2);
    map.set('a', 1);
    map.set('b', 2);
    map.set('a', 3);
    expect(map.set('c', 4)).toEqual(['b', 2]);
    expect([...map.values()]).toEqual([3, 4]);
  });

  test('never exceeds its limit and keeps the newest, whatever is done to it', () => {
    const step = fc.tuple(fc.constantFrom('set', 'delete', 'get'), fc.integer({ min: 0, max: 9 }));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(step), (limit, steps) => {
        const map = new BoundedMap<number, number>(limit);
        let model: number[] = [];
        for (const [what, key] of steps) {
          if (what === 'get') expect(map.get(key)).toBe(model.includes(key) ? key : undefined);
          if (what === 'get') expect(map.has(key)).toBe(model.includes(key));
          if (what === 'delete') expect(map.delete(key)).toBe(model.includes(key));
          if (what !== 'get') model = model.filter((other) => other !== key);
          if (what === 'set') {
            map.set(key, key);
            model = [...model, key].slice(-limit);
          }
          expect([...map.values()]).toEqual(model);
          expect(map.size).toBe(model.length);
        }
        map.clear();
        expect(map.size).toBe(0);
      }),
    );
  });
});

describe('[LIM-2] a bounded queue', () => {
  test('refuses what exceeds its limit and changes nothing', () => {
    const queue = new BoundedQueue<string>(2);
    expect([queue.push('a'), queue.push('b'), queue.push('c')]).toEqual([true, true, false]);
    expect([queue.length, queue.peek(), queue.shift(), queue.shift(), queue.shift()]).toEqual([
      2,
      'a',
      'a',
      'b',
      undefined,
    ]);
  });

  test('is first in, first out over many turns', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 600 }), (pushes) => {
        const queue = new BoundedQueue<number>(50);
        const model: number[] = [];
        for (const [i, isPush] of pushes.entries()) {
          if (isPush) {
            expect(queue.push(i)).toBe(model.length < 50);
            if (model.length < 50) model.push(i);
          } else {
            expect(queue.peek()).toBe(model[0]);
            expect(queue.shift()).toBe(model.shift());
          }
          expect(queue.length).toBe(model.length);
        }
      }),
    );
  });
});

test('[LIM-2] a limit is positive: anything else is our bug', () => {
  expect(() => new BoundedMap(0)).toThrow('positive');
  expect(() => new BoundedQueue(-1)).toThrow('positive');
});
