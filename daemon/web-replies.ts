/**
 * Replies with pages of the browser app and their files. The policy lets a page load what this
 * server sends and nothing else, run no text as a script, and stand in no frame (API-24).
 * @module
 */
import type { ServerResponse } from 'node:http';
import { endReply } from './reply-end.ts';
import type { WebFile, WebFiles } from './web-files.ts';

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self' blob: data:",
  "connect-src 'self'",
  "manifest-src 'self'",
  "worker-src 'self'",
  "media-src 'self' blob:",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types sotto',
];

/** What a page could ask a browser for; calls and QR codes need the first two. */
const PERMISSIONS = [
  'camera=(self)',
  'microphone=(self)',
  ...[
    'accelerometer',
    'browsing-topics',
    'display-capture',
    'encrypted-media',
    'geolocation',
    'gyroscope',
    'hid',
    'idle-detection',
    'local-fonts',
    'magnetometer',
    'midi',
    'payment',
    'publickey-credentials-get',
    'serial',
    'storage-access',
    'usb',
    'window-management',
    'xr-spatial-tracking',
  ].map((name) => `${name}=()`),
];

const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': POLICY.join('; '),
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Origin-Agent-Cluster': '?1',
  'Permissions-Policy': PERMISSIONS.join(', '),
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};
const FOR_EVER = 'public, max-age=31536000, immutable';
const NOT_BUILT =
  'Sotto is running, but its browser app is not built here.\n\n' +
  'Build it, in the folder of Sotto:  npm run build\n' +
  'Then load this page again. The terminal works meanwhile:  sotto help\n';

/** Answers GET and HEAD of a page or a file. */
export async function replyWithPage(
  files: WebFiles,
  path: string,
  response: ServerResponse,
): Promise<void> {
  const file = await files.find(path);
  if (file === undefined) return reply(response, 404);
  if (file === 'none') return reply(response, 503, text(NOT_BUILT));
  const { etag, immutable } = file;
  const headers = { ETag: etag, 'Cache-Control': immutable ? FOR_EVER : 'no-cache' };
  const known = response.req.headers['if-none-match']?.split(/, */) ?? [];
  if (known.includes(etag)) return reply(response, 304, undefined, headers);
  reply(response, 200, file, headers);
}

/** Sends who opened a page under another name of this computer to the one origin. */
export function redirect(response: ServerResponse, location: string): void {
  reply(response, 307, undefined, { 'Cache-Control': 'no-store', Location: location });
}

function text(words: string): Pick<WebFile, 'type' | 'bytes'> {
  return { type: 'text/plain; charset=utf-8', bytes: Buffer.from(words) };
}

function reply(
  response: ServerResponse,
  status: number,
  body?: Pick<WebFile, 'type' | 'bytes'>,
  headers: Readonly<Record<string, string>> = { 'Cache-Control': 'no-store' },
): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, {
    ...HEADERS,
    ...headers,
    ...(body ? { 'Content-Type': body.type } : {}),
    ...(status === 304 ? {} : { 'Content-Length': body?.bytes.length ?? 0 }),
    ...(response.req.complete ? {} : { Connection: 'close' }),
  });
  endReply(response, response.req.method === 'HEAD' ? undefined : body?.bytes);
}
