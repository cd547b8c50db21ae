/**
 * HTTP CONNECT (RFC 9110 9.3.6), with or without Basic (RFC 7617): the client's half.
 *
 *   CONNECT 192.0.2.7:443 HTTP/1.1          HTTP/1.1 200 Connection established
 *   Host: 192.0.2.7:443                     Any: header
 *   Proxy-Authorization: Basic ...
 *                                           (then the stream)
 *
 *   status  2xx open   407, 401 password   403, 405 not-allowed   1xx skipped
 *           500, 502, 503, 504 target   others not-a-proxy: a web server, Tor's SOCKS port (501)
 *
 * No header names this program or its version.
 * @module
 */
import { concat, utf8 } from '@sotto/core/base/bytes.ts';
import { endpointKey } from '@sotto/core/base/endpoint.ts';
import type { Endpoint } from '@sotto/core/base/endpoint.ts';
import type { Greeting, GreetingStep, ProxyFault } from './proxy-greeting.ts';

/** Of all headers together; proxies send some hundreds. */
export const HEADER_BYTES_MAX = 16 * 1024;
const STATUS_LINE = /^HTTP\/1\.[01] (\d{3})(?: |$)/;
const STATUS_START = 'HTTP/1.';
const END = '\r\n\r\n';
const ROOM_BYTES = 1_024;
/** Replies that say only to wait. */
const INTERIM_MAX = 8;
/** It could not connect: squid says 503 and 504, Apache 502, tinyproxy 500. */
const TARGET: ReadonlySet<number> = new Set([500, 502, 503, 504]);

export interface ConnectAccount {
  readonly user: string;
  readonly password: Uint8Array;
}

export class ConnectGreeting implements Greeting {
  /** Such proxies say nothing while they dial, and dial for longer than we wait. */
  readonly silence = 'target';
  readonly #to: Endpoint;
  readonly #account: ConnectAccount | undefined;
  #received = new Uint8Array(ROOM_BYTES);
  #length = 0;
  #interim = 0;

  constructor(to: Endpoint, account: ConnectAccount | undefined) {
    this.#to = to;
    this.#account = account;
  }

  begin(): Uint8Array {
    const where = endpointKey(this.#to);
    const head = utf8(`CONNECT ${where} HTTP/1.1\r\nHost: ${where}\r\n`);
    if (!this.#account) return concat(head, utf8('\r\n'));
    const { password, user } = this.#account;
    const basic = Buffer.concat([utf8(`${user}:`), password]).toString('base64');
    return concat(head, utf8(`Proxy-Authorization: Basic ${basic}\r\n\r\n`));
  }

  handle(bytes: Uint8Array): GreetingStep {
    const searched = Math.max(0, this.#length - END.length + 1);
    this.#append(bytes);
    const received = Buffer.from(this.#received.buffer, 0, this.#length);
    const start = received.toString('latin1', 0, STATUS_START.length);
    if (!STATUS_START.startsWith(start)) return fault('not-a-proxy');
    const end = received.indexOf(END, searched, 'latin1');
    if (end < 0) return this.#length > HEADER_BYTES_MAX ? fault('not-a-proxy') : { type: 'more' };
    const line = received.toString('latin1', 0, received.indexOf('\r\n'));
    const status = Number(STATUS_LINE.exec(line)?.[1]);
    const rest = new Uint8Array(received.subarray(end + END.length));
    if (status >= 200 && status < 300) return { type: 'open', rest };
    if (status < 100 || status >= 200 || Number.isNaN(status)) return fault(faultOf(status));
    if (++this.#interim > INTERIM_MAX) return fault('not-a-proxy');
    this.#length = 0;
    return rest.length > 0 ? this.handle(rest) : { type: 'more' };
  }

  /** Room grows by doubling: a proxy that says one byte at a time costs no more than others. */
  #append(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#received.length) {
      const larger = new Uint8Array(Math.max(2 * this.#received.length, length));
      larger.set(this.#received.subarray(0, this.#length));
      this.#received = larger;
    }
    this.#received.set(bytes, this.#length);
    this.#length = length;
  }
}

/** @param status NaN where the first line is none. */
function faultOf(status: number): ProxyFault {
  // 401 is not for proxies, but what tinyproxy says to a wrong password.
  if (status === 407 || status === 401) return 'password';
  if (status === 403 || status === 405) return 'not-allowed';
  return TARGET.has(status) ? 'target' : 'not-a-proxy';
}

function fault(what: ProxyFault): GreetingStep {
  return { type: 'fault', fault: what };
}
