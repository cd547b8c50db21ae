/**
 * One HTTP request to a router: no redirect is followed, no connection kept, and what is too long
 * or takes too long is no reply (MAP-8).
 * @module
 */
import { request } from 'node:http';
import { endpointKey } from '@sotto/core/base/endpoint.ts';
import { HTTP_BYTES_MAX, HTTP_MS } from '@sotto/core/path/port-map/contract.ts';
import type { HttpReply, HttpRequest } from '@sotto/core/path/port-map/contract.ts';

const HEADERS_BYTES_MAX = 8 * 1024;

/**
 * @param name how this system names that host.
 * @returns what ends it early, without a reply.
 */
export function askHttp(
  { body, from, headers, method, path, to }: HttpRequest,
  done: (reply: HttpReply) => void,
  name = to.host,
): () => void {
  let isDone = false;
  const finish = (reply: HttpReply): void => {
    if (isDone) return;
    isDone = true;
    clearTimeout(timer);
    asked.destroy();
    done(reply);
  };
  const timer = setTimeout(() => finish(undefined), HTTP_MS);
  const asked = request({
    host: name,
    ...(from !== undefined && { localAddress: from }),
    port: to.port,
    path,
    method,
    agent: false,
    maxHeaderSize: HEADERS_BYTES_MAX,
    headers: {
      ...headers,
      // A name that the interface is part of means nothing to the router.
      ...(to.host.includes(':') && { Host: endpointKey(to) }),
      'Content-Length': Buffer.byteLength(body),
      Connection: 'close',
    },
  });
  asked.on('error', () => finish(undefined));
  asked.on('response', (response) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > HTTP_BYTES_MAX) finish(undefined);
      else chunks.push(chunk);
    });
    response.on('error', () => finish(undefined));
    response.on('end', () => {
      if (!response.complete) return finish(undefined);
      finish({ status: response.statusCode ?? 0, body: new Uint8Array(Buffer.concat(chunks)) });
    });
    response.on('close', () => finish(undefined));
  });
  asked.end(body);
  return () => {
    isDone = true;
    clearTimeout(timer);
    asked.destroy();
  };
}
