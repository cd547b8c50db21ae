/**
 * Numbers of streams that core opens: even ones, each once. The driver numbers what it accepts.
 * @module
 */
import type { StreamId } from './contract.ts';

/** Several that share a driver share one of these. */
export function streamIds(): () => StreamId {
  let next: StreamId = 0;
  return () => (next += 2);
}
