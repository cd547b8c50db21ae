/**
 * Calling: the calls that are under way (path/calls.ts), for links that lead through a relay
 * (syncing.ts).
 * @module
 */
import type { Endpoint } from '../base/endpoint.ts';
import { Calls, type CallKey } from '../path/calls.ts';
import type { Probes } from '../path/probes.ts';
import type { Context } from './context.ts';

export class Calling {
  readonly #calls: Calls;

  constructor(
    private readonly context: Context,
    probes: Probes,
  ) {
    this.#calls = new Calls({
      random: context.random,
      mayProbe: (name, nowMs) => probes.take(name, nowMs),
    });
  }

  /** @param name hex of the contact's identity; what was under way for it ends. */
  open(name: string, key: CallKey, to: readonly Endpoint[]): void {
    this.#calls.open(name, key, to, this.context.now.monoMs);
    this.#drain();
  }

  end(name: string): void {
    this.#calls.end(name);
  }

  handleTimeout(): void {
    this.#calls.handleTimeout(this.context.now.monoMs);
    this.#drain();
  }

  wakeAtMs(): number | undefined {
    return this.#calls.wakeAtMs();
  }

  #drain(): void {
    for (let out = this.#calls.poll(); out; out = this.#calls.poll()) {
      this.context.emit({ type: 'datagram', ...out });
    }
  }
}
