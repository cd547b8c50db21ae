/**
 * Assertions that stay on in production: a failed one is our bug, never bad input.
 * @module
 */

/** Thrown by `assert`. The daemon turns it into a report without secrets and exit code 70. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/**
 * States what must hold here.
 * @param message names the broken expectation; sizes and states only, never key or message bytes.
 * @throws AssertionError if `condition` is false.
 */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}
