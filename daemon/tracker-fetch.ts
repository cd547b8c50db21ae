/**
 * One GET of a tracker, as Transmission 3.00 makes it (TRK-3, TRK-16).
 *
 * ⚑ A tracker gets no further than its answer: no redirect is followed, nothing is kept, and what
 * is too long or too late is nothing.
 * @module
 */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { unzipSync } from 'node:zlib';
import { authorityOf } from '@sotto/core/discovery/tracker-url.ts';
import { TRACKER_ANSWER_BYTES_MAX } from '@sotto/core/discovery/tracker-http.ts';
import type { TrackerRequest } from '@sotto/core/effects.ts';
import { plain } from './byte-stream.ts';

/** All of it: the name, the connection, the answer. */
export const TRACKER_MS = 15_000;
const USER_AGENT = 'Transmission/3.00';
const OK = 200;

export type FetchTracker = (request: TrackerRequest) => Promise<Uint8Array | undefined>;

/** The body of the answer; undefined where there is none. Never rejects. */
export const fetchTracker: FetchTracker = (asked) => {
  const { family, host, path, port, secure } = asked;
  const kind = secure ? 'https' : 'http';
  const headers = {
    Host: authorityOf({ kind, host, port }),
    'User-Agent': USER_AGENT,
    Accept: '*/*',
    'Accept-Encoding': 'deflate, gzip',
  };
  const way = { host, port, path, family: family === 'v4' ? 4 : 6, agent: false, setHost: false };
  return new Promise((done) => {
    const begin = secure ? httpsRequest : httpRequest;
    const sent = begin({ ...way, headers }, (answer) => {
      read(answer, (body) => {
        end(body);
      });
    });
    const timer = setTimeout(() => end(undefined), TRACKER_MS);
    const end = (body: Uint8Array | undefined): void => {
      clearTimeout(timer);
      sent.destroy();
      done(body);
    };
    sent.removeHeader('Connection');
    sent.on('error', () => end(undefined));
    sent.end();
  });
};

function read(answer: IncomingMessage, done: (body: Uint8Array | undefined) => void): void {
  const parts: Buffer[] = [];
  let size = 0;
  if (answer.statusCode !== OK) return done(undefined);
  answer.on('data', (part: Buffer) => {
    parts.push(part);
    size += part.length;
    if (size > TRACKER_ANSWER_BYTES_MAX) done(undefined);
  });
  answer.on('error', () => done(undefined));
  answer.on('end', () => done(unpacked(Buffer.concat(parts), answer.headers['content-encoding'])));
}

function unpacked(body: Buffer, encoding: string | undefined): Uint8Array | undefined {
  if (encoding === undefined || encoding === 'identity') return plain(body);
  try {
    return plain(unzipSync(body, { maxOutputLength: TRACKER_ANSWER_BYTES_MAX }));
  } catch {
    return undefined;
  }
}
