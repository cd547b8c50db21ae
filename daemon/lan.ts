/**
 * Nearby: looks after the networks in which contacts may be looked for, and carries what core says
 * there (docs/spec/lan.md). While the setting is off, and in every network that is not marked as
 * home, no socket is open, so nothing can leave.
 *
 *   off --nearby.on--> away --a network marked as home--> open --its look changed--> opened again
 *     \--nearby.on, behind a proxy--> proxied
 *
 * A network with a router is known again by what core makes of its print; the setting holds that
 * and nothing else. One without is home for as long as it lasts, at most while the app runs
 * (LAN-17).
 * @module
 */
import type { LanPresence } from '@sotto/api/checks.ts';
import { parts as listOf } from '@sotto/api/settings.ts';
import type { Settings } from '@sotto/api/settings.ts';
import { hex } from '@sotto/core/base/bytes.ts';
import type { Effect, Input } from '@sotto/core/effects.ts';
import { egressOf } from './egress.ts';
import { askRouter, lanInterfaces, ShownPrints, SYSTEM } from './lan-interfaces.ts';
import type { LanInterface, SystemTables } from './lan-interfaces.ts';
import { LanSockets } from './lan-sockets.ts';

/** Messages handed to core: a flood of multicast is to cost nobody else their turn. */
export const MESSAGES_PER_S = 100;
/** A router that does not show itself is asked this often. */
const ASK_ROUTER_MS = 5_000;
/** Where multicast did not open it is tried again. */
const TRY_AGAIN_MS = 60_000;
/** Marking a network waits for its router at most this long. */
const ROUTER_MS = 1_500;
const ROUTER_LOOK_MS = 50;
/** Marks remembered: more networks than a computer sees in a year. */
const MARKS_MAX = 256;

export interface LanParts {
  readonly settings: () => Settings;
  /** May it look around in a network at all, by the settings of the start? */
  readonly mayLook: () => boolean;
  /** What core makes of a network's print: 32 hex digits. */
  readonly mark: (print: Uint8Array) => Promise<string>;
  readonly input: (input: Input) => void;
  readonly system?: SystemTables;
  readonly onFault: (error: unknown) => void;
}

type LanEffect = Extract<Effect, { type: 'multicast' | 'lan-send' }>;

export class Lan {
  readonly #parts: LanParts;
  #sockets: LanSockets | undefined;
  /** What the open sockets are of. */
  #open = '';
  #state: LanPresence = 'off';
  /** Looks of networks without a router that are home. */
  #hereNow = new Set<string>();
  readonly #shownPrints = new ShownPrints();
  readonly #marks = new Map<string, string>();
  #looking: Promise<void> | undefined;
  #again = false;
  #openedAtMs = -Infinity;
  #askedAtMs = -Infinity;
  #second = { atMs: 0, messages: 0 };
  #closed = false;

  constructor(parts: LanParts) {
    this.#parts = parts;
  }

  get state(): LanPresence {
    return this.#state;
  }

  /** Looks at settings and networks; one look at a time, and one more for who asks meanwhile. */
  look(): Promise<void> {
    this.#again = true;
    this.#looking ??= this.#lookAll()
      .catch(this.#parts.onFault)
      .finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  carryOut(effect: LanEffect): void {
    if (effect.type === 'multicast') this.#sockets?.multicast(effect.family, effect.bytes);
    else this.#sockets?.send(effect.network, effect.to, effect.bytes);
  }

  /**
   * The marks with those of the present networks among them, or without.
   * @returns what belongs into the setting; undefined where there is no network to mark.
   */
  async home(isHome: boolean): Promise<string | undefined> {
    const interfaces = await this.#shown();
    if (interfaces.length === 0) return undefined;
    const marks = new Set(listOf(this.#parts.settings()['nearby.home']));
    for (const { look, print, silentRouter } of interfaces) {
      const mark = print && (await this.#markOf(print));
      if (mark !== undefined && isHome) marks.add(mark);
      else if (mark !== undefined) marks.delete(mark);
      else if (silentRouter === undefined && isHome) this.#hereNow.add(look);
      else this.#hereNow.delete(look);
    }
    return [...marks].join();
  }

  close(): void {
    this.#closed = true;
    this.#shut();
  }

  async #lookAll(): Promise<void> {
    while (this.#again && !this.#closed) {
      this.#again = false;
      await this.#look();
    }
  }

  async #look(): Promise<void> {
    const rest = this.#rest();
    const interfaces = rest ? [] : this.#interfaces();
    const home: LanInterface[] = [];
    for (const one of interfaces) if (await this.#isHome(one)) home.push(one);
    const looks = new Set(interfaces.map(({ look }) => look));
    if (!rest) this.#hereNow = new Set([...this.#hereNow].filter((look) => looks.has(look)));
    const wanted = JSON.stringify(home.map(({ addresses, name }) => [name, addresses]));
    if (this.#closed) return;
    if (home.length === 0) this.#shut();
    else if (wanted !== this.#open || this.#isToBeTriedAgain()) await this.#openAll(home, wanted);
    if (home.length === 0) this.#state = rest ?? 'away';
    else this.#state = this.#sockets?.networks.length ? 'works' : 'blocked';
  }

  #isToBeTriedAgain(): boolean {
    const isBlocked = this.#state === 'blocked';
    return isBlocked && performance.now() - this.#openedAtMs > TRY_AGAIN_MS;
  }

  async #openAll(home: readonly LanInterface[], wanted: string): Promise<void> {
    this.#sockets?.close();
    this.#openedAtMs = performance.now();
    const sockets = await LanSockets.open(home, (network, from, bytes) => {
      if (this.#isWithinRate()) this.#parts.input({ type: 'lan', network, from, bytes });
    });
    if (this.#closed) return sockets.close();
    this.#sockets = sockets;
    this.#open = wanted;
    this.#tell();
  }

  #shut(): void {
    if (!this.#sockets) return;
    this.#sockets.close();
    this.#sockets = undefined;
    this.#open = '';
    this.#tell();
  }

  #tell(): void {
    const networks = this.#sockets?.networks ?? [];
    const told = networks.map(({ addresses, name }) => ({ name, addresses }));
    this.#parts.input({ type: 'lan-networks', networks: told });
  }

  #interfaces(): LanInterface[] {
    return this.#shownPrints.fill(lanInterfaces(this.#parts.system ?? SYSTEM));
  }

  async #isHome({ look, print, silentRouter }: LanInterface): Promise<boolean> {
    const marks = listOf(this.#parts.settings()['nearby.home']);
    if (silentRouter !== undefined && marks.length > 0) this.#ask(silentRouter);
    if (print) return marks.includes(await this.#markOf(print));
    return silentRouter === undefined && this.#hereNow.has(look);
  }

  /** The interfaces, once their routers have shown themselves or have had their time. */
  async #shown(): Promise<LanInterface[]> {
    const untilMs = performance.now() + ROUTER_MS;
    for (;;) {
      const interfaces = this.#interfaces();
      const waited = interfaces.filter(({ print }) => print === undefined);
      const silent = waited.flatMap(({ silentRouter }) => silentRouter ?? []);
      const isOver = performance.now() >= untilMs;
      if (silent.length === 0 || isOver || this.#isProxied()) return interfaces;
      for (const router of silent) this.#ask(router);
      await new Promise((done) => setTimeout(done, ROUTER_LOOK_MS));
    }
  }

  #ask(router: string): void {
    if (performance.now() - this.#askedAtMs < ASK_ROUTER_MS) return;
    this.#askedAtMs = performance.now();
    askRouter(router);
  }

  async #markOf(print: Uint8Array): Promise<string> {
    const key = hex(print);
    const known = this.#marks.get(key);
    if (known !== undefined) return known;
    const mark = await this.#parts.mark(print);
    if (this.#marks.size >= MARKS_MAX) this.#marks.clear();
    this.#marks.set(key, mark);
    return mark;
  }

  /** Why it rests in every network; undefined where it may look around. */
  #rest(): LanPresence | undefined {
    const settings = this.#parts.settings();
    if (!settings['nearby.on'] || !settings['net.udp']) return 'off';
    return this.#isProxied() ? 'proxied' : undefined;
  }

  /** ⚑ Who chooses a proxy is heard at once; who gives it up, with all else at the next start. */
  #isProxied(): boolean {
    return !this.#parts.mayLook() || !egressOf(this.#parts.settings()).nearby;
  }

  #isWithinRate(): boolean {
    const nowMs = performance.now();
    if (nowMs - this.#second.atMs >= 1_000) this.#second = { atMs: nowMs, messages: 0 };
    return ++this.#second.messages <= MESSAGES_PER_S;
  }
}
