/**
 * Collections with a named limit: nothing in the house grows without one.
 * @module
 */
import { assert } from './assert.ts';

/** A map that forgets its oldest entry when it would exceed `limit`. */
export class BoundedMap<K, V> {
  readonly #map = new Map<K, V>();

  constructor(readonly limit: number) {
    assert(limit > 0, 'a limit is positive');
  }

  get size(): number {
    return this.#map.size;
  }

  get(key: K): V | undefined {
    return this.#map.get(key);
  }

  has(key: K): boolean {
    return this.#map.has(key);
  }

  /** Sets an entry and makes it the newest; returns the entry that had to go, if any. */
  set(key: K, value: V): [K, V] | undefined {
    this.#map.delete(key);
    this.#map.set(key, value);
    if (this.#map.size <= this.limit) return undefined;
    const oldest = this.#map.entries().next().value!;
    this.#map.delete(oldest[0]);
    return oldest;
  }

  delete(key: K): boolean {
    return this.#map.delete(key);
  }

  clear(): void {
    this.#map.clear();
  }

  /** Oldest first. */
  entries(): IterableIterator<[K, V]> {
    return this.#map.entries();
  }

  values(): IterableIterator<V> {
    return this.#map.values();
  }
}

/** A first-in first-out queue that refuses what exceeds `limit`. */
export class BoundedQueue<T> {
  #items: T[] = [];
  #head = 0;

  constructor(readonly limit: number) {
    assert(limit > 0, 'a limit is positive');
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  /** False, and nothing changed, where the queue is full. */
  push(item: T): boolean {
    if (this.length >= this.limit) return false;
    this.#items.push(item);
    return true;
  }

  peek(): T | undefined {
    return this.#items[this.#head];
  }

  shift(): T | undefined {
    if (this.length === 0) return undefined;
    const item = this.#items[this.#head];
    this.#head++;
    if (this.#head > 64 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}
