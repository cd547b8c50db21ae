/**
 * Proxy: TCP streams through somebody else's SOCKS5 or HTTP CONNECT.
 *
 *   connecting --to the proxy--> greeting --open--> a stream like any other (tcp.ts)
 *        '--refused, silence--'------fault--> closed, with `proxy <fault>` as its reason
 *
 * Streams of one isolation number share an account of random name and password, others have
 * another one: Tor gives each account circuits of its own (IsolateSOCKSAuth), so nobody sees two
 * contacts come by one way. An account that a person set goes to all (PRX-7).
 * @module
 */
import { Socket } from 'node:net';
import { BoundedMap } from '@sotto/core/base/bounded.ts';
import { hex, utf8 } from '@sotto/core/base/bytes.ts';
import { scopeOf } from '@sotto/core/base/endpoint.ts';
import type { Endpoint } from '@sotto/core/base/endpoint.ts';
import type { Random } from '@sotto/core/base/time.ts';
import { DIAL_MS, Once, plain } from './byte-stream.ts';
import type { ByteStream, StreamListener } from './byte-stream.ts';
import type { ProxySettings } from './egress.ts';
import { ConnectGreeting } from './proxy-connect.ts';
import type { Greeting, ProxyFault } from './proxy-greeting.ts';
import { socksAccount, SocksGreeting } from './proxy-socks.ts';
import type { SocksAccount } from './proxy-socks.ts';
import { acceptedTcp, dialTcp } from './tcp.ts';
import type { Dial } from './tcp.ts';

/** Isolation numbers whose account is remembered. */
export const ACCOUNTS_MAX = 4_096;
const ACCOUNT_BYTES = 16;
/** A proxy that does not take a connection for so long is not there. */
const REACH_MS = 5_000;

/**
 * How the proxy does: 'works' as soon as one stream got through it, 'untried' before, 'stalled'
 * once another one did not and none is left.
 */
export type ProxyState = 'untried' | 'works' | 'stalled' | Exclude<ProxyFault, 'target'>;

export interface ProxyParts {
  readonly settings: ProxySettings;
  readonly random: Random;
  /** Told when it changes, never with an address. */
  readonly onState?: (state: ProxyState) => void;
}

export class Proxy {
  readonly #parts: ProxyParts;
  readonly #accounts = new BoundedMap<number, SocksAccount>(ACCOUNTS_MAX);
  #state: ProxyState;
  /** Streams that are open through it. */
  #open = 0;
  #hasWorked = false;

  constructor(parts: ProxyParts) {
    this.#parts = parts;
    this.#state = parts.settings.at ? 'untried' : 'unset';
  }

  get state(): ProxyState {
    return this.#state;
  }

  /**
   * Dials; `opened` or `closed` follows later. What is inside this computer stays there. ⚑ Nor is
   * the proxy told who is in this network: theirs, where it dials, is another one.
   */
  readonly dial: Dial = (to, listener, isolation) => {
    const scope = scopeOf(to.host);
    if (scope === 'loopback') return dialTcp(to, listener);
    if (scope === 'private' || scope === 'link-local') return new RefusedStream(listener);
    const greeting = this.#greeting(to, isolation);
    return new ProxiedStream(this.#parts.settings.at, greeting, listener, (outcome) =>
      this.#become(outcome instanceof Socket ? this.#opened(outcome) : this.#after(outcome)),
    );
  };

  #become(state: ProxyState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#parts.onState?.(state);
  }

  #opened(socket: Socket): ProxyState {
    this.#open++;
    this.#hasWorked = true;
    socket.once('close', () => void this.#open--);
    return 'works';
  }

  /**
   * What is out of its reach, or out of bounds there, says nothing of what is not. But where
   * nothing else is open through it, its own line may be cut.
   */
  #after(fault: ProxyFault): ProxyState {
    const state = this.#state;
    if (fault === 'target') {
      if (this.#open > 0) return 'works';
      return this.#hasWorked ? 'stalled' : 'untried';
    }
    const wasThrough = state === 'works' || state === 'stalled';
    return fault === 'not-allowed' && wasThrough ? state : fault;
  }

  #greeting(to: Endpoint, isolation: number | undefined): Greeting {
    const { account, kind } = this.#parts.settings;
    if (kind === 'http') {
      const password = account?.password?.reveal() ?? new Uint8Array(0);
      return new ConnectGreeting(to, account && { user: account.user, password });
    }
    if (!account) return new SocksGreeting(to, this.#isolated(isolation));
    return new SocksGreeting(to, socksAccount(account.user, account.password?.reveal()));
  }

  /** Without a number nothing is known to belong together: a way of its own. */
  #isolated(isolation: number | undefined): SocksAccount {
    const known = isolation === undefined ? undefined : this.#accounts.get(isolation);
    if (known) return known;
    const word = (): Uint8Array => utf8(hex(this.#parts.random(ACCOUNT_BYTES)));
    const account = { user: word(), password: word() };
    if (isolation !== undefined) this.#accounts.set(isolation, account);
    return account;
  }
}

/** A dial of which nobody hears. */
class RefusedStream implements ByteStream {
  readonly #listener: Once;

  constructor(listener: StreamListener) {
    this.#listener = new Once(listener);
    setImmediate(() => this.#listener.closed('not through a proxy'));
  }

  write(): void {}

  close(): void {
    this.#listener.mute();
  }

  reset(): void {
    this.#listener.mute();
  }

  queuedBytes(): number {
    return 0;
  }
}

class ProxiedStream implements ByteStream {
  readonly #socket = new Socket();
  readonly #listener: Once;
  readonly #learn: (outcome: ProxyFault | Socket) => void;
  readonly #greeting: Greeting;
  /** Once the proxy has made the way. */
  #stream: ByteStream | undefined;
  #timer: NodeJS.Timeout | undefined;
  #over = false;

  constructor(
    at: ProxySettings['at'],
    greeting: Greeting,
    listener: StreamListener,
    learn: (outcome: ProxyFault | Socket) => void,
  ) {
    this.#greeting = greeting;
    this.#listener = new Once(listener);
    this.#learn = learn;
    if (at) this.#connect(at);
    else setImmediate(() => this.#fail('unset'));
  }

  write(bytes: Uint8Array): void {
    this.#stream?.write(bytes);
  }

  close(): void {
    this.#listener.mute();
    if (this.#stream) this.#stream.close();
    else this.#end();
  }

  reset(): void {
    this.#listener.mute();
    if (this.#stream) this.#stream.reset();
    else this.#end();
  }

  queuedBytes(): number {
    return this.#stream?.queuedBytes() ?? 0;
  }

  #connect(at: { readonly host: string; readonly port: number }): void {
    const socket = this.#socket;
    this.#timer = setTimeout(() => this.#fail('unreachable'), REACH_MS);
    socket.once('connect', () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#fail(this.#greeting.silence), DIAL_MS);
      socket.off('error', this.#unreached).on('error', this.#cutOff);
      socket.on('end', this.#cutOff);
      socket.write(this.#greeting.begin());
    });
    socket.on('data', this.#onData);
    socket.on('error', this.#unreached);
    try {
      socket.connect(at);
    } catch {
      // A port that is none.
      setImmediate(this.#unreached);
    }
  }

  readonly #unreached = (): void => this.#fail('unreachable');
  readonly #cutOff = (): void => this.#fail('not-a-proxy');

  readonly #onData = (bytes: Buffer): void => {
    const step = this.#greeting.handle(plain(bytes));
    switch (step.type) {
      case 'more':
        if (step.say) this.#socket.write(step.say);
        return;
      case 'fault':
        return this.#fail(step.fault);
      case 'open':
        return this.#open(step.rest);
    }
  };

  #open(rest: Uint8Array): void {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    socket.off('data', this.#onData).off('end', this.#cutOff).off('error', this.#cutOff);
    this.#stream = acceptedTcp(socket, this.#listener);
    this.#learn(socket);
    this.#listener.opened();
    if (rest.length > 0) this.#listener.bytes(rest);
  }

  #fail(fault: ProxyFault): void {
    if (this.#over || this.#stream) return;
    this.#end();
    this.#learn(fault);
    this.#listener.closed(`proxy ${fault}`);
  }

  #end(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    // Its errors stay listened to, and change nothing any more.
    this.#socket.off('data', this.#onData);
    this.#socket.destroy();
  }
}
