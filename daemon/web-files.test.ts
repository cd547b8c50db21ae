import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebFiles } from './web-files.ts';
import { replyWithPage } from './web-replies.ts';

let folder: string;
let web: string;
let url: string;
let close: () => unknown;

function put(name: string, text: string, into = web): void {
  mkdirSync(join(into, name, '..'), { recursive: true });
  writeFileSync(join(into, name), text);
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sotto-web-'));
  web = join(folder, 'web');
  const files = new WebFiles(web);
  const server = createServer((request, response) => {
    void replyWithPage(files, request.url!, response);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  close = () => server.close();
});
afterEach(() => {
  close();
  rmSync(folder, { recursive: true });
});

function build(into = web, words = 'first'): void {
  put('index.html', `<!doctype html><title>${words}</title>`, into);
  put('assets/index-a1b2.js', 'void 0;', into);
  put('assets/font-c3.woff2', 'wOF2', into);
  put('sw.js', 'self', into);
  put('manifest.webmanifest', '{}', into);
}

test('[API-24] every page is index.html; files have their type and how long they hold', async () => {
  build();
  for (const path of ['/', '/welcome', '/add', '/c/c_7k2', '/c/c_7k2/at/4Az-_', '/settings/']) {
    const answer = await fetch(url + path);
    expect([path, answer.status, await answer.text()]).toEqual([
      path,
      200,
      '<!doctype html><title>first</title>',
    ]);
    expect(answer.headers.get('cache-control')).toBe('no-cache');
  }
  const about = async (path: string): Promise<unknown[]> => {
    const { headers, status } = await fetch(url + path);
    return [status, headers.get('content-type'), headers.get('cache-control')];
  };
  const forEver = 'public, max-age=31536000, immutable';
  expect(await about('/assets/index-a1b2.js')).toEqual([
    200,
    'text/javascript; charset=utf-8',
    forEver,
  ]);
  expect(await about('/assets/font-c3.woff2')).toEqual([200, 'font/woff2', forEver]);
  expect(await about('/sw.js')).toEqual([200, 'text/javascript; charset=utf-8', 'no-cache']);
  expect(await about('/manifest.webmanifest')).toEqual([
    200,
    'application/manifest+json; charset=utf-8',
    'no-cache',
  ]);
});

test('[API-24] what is known already is not sent again; HEAD sends no body', async () => {
  build();
  const { headers } = await fetch(`${url}/`);
  const etag = headers.get('etag')!;
  const again = await fetch(`${url}/welcome`, { headers: { 'if-none-match': `"x", ${etag}` } });
  expect([again.status, await again.text()]).toEqual([304, '']);
  const head = await fetch(`${url}/`, { method: 'HEAD' });
  expect([head.headers.get('content-length'), await head.text()]).toEqual(['35', '']);
});

test('[API-24] only what the build left: no other file, no way out, no link', async () => {
  build();
  put('secret.json', '{}', folder);
  put('assets/notes.key', 'x');
  symlinkSync(join(folder, 'secret.json'), join(web, 'linked.json'));
  symlinkSync(folder, join(web, 'out'));
  for (const path of [
    '/linked.json',
    '/out/secret.json',
    '/assets/notes.key',
    '/assets/index-a1b2.js.map',
    '/../secret.json',
    '/%2e%2e/secret.json',
    '/assets/..%2f..%2fsecret.json',
    '//secret.json',
    '/x.js',
    '/constructor.js',
    '/a//b',
    `/${'a/'.repeat(900)}!`,
  ]) {
    // As raw as it stands: fetch would tidy the dots away.
    const status = await new Promise((done) => {
      get({ port: new URL(url).port, host: '127.0.0.1', path }, (answer) => {
        answer.resume();
        done(answer.statusCode);
      });
    });
    expect([path, status]).toEqual([path, 404]);
  }
});

test('[API-24] a new build is served whole, without a restart', async () => {
  build();
  await fetch(`${url}/`);
  const next = join(folder, 'next');
  build(next, 'second');
  put('assets/index-d4.js', 'void 1;', next);
  renameSync(web, join(folder, 'old'));
  // What the page of the old build still asks for is there until a page of the new one is opened.
  expect((await fetch(`${url}/assets/index-a1b2.js`)).status).toBe(200);
  renameSync(next, web);
  expect(await (await fetch(`${url}/`)).text()).toContain('second');
  expect((await fetch(`${url}/assets/index-d4.js`)).status).toBe(200);
});

test('[API-24] where nothing is built a page says so in words', async () => {
  const answer = await fetch(`${url}/welcome`);
  expect(answer.status).toBe(503);
  expect(await answer.text()).toContain('npm run build');
  expect((await fetch(`${url}/sw.js`)).status).toBe(404);
  build();
  expect((await fetch(`${url}/sw.js`)).status).toBe(200);
});

test('[API-24] the policy: nothing but our own files, no text as script, no frame', async () => {
  build();
  for (const path of ['/', '/sw.js', '/assets/index-a1b2.js', '/nothing.js']) {
    const { headers } = await fetch(url + path);
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; " +
        "img-src 'self' blob: data:; connect-src 'self'; manifest-src 'self'; " +
        "worker-src 'self'; media-src 'self' blob:; form-action 'none'; base-uri 'none'; " +
        "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types sotto",
    );
    expect(Object.fromEntries(headers)).toMatchObject({
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    });
    const permissions = headers.get('permissions-policy')!;
    const allowed = permissions.split(', ').filter((part) => !part.endsWith('=()'));
    expect(allowed).toEqual(['camera=(self)', 'microphone=(self)']);
  }
});
