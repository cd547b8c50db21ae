/**
 * The end of a reply. Its reader takes it in time or loses its connection: there are only so many,
 * and who never reads would hold one for ever, without a token at that (API-14).
 * @module
 */
import type { ServerResponse } from 'node:http';

/** From the last byte that was written to the last one that was taken. */
export const TAKEN_MS = 30_000;

export function endReply(response: ServerResponse, body?: string | Uint8Array): void {
  response.end(body);
  if (response.writableFinished) return;
  const late = setTimeout(() => response.destroy(), TAKEN_MS);
  response.once('close', () => clearTimeout(late));
}
