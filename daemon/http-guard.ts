/**
 * Who may come in: a request is judged by its raw headers alone, before its body is read.
 *
 *   check           a call of the API                 the swap (session)   a page or a file of it
 *   Host            exactly one, exactly `127.0.0.1:PORT`; else 403, empty
 *   Origin          absent or ours                    ours                 absent or ours
 *   Sec-Fetch-Site  absent, `none`, `same-origin`     absent,              as a call, or a whole
 *                                                     `same-origin`        page is opened
 *   method          POST; GET for events              POST                 GET, HEAD
 *   Authorization   `Bearer ` and the token of        -                    -
 *                   api.json, or the page half of a
 *                   session whose cookie comes too
 *
 * Ours is `http://127.0.0.1:PORT`. A page that is opened as `localhost` or `[::1]` is sent to the
 * one origin there is. Host comes first, and against a list: after DNS rebinding Origin and Host
 * are equal, so that comparing them with each other would prove nothing. Secrets are compared in
 * constant time. Spec: docs/spec/local-api.md API-13, API-24, API-25.
 * @module
 */
import { API_PREFIX } from '@sotto/api/contract.ts';

export interface RawRequest {
  readonly method: string;
  readonly version: string;
  /** The request target as it was sent. */
  readonly target: string;
  /** Names and values in turn, as Node's `rawHeaders`. */
  readonly rawHeaders: readonly string[];
}

/** Who knows the secrets, and compares them in constant time. */
export interface Keys<Session> {
  /** Is this the token of api.json? */
  isToken(bearer: string): boolean;
  /** The session that both halves are of. */
  session(halves: { cookie: string; page: string }): Session | undefined;
}

export type Verdict<Session> =
  | { ok: true; to: 'call'; path: string; query: string; session: Session | undefined }
  | { ok: true; to: 'swap'; cookie: string | undefined }
  | { ok: true; to: 'page'; path: string }
  | { ok: false; status: 403 | 404 | 405 | 401 }
  | { ok: false; status: 307; location: string };

/** Below API_PREFIX: a browser swaps its one-use key for a session here. */
const SWAP_PATH = 'session';

const TARGET = /^\/[!-~]{0,2048}$/;
const BEARER = /^Bearer ([!-~]{1,128})$/;
const HALF = /^[0-9a-f]{64}$/;
/** Names of this computer whose pages are sent to the one origin. */
const OTHER_NAMES = ['localhost', '[::1]'];

/** What a cookie of ours is called: cookies know no ports, so the name has it. */
export function cookieName(port: number): string {
  return `sotto_${port}`;
}

type Headers = ReadonlyMap<string, readonly string[]>;

export function judge<Session>(
  request: RawRequest,
  port: number,
  keys: Keys<Session>,
): Verdict<Session> {
  const headers = valuesOf(request.rawHeaders);
  const { method, target, version } = request;
  const isTarget = TARGET.test(target);
  const isApi = /^\/api(\/|$|\?)/.test(target);
  const own = `127.0.0.1:${port}`;
  const host = headers.get('host');
  if (host?.length !== 1 || host[0] !== own) {
    const isOther = OTHER_NAMES.some((name) => host?.length === 1 && host[0] === `${name}:${port}`);
    const isPage = method === 'GET' && isTarget && !isApi;
    const isOpened = isPage && opensPage(headers, 'document');
    if (!isOther || !isOpened) return { ok: false, status: 403 };
    return { ok: false, status: 307, location: `http://${own}${target}` };
  }
  const origin = headers.get('origin');
  if (origin && !isOnly(origin, `http://${own}`)) return { ok: false, status: 403 };
  const site = headers.get('sec-fetch-site');
  const isForeign = site && !isOnly(site, 'none', 'same-origin');
  const [path = '', ...queries] = target.split('?');
  if (isTarget && !isApi) {
    // Our own service worker asks on behalf of such a page, and of nobody else.
    const isOpened = opensPage(headers, 'document', 'empty');
    if (isForeign && !isOpened) return { ok: false, status: 403 };
    const reads = /^(GET|HEAD)$/.test(method) && version === '1.1';
    return reads ? { ok: true, to: 'page', path } : { ok: false, status: 405 };
  }
  if (isForeign) return { ok: false, status: 403 };
  if (!isTarget || !target.startsWith(API_PREFIX)) return { ok: false, status: 404 };
  const name = path.slice(API_PREFIX.length);
  const wanted = name === 'events' ? 'GET' : 'POST';
  if (method !== wanted || version !== '1.1') return { ok: false, status: 405 };
  const cookie = ownCookie(headers, port);
  if (name === SWAP_PATH) {
    const isOurPage = origin && (!site || isOnly(site, 'same-origin'));
    return isOurPage ? { ok: true, to: 'swap', cookie } : { ok: false, status: 403 };
  }
  const bearer = onlyMatch(headers.get('authorization'), BEARER);
  if (bearer === undefined) return { ok: false, status: 401 };
  const call = { ok: true, to: 'call', path: name, query: queries.join('?') } as const;
  if (keys.isToken(bearer)) return { ...call, session: undefined };
  const isWhole = cookie !== undefined && HALF.test(bearer);
  const session = isWhole ? keys.session({ cookie, page: bearer }) : undefined;
  return session ? { ...call, session } : { ok: false, status: 401 };
}

/** Does a person open a whole page: no frame, no script, no fetch? Browsers that say so only. */
function opensPage(headers: Headers, ...dests: readonly string[]): boolean {
  const [mode = [], dest = []] = ['sec-fetch-mode', 'sec-fetch-dest'].map((name) =>
    headers.get(name),
  );
  return isOnly(mode, 'navigate') && isOnly(dest, ...dests);
}

function isOnly(values: readonly string[], ...wanted: readonly string[]): boolean {
  return values.length === 1 && wanted.includes(values[0]!);
}

/** Every value of every header, by its name in lower case. */
function valuesOf(rawHeaders: readonly string[]): Headers {
  const values = new Map<string, string[]>();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase();
    const known = values.get(name);
    if (known) known.push(rawHeaders[i + 1]!);
    else values.set(name, [rawHeaders[i + 1]!]);
  }
  return values;
}

/** Our cookie, where it is there once. Other servers of this computer have theirs beside it. */
function ownCookie(headers: Headers, port: number): string | undefined {
  const name = `${cookieName(port)}=`;
  const pairs = (headers.get('cookie') ?? []).flatMap((line) => line.split('; '));
  const own = pairs.filter((pair) => pair.startsWith(name)).map((pair) => pair.slice(name.length));
  return own.length === 1 && HALF.test(own[0]!) ? own[0] : undefined;
}

function onlyMatch(values: readonly string[] | undefined, pattern: RegExp): string | undefined {
  return values?.length === 1 ? pattern.exec(values[0]!)?.[1] : undefined;
}
