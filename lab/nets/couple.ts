/**
 * Two people who know each other and move from network to network, each with a daemon of the
 * release bundles. `start` takes other ports than ever before, so that no address remembered
 * leads anywhere; `startAgain` keeps them.
 * @module
 */
import { verdictOf, type Verdict } from '@sotto/api/checks.ts';
import { meet, RoomDaemon, textsFrom } from '../rooms/room-daemon.ts';
import type { Town } from '../rooms/town.ts';
import type { Home } from './homes.ts';
import type { HomeKind } from './kinds.ts';
import { PROXY_PASSWORD } from './services.ts';

/** Below those that systems choose for calls of their own, which may hold one for a minute. */
const PORT_FIRST = 10_000;
const PORTS = 22_000;
const LOOK_EVERY_MS = 100;
const WRITE_EVERY_MS = 20;

export type Side = 0 | 1;
const BOTH: readonly Side[] = [0, 1];

/** What a person is told of the way to the other. */
export interface Said {
  readonly online: boolean;
  readonly route: string;
  readonly endpoint: string | undefined;
  readonly verdict: Verdict;
  /** Findings of the doctor, by check. */
  readonly findings: Readonly<Record<string, string>>;
}

export class Couple {
  readonly #up = new Set<Side>();
  #portsUsed: number;
  #ports: readonly [number, number];

  private constructor(
    readonly people: readonly [RoomDaemon, RoomDaemon],
    private homes: readonly [Home, Home],
    number: number,
    /** What somebody at home there has set. */
    private readonly atHome: (kind: HomeKind) => readonly string[],
  ) {
    this.#portsUsed = 1_000 * number;
    this.#ports = [this.#freshPort(), this.#freshPort()];
  }

  /** They meet in the open, where nothing is in the way, and then stop. */
  static async meet(
    town: Town,
    folder: string,
    number: number,
    settings: readonly string[] = [],
    atHome: (kind: HomeKind) => readonly string[] = () => [],
  ): Promise<Couple> {
    const open = await town.homes.add('open');
    const given = [`dht.bootstrap=${town.bootstrap.join(',')}`, ...settings];
    const person = (name: string): RoomDaemon =>
      new RoomDaemon(`${name}${number}`, open.host(), folder, PORT_FIRST, given);
    const couple = new Couple([person('Ana'), person('Bo')], [open, open], number, atHome);
    await couple.start();
    await meet(...couple.people);
    // No command line may carry it.
    const wish = { key: 'proxy.password', value: PROXY_PASSWORD };
    for (const each of couple.people) await each.call('config.set', wish);
    await couple.stop();
    return couple;
  }

  /** Each takes the computer into another home, if it is one; programs that run notice. */
  moveTo(homes: readonly [Home, Home]): void {
    for (const side of BOTH) {
      if (homes[side] === this.homes[side]) continue;
      const { room } = this.people[side];
      this.homes[side].release(room);
      homes[side].take(room);
    }
    this.homes = homes;
  }

  /** Both start at once, on other ports than ever before. */
  async start(): Promise<void> {
    this.#ports = [this.#freshPort(), this.#freshPort()];
    await this.startAgain();
  }

  /** On the ports of before. */
  async startAgain(who: readonly Side[] = BOTH, env: NodeJS.ProcessEnv = {}): Promise<void> {
    const starts = who.map(async (side) => {
      const settings = [`net.port=${this.#ports[side]}`, ...this.atHome(this.homes[side].kind)];
      await this.people[side].start(undefined, settings, env);
      this.#up.add(side);
    });
    await Promise.all(starts);
  }

  async stop(who: readonly Side[] = BOTH): Promise<void> {
    const ending = who.filter((side) => this.#up.delete(side));
    await Promise.all(ending.map((side) => this.people[side].stop()));
  }

  /** @returns ms until both say that they are linked; undefined where they are not in time. */
  async linked(limitMs: number): Promise<number | undefined> {
    const startedMs = performance.now();
    for (;;) {
      const online = await Promise.all(this.people.map(isLinked));
      const tookMs = performance.now() - startedMs;
      if (online.every((is) => is)) return tookMs;
      if (tookMs > limitMs) return undefined;
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  /** One writes to the other. @returns ms until each message was stored there, but of late ones. */
  async write(from: Side, count = 1): Promise<number[]> {
    const { ms } = await this.people[from].talk(this.#other(from), count, WRITE_EVERY_MS);
    return ms;
  }

  /** Every text that this one received, oldest first. */
  received(side: Side): Promise<string[]> {
    return textsFrom(this.people[side], this.#other(side));
  }

  /** Which way leads to the other, as this one is told. */
  async route(side: Side): Promise<string> {
    return (await this.people[side].call('route.show', { to: this.#other(side) })).route;
  }

  /** What each is told. */
  async said(): Promise<[Said, Said]> {
    const [ana, bo] = this.people;
    return [await whatIsSaid(ana), await whatIsSaid(bo)];
  }

  #other(side: Side): string {
    return this.people[side === 0 ? 1 : 0].name;
  }

  #freshPort(): number {
    return PORT_FIRST + (this.#portsUsed++ % PORTS);
  }
}

async function isLinked(person: RoomDaemon): Promise<boolean> {
  const { contacts } = await person.call('contacts.list', {});
  return contacts.some(({ online }) => online);
}

async function whatIsSaid(person: RoomDaemon): Promise<Said> {
  const { contacts } = await person.call('contacts.list', {});
  const { conversation, online } = contacts[0]!;
  const { endpoint, route } = await person.call('route.show', { to: conversation });
  const { checks } = await person.call('doctor.run', { with: conversation });
  const findings = Object.fromEntries(checks.map(({ check, finding }) => [check, finding]));
  return { online, route, endpoint, verdict: verdictOf(checks), findings };
}
