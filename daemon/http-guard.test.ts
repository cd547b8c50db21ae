import { describe, expect, test } from 'vitest';
import { judge } from './http-guard.ts';
import type { Verdict } from './http-guard.ts';

const PORT = 7340;
const OWN = `127.0.0.1:${PORT}`;
const TOKEN = '0'.repeat(64);
const COOKIE = 'c'.repeat(64);
const PAGE = 'a'.repeat(64);
const KEYS = {
  isToken: (bearer: string) => bearer === TOKEN,
  session: ({ cookie, page }: { cookie: string; page: string }) =>
    cookie === COOKIE && page === PAGE ? 'the session' : undefined,
};
const OPENED = { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' };
const CROSS = { 'Sec-Fetch-Site': 'cross-site' };

function verdict(
  line: string,
  headers: Readonly<Record<string, string>>,
  host = OWN,
): Verdict<string> {
  const [method = '', target = ''] = line.split(' ');
  const rawHeaders = Object.entries({ Host: host, ...headers }).flat();
  return judge({ method, target, version: '1.1', rawHeaders }, PORT, KEYS);
}

describe('[API-24] pages', () => {
  const page = { ok: true, to: 'page', path: '/welcome' };

  test('need no token, and are read only', () => {
    expect(verdict('GET /welcome', {})).toEqual(page);
    expect(verdict('HEAD /welcome', {})).toEqual(page);
    expect(verdict('GET /welcome?source=app', {})).toEqual(page);
    expect(verdict('POST /welcome', {})).toEqual({ ok: false, status: 405 });
  });

  test('may be opened from anywhere, and used by nobody else', () => {
    expect(verdict('GET /welcome', { ...CROSS, ...OPENED })).toEqual(page);
    // What a service worker of ours asks for when a page is opened.
    expect(verdict('GET /welcome', { ...CROSS, ...OPENED, 'Sec-Fetch-Dest': 'empty' })).toEqual(
      page,
    );
    const refused = { ok: false, status: 403 };
    const fetched = { ...CROSS, 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Dest': 'empty' };
    expect(verdict('GET /welcome', fetched)).toEqual(refused);
    for (const dest of ['iframe', 'script', 'object', 'image', '']) {
      const headers = { ...CROSS, ...OPENED, 'Sec-Fetch-Dest': dest };
      expect(verdict('GET /welcome', headers)).toEqual(refused);
      expect(verdict('GET /welcome', { ...headers, 'Sec-Fetch-Site': 'same-site' })).toEqual(
        refused,
      );
    }
    expect(verdict('GET /welcome', { Origin: 'http://evil.example' })).toEqual(refused);
  });

  test('opened under another name of this computer they lead to the one origin', () => {
    for (const name of [`localhost:${PORT}`, `[::1]:${PORT}`]) {
      expect(verdict('GET /c/c_7k2?x=1', OPENED, name)).toEqual({
        ok: false,
        status: 307,
        location: `http://${OWN}/c/c_7k2?x=1`,
      });
      const refused = { ok: false, status: 403 };
      expect(verdict('GET /c/c_7k2', {}, name)).toEqual(refused);
      expect(verdict('POST /c/c_7k2', OPENED, name)).toEqual(refused);
      expect(verdict('GET /api/v1/events', OPENED, name)).toEqual(refused);
      for (const dest of ['iframe', 'empty']) {
        expect(verdict('GET /', { ...OPENED, 'Sec-Fetch-Dest': dest }, name)).toEqual(refused);
      }
    }
    for (const name of ['localhost', `localhost:${PORT + 1}`, `evil.example:${PORT}`]) {
      expect(verdict('GET /', OPENED, name)).toEqual({ ok: false, status: 403 });
    }
  });

  test('nothing of the API is one', () => {
    for (const path of ['/api', '/api/', '/api/v2/status.get', '/api?x', '/api/v1']) {
      expect(verdict(`GET ${path}`, {})).toMatchObject({ ok: false, status: 404 });
    }
  });
});

test('[API-25] a key is swapped by a page of ours alone', () => {
  const ours = { Origin: `http://${OWN}` };
  const swap = { ok: true, to: 'swap', cookie: undefined };
  expect(verdict('POST /api/v1/session', ours)).toEqual(swap);
  expect(verdict('POST /api/v1/session', { ...ours, 'Sec-Fetch-Site': 'same-origin' })).toEqual(
    swap,
  );
  expect(verdict('POST /api/v1/session', { ...ours, Cookie: `sotto_7340=${COOKIE}` })).toEqual({
    ...swap,
    cookie: COOKIE,
  });
  const refused = { ok: false, status: 403 };
  expect(verdict('POST /api/v1/session', {})).toEqual(refused);
  expect(verdict('POST /api/v1/session', { ...ours, 'Sec-Fetch-Site': 'none' })).toEqual(refused);
  expect(verdict('POST /api/v1/session', { ...ours, ...CROSS })).toEqual(refused);
  expect(verdict('GET /api/v1/session', ours)).toEqual({ ok: false, status: 405 });
});

test('[API-26] a call shows the token, or both halves of one session', () => {
  const call = { ok: true, to: 'call', path: 'status.get', query: '' };
  const as = (bearer: string, cookie?: string): Verdict<string> =>
    verdict('POST /api/v1/status.get', {
      Authorization: `Bearer ${bearer}`,
      ...(cookie === undefined ? {} : { Cookie: cookie }),
    });
  const own = `sotto_${PORT}=${COOKIE}`;
  expect(as(TOKEN)).toEqual({ ...call, session: undefined });
  expect(as(TOKEN, own)).toEqual({ ...call, session: undefined });
  expect(as(PAGE, own)).toEqual({ ...call, session: 'the session' });
  expect(as(PAGE, `theme=dark; ${own}; sotto_7341=${TOKEN}`)).toMatchObject({ ok: true });
  const refused = { ok: false, status: 401 };
  for (const cookie of [undefined, '', 'x', `sotto_7341=${COOKIE}`, `${own}; ${own}`]) {
    expect([cookie, as(PAGE, cookie)]).toEqual([cookie, refused]);
  }
  expect(as(COOKIE, own)).toEqual(refused);
  expect(as('', own)).toEqual(refused);
});
