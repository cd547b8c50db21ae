/**
 * Online: is anybody at all within reach? One answer for whoever asks and for the screens that
 * are told. Who knows no helper may be linked all the same: where UDP is shut, or behind a relay.
 * @module
 */
import type { Context } from './context.ts';
import type { Finding } from './finding.ts';
import type { Sessions } from './sessions.ts';

export interface OnlineParts {
  readonly context: Context;
  readonly finding: Pick<Finding, 'helpers'>;
  readonly sessions: Pick<Sessions, 'reachesOthers'>;
}

export class Online {
  #told = wordOf(false, 0);

  /** @param parts read late: they may be made after this. */
  constructor(private readonly parts: OnlineParts) {}

  get isOnline(): boolean {
    const { finding, sessions } = this.parts;
    return finding.helpers > 0 || sessions.reachesOthers;
  }

  /** Helpers or links came or went: screens hear it where what they show is so no more. */
  review(): void {
    const { helpers } = this.parts.finding;
    if (wordOf(this.isOnline, helpers) !== this.#told) this.tell();
  }

  tell(): void {
    const { context, finding } = this.parts;
    const { isOnline } = this;
    const { helpers } = finding;
    this.#told = wordOf(isOnline, helpers);
    context.notify({ topic: 'network', online: isOnline, helpers });
  }
}

/** How many helpers there are is worth no event; whether there are any is. */
function wordOf(isOnline: boolean, helpers: number): string {
  return `${isOnline} ${helpers > 0}`;
}
