/**
 * One run: a seed becomes hosts, people, a network and a mix of faults; twenty simulated minutes
 * later it has passed, failed or shown nothing.
 *
 *   0                                            17 min   20 min
 *   |  people meet and write, faults come and go  | quiet  |
 *                                                 '- all faults heal, everybody is up
 *
 * @module
 */
import type { Prng } from '@sotto/core/base/prng.ts';
import { endpointKey } from '@sotto/core/base/endpoint.ts';
import type { Serving } from '@sotto/core/commands.ts';
import { Node } from '@sotto/core/node.ts';
import { Checkers, type Violation } from './checkers.ts';
import { EventLog, type Printer } from './event-log.ts';
import { drawMix, type FaultKind, Faults } from './faults.ts';
import { Host, type HostFlaws, type MakeNode } from './host.ts';
import { Network } from './network.ts';
import { BURST, type Habits, People } from './people.ts';
import { Scheduler } from './scheduler.ts';
import { prngFor, seedFor } from './seed.ts';
import { checkBounds, type Excess, missingGauges } from './stats.ts';
import { Weather } from './weather.ts';

const MINUTE_MS = 60_000;
const FAULTS_END_MS = 17 * MINUTE_MS;
/** After this time without faults everything accepted has arrived; gaps may hide it longer. */
const QUIET_MS = 60_000;
const RUN_MS = 20 * MINUTE_MS;
const BOUNDS_EVERY_MS = 30_000;
/** Written by people who know as few others as possible; more acquaintances write more. */
const MESSAGES = { from: 250, to: 600 };
const PEOPLE = { from: 3, to: 12 };
/** Plain members of the DHT that everybody knows: they keep their addresses, and stay up. */
const ROUTERS = 2;

/** A run below these shows nothing, and counts as failed. */
export const ACCEPTED_MIN = 100;
export const FAULTS_MIN = 3;

export interface RunOptions {
  readonly seed: number;
  readonly print?: Printer;
  readonly flaws?: HostFlaws;
  /** What runs on the hosts; core's Node by default. */
  readonly makeNode?: (bootstrap: readonly string[], serve: Serving) => MakeNode;
}

export interface Outcome {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly hash: string;
  readonly entries: number;
  readonly hosts: number;
  readonly accepted: number;
  readonly faults: ReadonlyMap<FaultKind, number>;
  /** From the end of the faults until everything had arrived. */
  readonly settledMs: number | undefined;
}

export function run(options: RunOptions): Outcome {
  return new Run(options).outcome();
}

/** The node that ships. */
function realNode(bootstrap: readonly string[], serve: Serving): MakeNode {
  return ({ name, random }) => {
    const profile = { bootstrap, dht: true, readOnly: false, allowReserved: true };
    const relay = { serve, list: [] };
    return new Node({ random, profile: { ...profile, relay, displayName: name } });
  };
}

class Run {
  readonly #seed: number;
  readonly #scheduler = new Scheduler();
  readonly #log: EventLog;
  readonly #checkers = new Checkers(() => this.#scheduler.nowMs);
  readonly #network: Network;
  readonly #hosts: Host[] = [];
  readonly #people: People;
  readonly #faults: Faults;
  #settledMs: number | undefined;
  #processes = 0;

  constructor(options: RunOptions) {
    const { seed } = options;
    this.#seed = seed;
    this.#log = new EventLog(options.print);
    const scheduler = this.#scheduler;
    const weather = new Weather(prngFor(seed, 'weather'));
    this.#network = new Network({ scheduler, weather, prng: prngFor(seed, 'network') });
    const plan = prngFor(seed, 'plan');
    const mix = drawMix(plan);
    const size = plan.int(PEOPLE.from, PEOPLE.to);
    const habits = drawHabits(plan, size);
    this.#makeHosts(size + ROUTERS, options, plan.chance(0.5) ? 'contacts' : 'off');
    const someone = this.#hosts.slice(ROUTERS);
    this.#people = new People({
      scheduler,
      prng: prngFor(seed, 'people'),
      checkers: this.#checkers,
      habits,
    });
    this.#faults = new Faults({
      scheduler,
      prng: prngFor(seed, 'faults'),
      network: this.#network,
      hosts: someone,
      mix,
    });
    this.#people.begin(someone);
  }

  outcome(): Outcome {
    const scheduler = this.#scheduler;
    for (const host of this.#hosts) host.start();
    this.#faults.begin();
    this.#watchBounds();
    scheduler.at(FAULTS_END_MS, () => this.#endFaults());
    scheduler.runUntil(RUN_MS, () => this.#checkers.violations.length > 0);
    if (this.#checkers.violations.length === 0) this.#finish();
    return {
      seed: this.#seed,
      violations: this.#checkers.violations,
      hash: this.#log.digest(),
      entries: this.#log.entries,
      hosts: this.#hosts.length - ROUTERS,
      accepted: this.#checkers.accepted,
      faults: this.#faults.applied,
      settledMs: this.#settledMs,
    };
  }

  /** @param serve are they relays for those whom they know? */
  #makeHosts(count: number, options: RunOptions, serve: Serving): void {
    const bootstrap: string[] = [];
    const makeNode = (options.makeNode ?? realNode)(bootstrap, serve);
    for (let number = 0; number < count; number++) {
      const host = new Host({
        number,
        seed: (purpose) => seedFor(this.#seed, purpose),
        scheduler: this.#scheduler,
        network: this.#network,
        log: this.#log,
        witness: this.#checkers,
        makeNode,
        nextProcess: () => this.#processes++,
        flaws: options.flaws ?? {},
      });
      this.#hosts.push(host);
      if (number < ROUTERS) bootstrap.push(endpointKey(host.endpoint));
    }
  }

  #endFaults(): void {
    this.#log.add(this.#scheduler.nowMs, 'faults end');
    this.#people.end();
    this.#faults.end();
    this.#watchArrivals();
  }

  #watchArrivals(): void {
    const { nowMs } = this.#scheduler;
    const left = this.#checkers.undelivered();
    if (left.length === 0) {
      this.#settledMs = nowMs - FAULTS_END_MS;
      return;
    }
    if (nowMs - FAULTS_END_MS >= QUIET_MS) {
      for (const { from, to, text } of left) {
        const detail = `${from.name} to ${to.name}: "${text.slice(0, 30)}", ${left.length} in all`;
        this.#checkers.fail('all delivered in time', detail);
      }
      return;
    }
    this.#scheduler.after(500, () => this.#watchArrivals());
  }

  #watchBounds(): void {
    for (const host of this.#hosts) this.#report(host, checkBounds(host, 'busy'));
    this.#scheduler.after(BOUNDS_EVERY_MS, () => this.#watchBounds());
  }

  #finish(): void {
    this.#checkers.checkScreens(this.#hosts);
    for (const host of this.#hosts) {
      this.#report(host, checkBounds(host, 'quiet'));
      const missing = missingGauges(host.stats() ?? {});
      if (missing.length > 0) this.#checkers.fail('stats have names', missing.join(', '));
    }
    if (this.#checkers.accepted < ACCEPTED_MIN) {
      this.#checkers.fail('not vacuous', `${this.#checkers.accepted} messages accepted`);
    }
    if (this.#faults.total < FAULTS_MIN) {
      this.#checkers.fail('not vacuous', `${this.#faults.total} faults applied`);
    }
  }

  #report(host: Host, excess: Excess | undefined): void {
    if (!excess) return;
    const { count, key, most } = excess;
    this.#checkers.fail('stats stay bounded', `${host.name}: ${key} is ${count}, at most ${most}`);
  }
}

/** Enough messages for the run to mean something, whatever the number of people. */
function drawHabits(plan: Prng, size: number): Habits {
  const burstRate = plan.unit() * 0.5;
  const perWriting = 1 + burstRate * ((BURST.from + BURST.to) / 2 - 1);
  const writers = 2 * (size - 1);
  return {
    everyMs: (writers * perWriting * FAULTS_END_MS) / plan.int(MESSAGES.from, MESSAGES.to),
    burstRate,
    cancelRate: plan.chance(0.5) ? plan.unit() * 0.2 : 0,
    blockEveryMs: plan.chance(0.3) ? plan.int(60_000, 300_000) : undefined,
    hints: plan.chance(0.5),
    byIdRate: plan.chance(0.3) ? 0.5 : 0,
    routeEveryMs: plan.chance(0.4) ? plan.int(60_000, 400_000) : undefined,
  };
}
