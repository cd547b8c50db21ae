/**
 * Birthdays: the one birthday punch that may be under way (path/birthday.ts), for whoever asks for
 * it: a link that leads through a relay (syncing.ts), or a slot of two who are not linked.
 * @module
 */
import type { Endpoint } from '../base/endpoint.ts';
import { Birthday, type Birth } from '../path/birthday.ts';
import type { Context } from './context.ts';

export class Birthdays {
  readonly #birthday: Birthday;

  constructor(private readonly context: Context) {
    this.#birthday = new Birthday(context.random);
  }

  /** @param name hex of the contact's identity. @param seal makes one datagram. */
  start(name: string, birth: Birth, seal: () => Uint8Array): void {
    this.#birthday.start(name, birth, seal, this.context.now.monoMs);
    this.#drain();
  }

  end(name: string): void {
    this.#birthday.end(name);
    this.#drain();
  }

  /** For whom one is under way that something from there may belong to. */
  awaited(from: Endpoint): { readonly name: string; readonly role: Birth['role'] } | undefined {
    const { current } = this.#birthday;
    if (current?.to.host !== from.host) return undefined;
    return current.role === 'probes' || current.to.port === from.port ? current : undefined;
  }

  handleTimeout(): void {
    this.#birthday.handleTimeout(this.context.now.monoMs);
    this.#drain();
  }

  wakeAtMs(): number | undefined {
    return this.#birthday.wakeAtMs();
  }

  #drain(): void {
    for (let out = this.#birthday.poll(); out; out = this.#birthday.poll()) this.context.emit(out);
  }
}
