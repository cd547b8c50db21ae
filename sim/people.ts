/**
 * People: who knows whom, and what they do. Pairs meet by invite, write to each other in bursts,
 * press send twice, take messages back, shut each other out for a while, choose other routes for a
 * while; when their computer does not answer they try again, as people do.
 *
 *   strangers --invite-new--> invited --contact-add--> added      then both write
 *       '------door-open, contact-add by ID, request-accept--> met '
 *
 * @module
 */
import { fromHex, hex } from '@sotto/core/base/bytes.ts';
import type { Policy } from '@sotto/core/base/policy.ts';
import type { Prng } from '@sotto/core/base/prng.ts';
import type { Command, CommandResult } from '@sotto/core/commands.ts';
import type { Checkers, Written } from './checkers.ts';
import { EPOCH_MS } from './clock.ts';
import type { Host } from './host.ts';
import type { Scheduler } from './scheduler.ts';

const INVITE_LIFE_MS = 7 * 24 * 60 * 60 * 1000;
const AGAIN_MS = { from: 1_000, to: 8_000 };
const TIGHTER: readonly Policy[] = ['hidden', 'direct', 'local'];
/** How often people look whether an invite of theirs has come to nothing. */
const FOLLOW_UP_MS = 30_000;
/** Answers that mean: try again later. */
const LATER: readonly string[] = ['no-space', 'disk-error', 'stopping', 'not-found', 'outbox-full'];
const LONG_TEXT_BYTES = 30_000;

/** Messages written one right after the other. */
export const BURST = { from: 2, to: 12 };

/** What people are like in this run. */
export interface Habits {
  /** Mean time between two messages of one person to another. */
  readonly everyMs: number;
  readonly burstRate: number;
  readonly cancelRate: number;
  readonly blockEveryMs: number | undefined;
  readonly routeEveryMs: number | undefined;
  /** Do invites come with an address, so that no lookup is needed? */
  readonly hints: boolean;
  /** Share of pairs that meet by ID alone: one opens a door, the other knocks. */
  readonly byIdRate: number;
}

interface Pair {
  readonly inviter: Host;
  readonly invitee: Host;
  /** The invitee has added the inviter: both write from here on. */
  added: boolean;
  /** When the latest invite ends, by the clock it was made under. */
  expiresMs: number;
}

export interface PeopleDeps {
  readonly scheduler: Scheduler;
  readonly prng: Prng;
  readonly checkers: Checkers;
  readonly habits: Habits;
}

export class People {
  readonly #deps: PeopleDeps;
  readonly #ids = new Map<Host, string>();
  readonly #pairs: Pair[] = [];
  /** Contacts shut out right now: by whom, and whom. */
  readonly #blocked = new Map<string, { by: Host; whom: Host }>();
  /** Contacts towards whom a route was chosen that is not Automatic. */
  readonly #routed = new Map<string, { by: Host; whom: Host }>();
  #texts = 0;
  #done = false;

  constructor(deps: { scheduler: Scheduler; prng: Prng; checkers: Checkers; habits: Habits }) {
    this.#deps = deps;
  }

  /** Everybody is connected with everybody by some path; some know more. */
  begin(hosts: readonly Host[]): void {
    const { prng } = this.#deps;
    for (const [i, host] of hosts.entries()) {
      if (i > 0) this.#introduce(prng.pick(hosts.slice(0, i)), host);
    }
    for (let extra = prng.int(0, Math.floor(hosts.length / 2)); extra > 0; extra--) {
      const [a, b] = [prng.pick(hosts), prng.pick(hosts)];
      if (a !== b && !this.#know(a, b)) this.#introduce(a, b);
    }
  }

  /** Nobody begins anything new; everybody is let in again, by every route. */
  end(): void {
    this.#done = true;
    for (const { by, whom } of this.#routed.values()) this.#anyRoute(by, whom);
    for (const { by, whom } of this.#blocked.values()) this.#unblock(by, whom);
    // Once everybody is up and every clock is right.
    this.#deps.scheduler.after(1, () => {
      for (const pair of this.#pairs) this.#replaceDead(pair);
    });
  }

  #know(a: Host, b: Host): boolean {
    return this.#pairs.some(({ inviter, invitee }) => {
      return (inviter === a && invitee === b) || (inviter === b && invitee === a);
    });
  }

  #introduce(inviter: Host, invitee: Host): void {
    const pair: Pair = { inviter, invitee, added: false, expiresMs: Infinity };
    this.#pairs.push(pair);
    const { byIdRate } = this.#deps.habits;
    const byId = byIdRate > 0 && this.#deps.prng.chance(byIdRate);
    const begin = (): void => (byId ? this.#openDoor(pair) : this.#invite(pair));
    this.#later(0, 60_000, () => this.#learnId(inviter, begin));
    this.#later(0, 60_000, () => this.#learnId(invitee, () => undefined));
  }

  #learnId(host: Host, then: () => void): void {
    if (this.#ids.has(host)) return then();
    this.#ask(host, { type: 'status' }, (result) => {
      if (result.ok && result.data.type === 'status') this.#ids.set(host, result.data.status.id);
      then();
    });
  }

  #invite(pair: Pair): void {
    const command = { type: 'invite-new', expiresInMs: INVITE_LIFE_MS, reusable: false } as const;
    const evenAtTheEnd = pair.added;
    const ask = (result: CommandResult): void => {
      if (!result.ok || result.data.type !== 'invite') return;
      const { hint, invite } = result.data;
      pair.expiresMs = invite.expiresMs;
      this.#later(500, 5_000, () => this.#add(pair, invite.link ?? '', hint));
    };
    this.#ask(pair.inviter, command, ask, evenAtTheEnd);
  }

  #add(pair: Pair, text: string, hint: Uint8Array): void {
    const { habits } = this.#deps;
    const name = `friend ${pair.inviter.number}`;
    const command = { type: 'contact-add', text, name, ...(habits.hints ? { hint } : {}) } as const;
    const added = (result: CommandResult): void => {
      if (!result.ok && result.error.code === 'invite-expired') {
        // A clock was wrong when it was made, or is wrong now: they ask for another one.
        if (this.#done && !pair.added) return;
        return this.#later(AGAIN_MS.from, AGAIN_MS.to, () => this.#invite(pair));
      }
      if (!result.ok && result.error.code !== 'already-exists') {
        this.#unexpected(pair.invitee, command, result.error.code);
      } else if (!pair.added) {
        pair.added = true;
        this.#talk(pair);
      }
    };
    this.#ask(pair.invitee, command, added, pair.added);
  }

  /** The one is reachable by ID; the other, who has it, knocks. */
  #openDoor(pair: Pair): void {
    const { invitee, inviter } = pair;
    const text = this.#ids.get(inviter);
    if (text === undefined) return this.#later(1_000, 5_000, () => this.#openDoor(pair));
    const hello = `${this.#texts++} knocks`; // no two texts are the same
    const knock = { type: 'contact-add', text, anyway: true, hello } as const;
    this.#ask(inviter, { type: 'door-open', anyway: true }, () => {
      this.#ask(invitee, knock, () => this.#letIn(pair));
    });
  }

  /** Looks at the door again and again until both have met; only then do they write. */
  #letIn(pair: Pair): void {
    const { invitee, inviter } = pair;
    if (this.#done) return;
    const who = this.#ids.get(invitee);
    inviter.command({ type: 'request-list', look: true }, (result) => {
      const asks = result?.ok === true && result.data.type === 'requests' && result.data.requests;
      const isThere = asks && asks.some(({ id }) => id === who);
      if (isThere && who !== undefined) {
        inviter.command({ type: 'request-accept', who }, () => undefined);
      }
    });
    invitee.command({ type: 'contact-show', to: this.#ids.get(inviter)! }, (result) => {
      const view = result?.ok === true && result.data.type === 'contact' && result.data.contact;
      if (!view || view.state !== 'connected' || pair.added) return;
      pair.added = true;
      this.#talk(pair);
    });
    if (!pair.added) this.#later(10_000, 40_000, () => this.#letIn(pair));
  }

  #talk(pair: Pair): void {
    const { blockEveryMs, routeEveryMs } = this.#deps.habits;
    this.#writeOften(pair.invitee, pair.inviter);
    this.#writeOften(pair.inviter, pair.invitee);
    if (blockEveryMs !== undefined) {
      this.#sometimes(pair, blockEveryMs, (by, whom) => this.#block(by, whom));
    }
    if (routeEveryMs !== undefined) {
      this.#sometimes(pair, routeEveryMs, (by, whom) => this.#chooseRoute(by, whom));
    }
    this.#followUp(pair);
  }

  #followUp(pair: Pair): void {
    if (this.#done) return;
    this.#replaceDead(pair);
    this.#deps.scheduler.after(FOLLOW_UP_MS, () => this.#followUp(pair));
  }

  /** An invite made while the clock said 1970 leads nowhere later: they need another one. */
  #replaceDead(pair: Pair): void {
    const to = this.#ids.get(pair.invitee);
    const dead = pair.expiresMs <= EPOCH_MS + this.#deps.scheduler.nowMs;
    if (!pair.added || !dead || to === undefined) return;
    // Who invited does not know them: they never met, or the first meeting was cut in the middle.
    pair.inviter.command({ type: 'contact-show', to }, (result) => {
      if (result?.ok === false && result.error.code === 'not-found') this.#invite(pair);
    });
  }

  #writeOften(from: Host, to: Host): void {
    const { habits, prng, scheduler } = this.#deps;
    scheduler.after(this.#exponential(habits.everyMs), () => {
      if (this.#done) return;
      const burst = prng.chance(habits.burstRate) ? prng.int(BURST.from, BURST.to) : 1;
      for (let i = 0; i < burst; i++) this.#write(from, to);
      this.#writeOften(from, to);
    });
  }

  #write(from: Host, to: Host): void {
    const { checkers, habits, prng } = this.#deps;
    const text = this.#text(from, to);
    const message: Written = { from, to, text, event: undefined, cancelled: false };
    checkers.wrote(message);
    const clientId = hex(prng.bytes(16));
    const send = (): void => this.#send(message, clientId);
    send();
    if (prng.chance(0.05)) send(); // a double click
    if (prng.chance(habits.cancelRate)) this.#later(0, 60_000, () => this.#cancel(message));
  }

  #send(message: Written, clientId: string): void {
    const { from, text, to } = message;
    const name = this.#ids.get(to);
    if (name === undefined) return this.#later(1_000, 5_000, () => this.#send(message, clientId));
    const command: Command = { type: 'message-send', to: name, text, clientId };
    this.#ask(from, command, (result) => {
      if (!result.ok) {
        if (result.error.code !== 'blocked') this.#unexpected(from, command, result.error.code);
        return;
      }
      const event = result.data.type === 'sent' ? fromHex(result.data.event) : undefined;
      if (event) this.#deps.checkers.wasAccepted(message, event);
    });
  }

  #cancel(message: Written): void {
    if (!message.event || this.#done) return;
    const command: Command = { type: 'message-cancel', event: hex(message.event) };
    // From the moment of asking it may be gone, whether or not the answer comes.
    const before = message.cancelled;
    message.cancelled = true;
    message.from.command(command, (result) => {
      if (!result) return;
      const state = message.from.vault.timeline.get(message.event!)?.state;
      // What had left may have arrived since, and been receipted.
      const isTrue = result.ok ? state !== 'waiting' : state !== 'cancelled';
      if (!isTrue) {
        const said = result.ok ? 'done' : result.error.code;
        this.#deps.checkers.fail(
          'cancel tells the truth',
          `${message.from.name}: ${said}, ${state}`,
        );
      }
      if (!result.ok) message.cancelled = before;
    });
  }

  /** Again and again, one of them towards the other. */
  #sometimes(pair: Pair, everyMs: number, act: (by: Host, whom: Host) => void): void {
    const { prng, scheduler } = this.#deps;
    scheduler.after(this.#exponential(everyMs), () => {
      if (this.#done) return;
      const { invitee, inviter } = pair;
      if (prng.chance(0.5)) act(invitee, inviter);
      else act(inviter, invitee);
      this.#sometimes(pair, everyMs, act);
    });
  }

  #block(by: Host, whom: Host): void {
    const to = this.#ids.get(whom);
    if (to === undefined || this.#blocked.has(`${by.name}>${whom.name}`)) return;
    by.command({ type: 'contact-block', to, blocked: true }, (result) => {
      if (result?.ok === false) return; // not met yet, or no space
      this.#blocked.set(`${by.name}>${whom.name}`, { by, whom });
      this.#later(5_000, 90_000, () => this.#unblock(by, whom));
    });
  }

  #unblock(by: Host, whom: Host): void {
    if (!this.#blocked.has(`${by.name}>${whom.name}`)) return;
    const command = { type: 'contact-block', to: this.#ids.get(whom)!, blocked: false } as const;
    this.#ask(by, command, () => this.#blocked.delete(`${by.name}>${whom.name}`), true);
  }

  #chooseRoute(by: Host, whom: Host): void {
    const to = this.#ids.get(whom);
    const name = `${by.name}>${whom.name}`;
    if (to === undefined || this.#routed.has(name)) return;
    const policy = this.#deps.prng.pick(TIGHTER);
    // Whether or not the answer comes it may hold, so it is taken back in any case.
    this.#routed.set(name, { by, whom });
    by.command({ type: 'route-set', to, policy, looser: true }, () => undefined);
    this.#later(5_000, 120_000, () => this.#anyRoute(by, whom));
  }

  #anyRoute(by: Host, whom: Host): void {
    const name = `${by.name}>${whom.name}`;
    if (!this.#routed.has(name)) return;
    const to = this.#ids.get(whom)!;
    const command = { type: 'route-set', to, policy: 'auto', looser: true } as const;
    this.#ask(by, command, () => this.#routed.delete(name), true);
  }

  /** Asks until there is an answer that is not "later". */
  #ask(
    host: Host,
    command: Command,
    done: (result: CommandResult) => void,
    evenAtTheEnd = false,
  ): void {
    host.command(command, (result) => {
      const later = !result || (!result.ok && LATER.includes(result.error.code));
      if (result && !later) return done(result);
      if (this.#done && !evenAtTheEnd) return;
      this.#later(AGAIN_MS.from, AGAIN_MS.to, () => this.#ask(host, command, done, evenAtTheEnd));
    });
  }

  #unexpected(host: Host, command: Command, code: string): void {
    this.#deps.checkers.fail('no unexpected refusal', `${host.name}: ${command.type}: ${code}`);
  }

  #later(fromMs: number, toMs: number, task: () => void): void {
    this.#deps.scheduler.after(this.#deps.prng.int(fromMs, toMs), task);
  }

  #exponential(meanMs: number): number {
    return Math.min(-Math.log(1 - this.#deps.prng.unit()) * meanMs, 10 * meanMs);
  }

  #text(from: Host, to: Host): string {
    const { prng } = this.#deps;
    const text = `${this.#texts++} ${from.name} to ${to.name} `;
    if (prng.chance(0.02)) return text.padEnd(LONG_TEXT_BYTES, 'long ');
    return text.padEnd(prng.int(text.length, 400), 'word ');
  }
}
