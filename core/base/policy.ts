/**
 * Policy: by which ways the two sides of a conversation may reach each other (POL-1). It travels
 * in records and hellos as its place in this list. What follows from one: core/path/policy.ts.
 * @module
 */
import { asInt, type Bvalue } from './bencode.ts';

/** Automatic, Hidden IP, Direct only, This network only. */
const POLICIES = ['auto', 'hidden', 'direct', 'local'] as const;
export type Policy = (typeof POLICIES)[number];

/** Somebody chose another policy for a conversation. */
export interface PolicyChange {
  /** Our wall clock. */
  readonly atMs: number;
  readonly by: 'us' | 'them';
  readonly policy: Policy;
}

/** The number under which a policy travels and is kept. */
export function policyNumber(policy: Policy): number {
  return POLICIES.indexOf(policy);
}

/** Reads that number. A policy of a later version is read as the strictest one. */
export function readPolicy(value: Bvalue | undefined): Policy | undefined {
  const number = asInt(value, 0, 255);
  return number === undefined ? undefined : (POLICIES[number] ?? 'hidden');
}
