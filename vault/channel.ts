/**
 * Channel: what the main thread and the vault worker say to each other.
 * @module
 */
import type { VaultReply, VaultRequest } from '@sotto/core/base/vault.ts';
import type { OpenRefusal } from './refusal.ts';

export type ToWorker =
  | { type: 'open'; vault: number; folder: string; passphrase: Uint8Array | undefined }
  | { type: 'requests'; vault: number; first: number; requests: readonly VaultRequest[] }
  | { type: 'close'; vault: number };

export type FromWorker =
  | { type: 'opened'; vault: number; key: Uint8Array }
  | { type: 'refused'; vault: number; code: OpenRefusal }
  | {
      type: 'replies';
      vault: number;
      /** Replies with the number of their request. */
      replies: readonly { readonly id: number; readonly reply: VaultReply }[];
      commits: number;
    }
  | { type: 'closed'; vault: number };

/**
 * The same value with every byte string in memory of its own. A view into a larger buffer is
 * cloned with the whole buffer: a 200-byte message out of a pool of 64 KiB would cost 64 KiB.
 */
export function compact<T>(value: T): T {
  if (value instanceof Uint8Array) {
    const own = value.byteLength === value.buffer.byteLength;
    return (own ? value : new Uint8Array(value)) as T;
  }
  if (Array.isArray(value)) return value.map(compact) as T;
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const [key, part] of Object.entries(value)) copy[key] = compact(part);
  return copy as T;
}
