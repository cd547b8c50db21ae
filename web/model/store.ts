/**
 * A value that screens watch. One place changes it; React is told.
 * @module
 */
import { useSyncExternalStore } from 'react';

export class Store<T> {
  #value: T;
  readonly #watchers = new Set<() => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const watcher of [...this.#watchers]) watcher();
  }

  readonly watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };
}

/** The value now; the component renders anew when it changes. */
export function useStore<T>(store: Store<T>): T {
  return useSyncExternalStore(store.watch, () => store.value);
}

/** One part of the value; renders anew only when that part changes (by Object.is). */
export function useStorePart<T, P>(store: Store<T>, part: (value: T) => P): P {
  return useSyncExternalStore(store.watch, () => part(store.value));
}
