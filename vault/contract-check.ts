/**
 * How the contract suite states what must hold, without a test runner.
 * @module
 */
import { assert } from '@sotto/core/base/assert.ts';
import { equal } from '@sotto/core/base/bytes.ts';

/** States that two lists of texts, numbers or byte strings are the same. */
export function same(actual: readonly unknown[], expected: readonly unknown[], what: string): void {
  const alike =
    actual.length === expected.length &&
    actual.every((value, i) => {
      const other = expected[i];
      if (value instanceof Uint8Array && other instanceof Uint8Array) return equal(value, other);
      return value === other;
    });
  const show = (list: readonly unknown[]): string =>
    list.map((value) => (value instanceof Uint8Array ? `${value.length} B` : value)).join(', ');
  assert(alike, `${what}: expected [${show(expected)}], got [${show(actual)}]`);
}
