/**
 * How this page proves itself to the daemon of its own origin.
 *
 *   sotto open -> http://127.0.0.1:PORT/...#k=<one-use key>
 *                 POST /api/v1/session {key} -> cookie (HttpOnly) and a page key
 *   later        cookie + Authorization: Bearer <page key>
 *
 * A cookie is not bound to a port, storage is: neither half is enough alone
 * (docs/spec/local-api.md). The fragment leaves the address bar before anything else happens.
 * @module
 */
import { API_PREFIX, API_VERSION } from '@sotto/api/wire.ts';
import { Client } from '@sotto/api/client.ts';

/** Where the page half of the session is kept. */
export const STORED = 'sotto.page';
const KEY = /^[0-9a-f]{64}$/;
const INVITE_CHARS_MAX = 4096;

/** What a one-use link carries. `invite`: a text that was opened together with the app. */
export interface Opening {
  readonly key: string | undefined;
  readonly invite: string | undefined;
}

/** Reads the fragment and takes it out of the address bar and the history. */
export function takeOpening(): Opening {
  const given = new URLSearchParams(location.hash.slice(1));
  if (location.hash !== '') history.replaceState(history.state, '', location.pathname);
  const key = given.get('k') ?? '';
  const invite = given.get('invite') ?? '';
  return {
    key: KEY.test(key) ? key : undefined,
    invite: invite !== '' && invite.length <= INVITE_CHARS_MAX ? invite : undefined,
  };
}

/** Swaps the one-use key for a session of this browser. False where it was used up. */
export async function beginSession(key: string): Promise<boolean> {
  const response = await fetch(`${API_PREFIX}session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ key }),
    redirect: 'error',
  });
  if (!response.ok) return false;
  const body = (await response.json()) as { v?: number; data?: { page?: string } };
  const page = body.data?.page ?? '';
  if (body.v !== API_VERSION || !KEY.test(page)) return false;
  localStorage.setItem(STORED, page);
  return true;
}

export function makeClient(): Client {
  return new Client(() => ({
    url: location.origin,
    token: localStorage.getItem(STORED) ?? '0'.repeat(64),
  }));
}
