/**
 * SOCKS5 (RFC 1928) with a name and a password (RFC 1929): the client's half of one CONNECT.
 *
 *   we say                                        it says
 *   05 02 02 00                                   05 method: 00 none, 02 name and password
 *   01 length name length password   (where 02)   01 status: 00 good
 *   05 01 00 type address port                    05 reply 00 type address port
 *
 * type: 01 IPv4, 04 IPv6; in its answer also 03, a length and a name. Names are never asked for:
 * core knows addresses only, so there is nothing that could be looked up elsewhere.
 * @module
 */
import { concat, utf8 } from '@sotto/core/base/bytes.ts';
import { parseAddress } from '@sotto/core/base/endpoint.ts';
import type { Endpoint } from '@sotto/core/base/endpoint.ts';
import type { Greeting, GreetingStep, ProxyFault } from './proxy-greeting.ts';

const VERSION = 5;
const ACCOUNT_VERSION = 1;
const NO_ACCOUNT = 0;
const ACCOUNT = 2;
const CONNECT = 1;
const V4 = 1;
const NAME = 3;
const V6 = 4;
const OK = 0;
const NOT_ALLOWED = 2;

export interface SocksAccount {
  /** Each 1 to 255 bytes of UTF-8. */
  readonly user: Uint8Array;
  readonly password: Uint8Array;
}

export class SocksGreeting implements Greeting {
  readonly #to: Endpoint;
  readonly #account: SocksAccount;
  #state: 'method' | 'account' | 'reply' = 'method';
  #received: Uint8Array = new Uint8Array(0);

  constructor(to: Endpoint, account: SocksAccount) {
    this.#to = to;
    this.#account = account;
  }

  /** Its first answer needs nobody else: whoever gives none does not speak SOCKS. */
  get silence(): ProxyFault {
    return this.#state === 'method' ? 'not-a-proxy' : 'target';
  }

  begin(): Uint8Array {
    return Uint8Array.of(VERSION, 2, ACCOUNT, NO_ACCOUNT);
  }

  handle(bytes: Uint8Array): GreetingStep {
    this.#received = concat(this.#received, bytes);
    switch (this.#state) {
      case 'method':
        return this.#method();
      case 'account':
        return this.#accepted();
      case 'reply':
        return this.#reply();
    }
  }

  #method(): GreetingStep {
    const [version, method] = this.#received;
    if (version !== undefined && version !== VERSION) return fault('not-a-proxy');
    if (method === undefined) return { type: 'more' };
    this.#take(2);
    if (method === NO_ACCOUNT) return this.#connect();
    if (method !== ACCOUNT) return fault('password');
    this.#state = 'account';
    const { password, user } = this.#account;
    const say = concat(lengthed(user), lengthed(password));
    return { type: 'more', say: concat(Uint8Array.of(ACCOUNT_VERSION), say) };
  }

  #accepted(): GreetingStep {
    const [version, status] = this.#received;
    if (version !== undefined && version !== ACCOUNT_VERSION) return fault('not-a-proxy');
    if (status === undefined) return { type: 'more' };
    this.#take(2);
    return status === OK ? this.#connect() : fault('password');
  }

  #connect(): GreetingStep {
    this.#state = 'reply';
    const address = parseAddress(this.#to.host);
    if (!address) return fault('target');
    const { port } = this.#to;
    const type = address.length === 4 ? V4 : V6;
    const head = Uint8Array.of(VERSION, CONNECT, 0, type);
    return { type: 'more', say: concat(head, address, Uint8Array.of(port >> 8, port & 255)) };
  }

  #reply(): GreetingStep {
    const [version, reply, , type, length] = this.#received;
    if (version !== undefined && version !== VERSION) return fault('not-a-proxy');
    if (reply === undefined) return { type: 'more' };
    // Some close right after a refusal, without the rest of it.
    if (reply !== OK) return fault(reply === NOT_ALLOWED ? 'not-allowed' : 'target');
    if (type === undefined || length === undefined) return { type: 'more' };
    const sizes: Readonly<Record<number, number>> = { [V4]: 4, [V6]: 16, [NAME]: 1 + length };
    const size = sizes[type];
    if (size === undefined) return fault('not-a-proxy');
    const whole = 4 + size + 2;
    if (this.#received.length < whole) return { type: 'more' };
    return { type: 'open', rest: this.#received.slice(whole) };
  }

  #take(bytes: number): void {
    this.#received = this.#received.slice(bytes);
  }
}

function lengthed(bytes: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(bytes.length), bytes);
}

function fault(what: ProxyFault): GreetingStep {
  return { type: 'fault', fault: what };
}

/** An account of a person, in the bytes that travel. */
export function socksAccount(user: string, password: Uint8Array | undefined): SocksAccount {
  // RFC 1929 has no empty password; servers without one take any.
  return { user: utf8(user), password: password ?? Uint8Array.of(0x20) };
}
