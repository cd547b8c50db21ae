/**
 * Calls that must not get in: every request line and header that could carry one, each with a good
 * value and many bad ones, drawn by a seed so that each call has at least one flaw. As raw bytes,
 * since no HTTP library would send most of them. Free of any test runner.
 *
 *   for (const { raw } of unauthorisedCalls({ count, seed, port, token })) await sendRaw(port, raw)
 * @module
 */
import { connect } from 'node:net';
import { METHODS } from '@sotto/api/contract.ts';
import { Prng } from '@sotto/core/base/prng.ts';

export interface UnauthorisedCall {
  /** The parts that are wrong. */
  readonly flaws: readonly string[];
  readonly raw: Buffer;
}

export interface Door {
  readonly port: number;
  /** The token of this daemon: shown in some calls that are wrong in another way. */
  readonly token: string;
}

/** `count` calls, each wrong in one part or more. */
export function* unauthorisedCalls(
  door: Door & { count: number; seed: number },
): Generator<UnauthorisedCall> {
  const prng = new Prng(door.seed);
  const lists = { host: hosts(door), origin: ORIGINS(door), site: SITES, token: tokens(door) };
  const parts = Object.keys(lists) as (keyof typeof lists)[];
  for (let made = 0; made < door.count; made++) {
    const target = prng.pick(targets());
    const flawed = prng.pick([...parts, 'line' as const]);
    // One flaw in half of the calls: no other check may hide that this one is missing.
    const isBad = (part: string): boolean => part === flawed || prng.chance(0.2);
    const alone = prng.chance(0.5);
    const wrong = (part: string): boolean => (alone ? part === flawed : isBad(part));
    const flaws: string[] = [];
    const pick = (part: keyof typeof lists): string => {
      const { good, bad } = lists[part];
      if (!wrong(part)) return prng.pick(good);
      flaws.push(part);
      return prng.pick(bad);
    };
    const headers = [pick('host'), pick('origin'), pick('site'), pick('token')].filter(Boolean);
    let line = `${target.method} ${target.path} HTTP/1.1`;
    if (wrong('line')) {
      flaws.push('line');
      line = prng.pick(badLines(target, door));
    }
    yield { flaws, raw: request(line, headers, target.body) };
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
export function broken(answer: string, token: string): string | undefined {
  if (answer === '') return undefined;
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1];
  if (!status || !/^4\d\d$/.test(status)) return `answered ${status ?? 'no HTTP'}`;
  if (answer.includes('"ok":true')) return 'carries data';
  if (answer.includes(token) || answer.includes('sotto:')) return 'carries a secret';
  if (/access-control-/i.test(answer)) return 'has a CORS header';
  return undefined;
}

interface Target {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

function targets(): Target[] {
  const calls = Object.keys(METHODS).map((name) => ({
    method: 'POST',
    path: `/api/v1/${name}`,
    body: '{}',
  }));
  return [...calls, { method: 'GET', path: '/api/v1/events?from=0', body: '' }];
}

/** Good and bad forms of one header line; the empty text is the absent header. */
interface Forms {
  readonly good: readonly string[];
  readonly bad: readonly string[];
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

const ORIGINS = ({ port }: Door): Forms => ({
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

function tokens({ token }: Door): Forms {
  const other = token.replace(/./g, (digit) => (15 - parseInt(digit, 16)).toString(16));
  return {
    good: [`Authorization: Bearer ${token}`],
    bad: [
      '',
      'Authorization:',
      'Authorization: Bearer',
      'Authorization: Bearer ',
      `Authorization: Bearer ${other}`,
      `Authorization: Bearer ${token.slice(1)}`,
      `Authorization: Bearer ${token.slice(0, -1)}`,
      `Authorization: Bearer ${token}0`,
      `Authorization: Bearer ${token.toUpperCase()}g`,
      `Authorization: Bearer ${'0'.repeat(64)}`,
      `Authorization: Bearer  ${token}`,
      `Authorization: bearer ${token}`,
      `Authorization: Basic ${token}`,
      `Authorization: ${token}`,
      `Authorization: Bearer ${token}\r\nAuthorization: Bearer ${token}`,
      `Authorization: Bearer ${token}, Bearer ${token}`,
      `X-Authorization: Bearer ${token}`,
      `Cookie: token=${token}`,
      `Authorization: Bearer undefined`,
      `Authorization: Bearer ${'f'.repeat(5000)}`,
    ],
  };
}

function badLines({ method, path }: Target, { port, token }: Door): string[] {
  const other = method === 'GET' ? 'POST' : 'GET';
  const methods = [other, 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'post', 'CONNECT'];
  const paths = [
    `${path}/../status.get`.replace('/api/v1/', '/api/'),
    path.replace('/api/v1/', '/api/v2/'),
    path.replace('/api/v1/', '/API/V1/'),
    path.replace('/api', '//api'),
    path.replace('/api', '/%61pi'),
    `http://127.0.0.1:${port}${path}`,
    `http://evil.example${path}`,
    `/?token=${token}`,
    `/${token}`,
    '/',
    '*',
    '/.well-known/x',
    '/api.json',
    '/index.html',
    '/../../../../etc/passwd',
    `/api/v1?x=${path}`,
  ];
  return [
    ...methods.map((one) => `${one} ${path} HTTP/1.1`),
    ...paths.map((one) => `${method} ${one} HTTP/1.1`),
    `${method} ${path} HTTP/0.9`,
    `${method} ${path} HTTP/2.0`,
    `${method} ${path}\u0000 HTTP/1.1`,
    `${method} ${path} x HTTP/1.1`,
    `\r\n\u0007${method} ${path} HTTP/1.1`,
    path,
    '',
  ];
}

function request(line: string, headers: readonly string[], body: string): Buffer {
  const length = body === '' ? [] : [`Content-Length: ${body.length}`];
  const last = ['Content-Type: application/json', 'Connection: close', ...length];
  const all = [line, ...headers, ...last];
  return Buffer.from(`${all.join('\r\n')}\r\n\r\n${body}`);
}
