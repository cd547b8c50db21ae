/**
 * Who may call the API: a request is judged by its raw headers alone, before its body is read.
 *
 *   check           passes                                              else
 *   Host            exactly one, exactly `127.0.0.1:PORT`               403, empty
 *   Origin          absent, or exactly `http://127.0.0.1:PORT`          403, empty
 *   Sec-Fetch-Site  absent, `none` or `same-origin`                     403, empty
 *   target          origin form, below /api/v1/                         404, empty
 *   method          POST; GET for events; HTTP/1.1                      405, empty
 *   Authorization   exactly one, `Bearer ` and the token                401 `unauthorised`
 *
 * Host comes first, and against a list: after DNS rebinding Origin and Host are equal, so that
 * comparing them with each other would prove nothing. The token is compared in constant time.
 * Spec: docs/spec/local-api.md API-13.
 * @module
 */
import { API_PREFIX } from '@sotto/api/contract.ts';
import { utf8 } from '@sotto/core/base/bytes.ts';
import { equalSecret } from '@sotto/core/crypto/mac.ts';

export interface RawRequest {
  readonly method: string;
  readonly version: string;
  /** The request target as it was sent. */
  readonly target: string;
  /** Names and values in turn, as Node's `rawHeaders`. */
  readonly rawHeaders: readonly string[];
}

export type Verdict =
  | { ok: true; method: 'GET' | 'POST'; path: string; query: string }
  | { ok: false; status: 403 | 404 | 405 | 401 };

const TARGET = /^\/[!-~]{0,2048}$/;

/** @param token what must follow `Bearer `. */
export function judge(request: RawRequest, port: number, token: string): Verdict {
  const own = `127.0.0.1:${port}`;
  const headers = valuesOf(request.rawHeaders);
  const [host, origin, site] = ['host', 'origin', 'sec-fetch-site'].map((name) =>
    headers.get(name),
  );
  if (host?.length !== 1 || host[0] !== own) return { ok: false, status: 403 };
  if (origin && (origin.length !== 1 || origin[0] !== `http://${own}`)) {
    return { ok: false, status: 403 };
  }
  if (site && (site.length !== 1 || !/^(none|same-origin)$/.test(site[0]!))) {
    return { ok: false, status: 403 };
  }
  if (!TARGET.test(request.target) || !request.target.startsWith(API_PREFIX)) {
    return { ok: false, status: 404 };
  }
  const [path = '', ...queries] = request.target.slice(API_PREFIX.length).split('?');
  const wanted = path === 'events' ? 'GET' : 'POST';
  if (request.method !== wanted || request.version !== '1.1') return { ok: false, status: 405 };
  if (!isToken(headers.get('authorization'), token)) return { ok: false, status: 401 };
  return { ok: true, method: wanted, path, query: queries.join('?') };
}

/** Every value of every header, by its name in lower case. */
function valuesOf(rawHeaders: readonly string[]): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase();
    const known = values.get(name);
    if (known) known.push(rawHeaders[i + 1]!);
    else values.set(name, [rawHeaders[i + 1]!]);
  }
  return values;
}

function isToken(given: readonly string[] | undefined, token: string): boolean {
  if (given?.length !== 1) return false;
  return equalSecret(utf8(given[0]!), utf8(`Bearer ${token}`));
}
