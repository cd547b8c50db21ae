/**
 * Requests that must not get in: calls of every method, the swap of a one-use key, and pages; every
 * request line and header that could carry one through, each with a good value and many bad ones,
 * drawn by a seed so that each request has at least one flaw. As raw bytes, since no HTTP library
 * would send most of them. Free of any test runner.
 *
 *   for (const { raw } of unauthorisedCalls({ count, seed, ...door })) await sendRaw(port, raw)
 * @module
 */
import { connect } from 'node:net';
import { METHODS } from '@sotto/api/contract.ts';
import { Prng } from '@sotto/core/base/prng.ts';
import { cookieName } from './http-guard.ts';
import type { Halves } from './page-sessions.ts';

export interface UnauthorisedCall {
  /** The parts that are wrong. */
  readonly flaws: readonly string[];
  readonly raw: Buffer;
}

/** A daemon, and its secrets: each is shown in calls that are wrong in another way. */
export interface Door {
  readonly port: number;
  readonly token: string;
  /** Browsers that are let in. */
  readonly live: readonly [Halves, Halves];
  /** One that was, and is not any more. */
  readonly old: Halves;
  /** One-use keys: one that is still good, and one that was used. */
  readonly fresh: string;
  readonly spent: string;
}

/** A door for servers that know none of these secrets. */
export function inventedDoor(port: number, token = secret(1)): Door {
  const halves = (n: number): Halves => ({ cookie: secret(n), page: secret(n + 1) });
  const live = [halves(2), halves(4)] as const;
  return { port, token, live, old: halves(6), fresh: secret(8), spent: secret(9) };
}

function secret(n: number): string {
  return new Prng(n)
    .bytes(32)
    .reduce((text, byte) => text + byte.toString(16).padStart(2, '0'), '');
}

/** `count` requests, each wrong in one part or more. */
export function* unauthorisedCalls(
  door: Door & { count: number; seed: number },
): Generator<UnauthorisedCall> {
  const prng = new Prng(door.seed);
  const kinds = { call: callForms(door), swap: swapForms(door), page: pageForms(door) };
  const all = targets(door);
  for (let made = 0; made < door.count; made++) {
    const target = prng.pick(all[prng.pick(['call', 'call', 'call', 'swap', 'page'] as const)]);
    const lists: Readonly<Record<string, Forms>> = kinds[target.kind];
    const parts = Object.keys(lists);
    const flawed = prng.pick([...parts, 'line']);
    // One flaw in half of the calls: no other check may hide that this one is missing.
    const alone = prng.chance(0.5);
    const wrong = (part: string): boolean => part === flawed || (!alone && prng.chance(0.2));
    const flaws: string[] = [];
    const picked = parts.map((part) => {
      const { bad, good } = lists[part]!;
      if (!wrong(part)) return [part, prng.pick(good)] as const;
      flaws.push(part);
      return [part, prng.pick(bad)] as const;
    });
    const headers = picked.filter(([part, form]) => part !== 'key' && form !== '');
    const body = picked.find(([part]) => part === 'key')?.[1] ?? target.body;
    let line = `${target.method} ${target.path} HTTP/1.1`;
    if (wrong('line')) {
      flaws.push('line');
      line = prng.pick(badLines(target, door));
    }
    const lines = headers.map(([, form]) => form);
    yield { flaws, raw: request(line, lines, body) };
  }
}

/**
 * One connection, one request; the whole answer as text, empty where the door was shut. A server
 * that says nothing for `patienceMs` is told that nothing more will come.
 */
export function sendRaw(port: number, raw: Buffer, patienceMs = 200): Promise<string> {
  return new Promise((done) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(raw));
    const patience = setTimeout(() => socket.end(), patienceMs);
    socket.setTimeout(10_000, () => socket.destroy());
    socket.on('data', (bytes) => (answer += bytes.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(patience);
      done(answer);
    });
  });
}

/** What an answer must not be. Undefined where it is a proper refusal. */
export function broken(answer: string, door: Door): string | undefined {
  if (answer === '') return undefined;
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1];
  const own = `\r\nLocation: http://127.0.0.1:${door.port}/`;
  const isSentHome = status === '307' && answer.includes(own) && answer.endsWith('\r\n\r\n');
  if (!isSentHome && !/^4\d\d$/.test(status ?? '')) return `answered ${status ?? 'no HTTP'}`;
  if (answer.includes('"ok":true')) return 'carries data';
  if (secretsOf(door).some((one) => answer.includes(one)) || answer.includes('sotto:')) {
    return 'carries a secret';
  }
  if (/^(access-control-|set-cookie)/im.test(answer)) return 'has a header that lets in';
  return undefined;
}

function secretsOf({ token, live, old, fresh, spent }: Door): string[] {
  const halves = [...live, old].flatMap(({ cookie, page }) => [cookie, page]);
  return [token, fresh, spent, ...halves];
}

interface Target {
  readonly kind: 'call' | 'swap' | 'page';
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

function targets({ fresh }: Door): Record<Target['kind'], readonly Target[]> {
  const calls = Object.keys(METHODS).map((name) => call('POST', name, '{}'));
  const pages = ['/', '/welcome', '/c/c_7k2/info', '/index.html', '/sw.js', '/assets/index-x.js'];
  return {
    call: [...calls, call('GET', 'events?from=0', '')],
    swap: [{ ...call('POST', 'session', JSON.stringify({ key: fresh })), kind: 'swap' }],
    page: pages.map((path) => ({ kind: 'page', method: 'GET', path, body: '' })),
  };
}

function call(method: string, name: string, body: string): Target {
  return { kind: 'call', method, path: `/api/v1/${name}`, body };
}

/** Good and bad forms of one header line; the empty text is the absent header. */
interface Forms {
  readonly good: readonly string[];
  readonly bad: readonly string[];
}

function callForms(door: Door): Record<string, Forms> {
  return { host: hosts(door), origin: origins(door), site: SITES, credentials: credentials(door) };
}

/** A page of ours says where it is; the key stands in the body. */
function swapForms(door: Door): Record<string, Forms> {
  const { bad, good } = origins(door);
  return {
    host: hosts(door),
    origin: { good: good.filter(Boolean), bad: ['', ...bad] },
    site: {
      good: ['', 'Sec-Fetch-Site: same-origin'],
      bad: ['Sec-Fetch-Site: none', ...SITES.bad],
    },
    key: keys(door),
  };
}

/** A page may be opened from anywhere, but as a whole page only. */
function pageForms(door: Door): Record<string, Forms> {
  const opened = 'Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document';
  const uses = [
    'Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe',
    'Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: object',
    'Sec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: script',
    'Sec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty',
    'Sec-Fetch-Mode: navigate',
    'Sec-Fetch-Dest: document',
    `${opened}\r\nSec-Fetch-Dest: iframe`,
  ];
  return {
    host: hosts(door),
    origin: origins(door),
    site: {
      good: [...SITES.good, `Sec-Fetch-Site: cross-site\r\n${opened}`],
      bad: [...SITES.bad, ...uses.map((use) => `Sec-Fetch-Site: cross-site\r\n${use}`)],
    },
  };
}

function hosts({ port }: Door): Forms {
  const names = [
    'localhost',
    'LOCALHOST',
    'localhost.',
    'evil.example',
    '127.0.0.1.nip.io',
    '127.0.0.1.evil.example',
    'sotto.localhost',
    '127.0.0.2',
    '127.1',
    '127.0.1',
    '0177.0.0.1',
    '0x7f.0.0.1',
    '0x7f000001',
    '2130706433',
    '017700000001',
    '127.0.0.1.',
    '127.0.0.01',
    '127.000.000.001',
    '0.0.0.0',
    '0',
    '[::1]',
    '::1',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[0:0:0:0:0:0:0:1]',
    '[::1%25lo]',
    'user@127.0.0.1',
    '127.0.0.1@evil.example',
    '127.0.0.1#',
    '127.0.0.1/',
    '127.0.0.1\\',
    '１２７.0.0.1',
    '127。0。0。1',
    '127.0.0.1\u0000',
    '127.0.0.1 evil.example',
    '127.0.0.1,evil.example',
    '',
    ' ',
    '*',
    'http://127.0.0.1',
  ];
  const ports = [`:${port}`, '', ':80', ':0', `:${port + 1}`, `:0${port}`];
  const all = names.flatMap((name) => ports.map((suffix) => `Host: ${name}${suffix}`));
  const own = `127.0.0.1:${port}`;
  const tricks = [
    ['', ':', ':80', ':+' + port, `:${port}.`, `: ${port}`, `:${port}:${port}`, `:${port}/`].map(
      (suffix) => `Host: 127.0.0.1${suffix}`,
    ),
    [
      '',
      `Host: ${own}\r\nHost: ${own}`,
      `Host: ${own}\r\nHost: evil.example`,
      `Host: evil.example\r\nhost: ${own}`,
      `Host : ${own}`,
      `Host: ${own}\r\n evil.example`,
      `X-Forwarded-Host: ${own}\r\nHost: evil.example`,
      `X-Host: ${own}`,
      `Host: ${own}x`,
      `Host: x${own}`,
    ],
  ].flat();
  return { good: [`Host: ${own}`], bad: [...all, ...tricks] };
}

const origins = ({ port }: Door): Forms => ({
  good: ['', `Origin: http://127.0.0.1:${port}`],
  bad: [
    'Origin: null',
    'Origin:',
    `Origin: https://127.0.0.1:${port}`,
    `Origin: http://localhost:${port}`,
    `Origin: http://127.0.0.1`,
    `Origin: http://127.0.0.1:${port + 1}`,
    `Origin: http://127.0.0.1:${port}/`,
    `Origin: http://127.0.0.1:${port} http://evil.example`,
    `Origin: http://evil.example:${port}`,
    `Origin: HTTP://127.0.0.1:${port}`,
    `Origin: http://127.0.0.1:${port}\r\nOrigin: http://evil.example`,
    `Origin: http://user@127.0.0.1:${port}`,
    'Origin: file://',
    'Origin: chrome-extension://abcdefghijklmnop',
    'Origin: *',
  ],
});

const SITES: Forms = {
  good: ['', 'Sec-Fetch-Site: none', 'Sec-Fetch-Site: same-origin'],
  bad: [
    'Sec-Fetch-Site: cross-site',
    'Sec-Fetch-Site: same-site',
    'Sec-Fetch-Site:',
    'Sec-Fetch-Site: None',
    'Sec-Fetch-Site: none, cross-site',
    'Sec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site',
  ],
};

function credentials({ port, token, live, old, fresh }: Door): Forms {
  const other = token.replace(/./g, (digit) => (15 - parseInt(digit, 16)).toString(16));
  const [one, two] = live;
  const name = cookieName(port);
  const bearer = (text: string): string => `Authorization: Bearer ${text}`;
  const cookie = (value: string, as = name): string => `Cookie: ${as}=${value}`;
  const both = (page: string, half: string): string => `${bearer(page)}\r\n${cookie(half)}`;
  return {
    good: [bearer(token), both(one.page, one.cookie), both(two.page, two.cookie)],
    bad: [
      '',
      'Authorization:',
      'Authorization: Bearer',
      'Authorization: Bearer ',
      bearer(other),
      bearer(token.slice(1)),
      bearer(token.slice(0, -1)),
      bearer(`${token}0`),
      bearer(`${token.toUpperCase()}g`),
      bearer('0'.repeat(64)),
      bearer(` ${token}`),
      `Authorization: bearer ${token}`,
      `Authorization: Basic ${token}`,
      `Authorization: ${token}`,
      `${bearer(token)}\r\n${bearer(token)}`,
      bearer(`${token}, Bearer ${token}`),
      `X-Authorization: Bearer ${token}`,
      cookie(token, 'token'),
      cookie(token),
      bearer('undefined'),
      bearer('f'.repeat(5000)),
      // One half alone, halves of two browsers, halves in each other's place, one that was let go.
      cookie(one.cookie),
      bearer(one.page),
      bearer(one.cookie),
      both(one.page, two.cookie),
      both(two.page, one.cookie),
      both(one.cookie, one.page),
      both(one.page, one.page),
      both(old.page, old.cookie),
      both(old.page, one.cookie),
      both(one.page, old.cookie),
      both(one.page.slice(1), one.cookie),
      both(`${one.page}0`, one.cookie),
      both(one.page, one.cookie.slice(1)),
      both(one.page, `${one.cookie}0`),
      both(one.page, one.cookie.toUpperCase()),
      both(other, one.cookie),
      both('', one.cookie),
      bearer(fresh),
      both(fresh, one.cookie),
      `${bearer(one.page)}\r\n${cookie(one.cookie, `sotto_${port + 1}`)}`,
      `${bearer(one.page)}\r\n${cookie(one.cookie, name.toUpperCase())}`,
      `${bearer(one.page)}\r\nCookie: x=${name}=${one.cookie}`,
      `${both(one.page, one.cookie)}; ${name}=${two.cookie}`,
      `${both(one.page, one.cookie)}\r\n${cookie(one.cookie)}`,
      `${bearer(one.page)}\r\n${bearer(one.page)}\r\n${cookie(one.cookie)}`,
      `${bearer(one.page)}\r\nSet-Cookie: ${name}=${one.cookie}`,
    ],
  };
}

function keys({ token, live, fresh, spent }: Door): Forms {
  const body = (key: unknown): string => JSON.stringify({ key });
  const texts = [spent, token, live[0].cookie, live[0].page, '', '0'.repeat(64)];
  const bent = [fresh.slice(1), `${fresh}0`, fresh.toUpperCase() + ' ', ` ${fresh}`];
  const others = [null, 0, true, [fresh], { key: fresh }];
  const raw = ['', '{', 'null', '[]', `"${fresh}"`, fresh, `key=${fresh}`, `{"Key":"${fresh}"}`];
  const long = `{"key":"${fresh}","x":"${'x'.repeat(300)}"}`;
  return { good: [body(fresh)], bad: [...[...texts, ...bent, ...others].map(body), ...raw, long] };
}

function badLines({ kind, method, path }: Target, { port, token }: Door): string[] {
  if (kind === 'page') return badPageLines(path);
  const other = method === 'GET' ? 'POST' : 'GET';
  const methods = [other, 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'post', 'CONNECT'];
  const paths = [
    `${path}/../status.get`.replace('/api/v1/', '/api/'),
    path.replace('/api/v1/', '/api/v2/'),
    path.replace('/api', '//api'),
    path.replace('/api', '/%61pi'),
    `http://127.0.0.1:${port}${path}`,
    `http://evil.example${path}`,
    '*',
    '/.well-known/x',
    '/api.json',
    '/../../../../etc/passwd',
    `/api/v1?x=${path}`,
  ];
  // A page to whoever reads it.
  const pages = [path.replace('/api/v1/', '/API/V1/'), '/', `/?token=${token}`, `/${token}`];
  return [
    ...methods.map((one) => `${one} ${path} HTTP/1.1`),
    ...paths.map((one) => `${method} ${one} HTTP/1.1`),
    ...pages.map((one) => `POST ${one} HTTP/1.1`),
    `${method} ${path} HTTP/0.9`,
    `${method} ${path} HTTP/2.0`,
    `${method} ${path}\u0000 HTTP/1.1`,
    `${method} ${path} x HTTP/1.1`,
    `\r\n\u0007${method} ${path} HTTP/1.1`,
    path,
    '',
  ];
}

/** Files that are no part of the app, and ways out of its folder. */
function badPageLines(path: string): string[] {
  const methods = ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'get', 'CONNECT'];
  const files = ['api.json', 'key', 'vault.db', 'daemon.mjs', 'pages.json', 'etc/passwd'];
  const ways = ['../', '../../', '%2e%2e/', '..%2f', '..%5c', '..\\', './../', 'assets/../../'];
  const out = files.flatMap((file) => ways.map((way) => `/${way}${file}`));
  const absent = ['//', '/x.js', '/.git/config', '//evil.example/x', '/a//b', '/assets/.x'];
  return [
    ...methods.map((one) => `${one} ${path} HTTP/1.1`),
    ...[...out, ...absent].map((one) => `GET ${one} HTTP/1.1`),
    `GET ${path} HTTP/1.0`,
    `GET ${path}\u0000 HTTP/1.1`,
    `GET http://evil.example${path} HTTP/1.1`,
  ];
}

function request(line: string, headers: readonly string[], body: string): Buffer {
  const length = body === '' ? [] : [`Content-Length: ${body.length}`];
  const last = ['Content-Type: application/json', 'Connection: close', ...length];
  const all = [line, ...headers, ...last];
  return Buffer.from(`${all.join('\r\n')}\r\n\r\n${body}`);
}
