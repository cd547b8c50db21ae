/**
 * Names to endpoints, by the system's own resolver.
 * @module
 */
import { lookup } from 'node:dns/promises';
import { formatAddress, parseAddress } from '@sotto/core/base/endpoint.ts';
import type { Endpoint } from '@sotto/core/base/endpoint.ts';

export const RESOLVE_MS = 5_000;
export const ENDPOINTS_MAX = 16;

export type Resolve = (name: string, port: number) => Promise<readonly Endpoint[]>;

/** Every address of a name; none where it has none or nobody answers in time. Never rejects. */
export async function resolveName(name: string, port: number): Promise<readonly Endpoint[]> {
  const literal = parseAddress(name);
  if (literal) return [{ host: formatAddress(literal), port }];
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<[]>((done) => {
    timer = setTimeout(() => done([]), RESOLVE_MS);
  });
  try {
    const found = await Promise.race([lookup(name, { all: true }), late]);
    return found.slice(0, ENDPOINTS_MAX).flatMap(({ address }) => {
      const bytes = parseAddress(address);
      return bytes ? [{ host: formatAddress(bytes), port }] : [];
    });
  } catch {
    return [];
  } finally {
    clearTimeout(timer);
  }
}
