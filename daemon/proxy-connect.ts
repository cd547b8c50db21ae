/**
 * HTTP CONNECT (RFC 9110 9.3.6), with or without Basic (RFC 7617): the client's half.
 *
 *   CONNECT 192.0.2.7:443 HTTP/1.1          HTTP/1.1 200 Connection established
 *   Host: 192.0.2.7:443                     Any: header
 *   Proxy-Authorization: Basic ...
 *                                           (then the stream)
 *
 *   status  2xx open   407, 401 password   403, 405 not-allowed   others target   1xx skipped
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
const STATUS_BYTES = 'HTTP/1.'.length;

export interface ConnectAccount {
  readonly user: string;
  readonly password: Uint8Array;
}

export class ConnectGreeting implements Greeting {
  readonly #to: Endpoint;
  readonly #account: ConnectAccount | undefined;
  #received: Uint8Array = new Uint8Array(0);

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
    this.#received = concat(this.#received, bytes);
    const text = Buffer.from(this.#received).toString('latin1');
    if (!'HTTP/1.'.startsWith(text.slice(0, STATUS_BYTES))) return fault('not-a-proxy');
    const end = text.indexOf('\r\n\r\n');
    if (end < 0) {
      return this.#received.length > HEADER_BYTES_MAX ? fault('not-a-proxy') : { type: 'more' };
    }
    const status = Number(STATUS_LINE.exec(text.slice(0, text.indexOf('\r\n')))?.[1]);
    const rest = this.#received.slice(end + 4);
    if (status >= 200 && status < 300) return { type: 'open', rest };
    if (status >= 100 && status < 200) {
      this.#received = new Uint8Array(0);
      return rest.length > 0 ? this.handle(rest) : { type: 'more' };
    }
    return fault(faultOf(status));
  }
}

/** @param status NaN where the first line is none. */
function faultOf(status: number): ProxyFault {
  // 401 is not for proxies, but what tinyproxy says to a wrong password.
  if (status === 407 || status === 401) return 'password';
  if (status === 403 || status === 405) return 'not-allowed';
  return Number.isNaN(status) ? 'not-a-proxy' : 'target';
}

function fault(what: ProxyFault): GreetingStep {
  return { type: 'fault', fault: what };
}
