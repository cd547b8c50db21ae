/**
 * Faults: what goes wrong in a run, and how often, drawn from its seed. Each run has its own mix
 * of kinds, so that some runs are harsh in one way and gentle in all others (swarm testing).
 * @module
 */
import type { Prng } from '@sotto/core/base/prng.ts';
import { HEALTHY_DISK } from './disk.ts';
import type { Host } from './host.ts';
import type { Departure, Network } from './network.ts';
import type { Scheduler } from './scheduler.ts';
import { CALM } from './weather.ts';

export const FAULT_KINDS = [
  'loss',
  'duplicate',
  'reorder',
  'clog',
  'partition',
  'reset',
  'crash',
  'power cut',
  'restart',
  'move',
  'clock step',
  'clock drift',
  'clock era',
  'disk full',
  'disk slow',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** Rates of loss, duplication and reordering of datagrams go up to these. */
const LOSS_MAX = 0.4;
const DUPLICATE_MAX = 0.5;
const REORDER_MAX = 0.5;
const CLOG_MS_MAX = 10_000;
const DAY_MS = 24 * 60 * 60 * 1000;
/** Mean time between two faults of one kind. */
const EVERY_MS = { from: 20_000, to: 240_000 };
/** A process with a lit fuse dies in the end even where nothing happens in it. */
const FUSE_MS_MAX = 5_000;
const YEAR_1970_MS = 60_000;
const YEAR_2106_MS = 2 ** 32 * 1000;

/** Kinds of a run and how often each comes; rates of the ambient ones. */
export interface FaultMix {
  readonly kinds: readonly FaultKind[];
  readonly everyMs: Readonly<Partial<Record<FaultKind, number>>>;
}

/** Between four kinds and all of them. */
export function drawMix(prng: Prng): FaultMix {
  const wanted = prng.int(4, FAULT_KINDS.length);
  const left: FaultKind[] = [...FAULT_KINDS];
  const kinds: FaultKind[] = [];
  while (kinds.length < wanted) kinds.push(...left.splice(prng.int(0, left.length - 1), 1));
  const everyMs: Partial<Record<FaultKind, number>> = {};
  for (const kind of kinds) everyMs[kind] = prng.int(EVERY_MS.from, EVERY_MS.to);
  return { kinds, everyMs };
}

export interface FaultsDeps {
  readonly scheduler: Scheduler;
  readonly prng: Prng;
  readonly network: Network;
  readonly hosts: readonly Host[];
  readonly mix: FaultMix;
}

export class Faults {
  /** How often each kind was really applied. */
  readonly applied = new Map<FaultKind, number>();
  readonly #deps: FaultsDeps;
  /** What to undo at the end, in order. */
  readonly #heal = new Set<() => void>();
  #ended = false;

  constructor(deps: FaultsDeps) {
    this.#deps = deps;
  }

  begin(): void {
    const { mix, network, prng } = this.#deps;
    const ambient = (kind: FaultKind, max: number): number =>
      mix.kinds.includes(kind) ? prng.unit() * max : 0;
    network.weather.rates = {
      loss: ambient('loss', LOSS_MAX),
      duplicate: ambient('duplicate', DUPLICATE_MAX),
      reorder: ambient('reorder', REORDER_MAX),
    };
    for (const kind of mix.kinds) this.#repeat(kind, mix.everyMs[kind]!);
  }

  /** Everything is well again, and everybody is up. */
  end(): void {
    const { hosts, network, scheduler } = this.#deps;
    this.#ended = true;
    this.#countAmbient();
    network.weather.clear();
    for (const heal of [...this.#heal]) heal();
    for (const host of hosts) {
      host.disk.health.full = false;
      host.disk.health.slowMs = HEALTHY_DISK.slowMs;
      host.clock.correct(scheduler.nowMs);
      host.snuffFuse();
      host.start();
    }
  }

  get total(): number {
    return [...this.applied.values()].reduce((sum, count) => sum + count, 0);
  }

  #repeat(kind: FaultKind, everyMs: number): void {
    const { prng, scheduler } = this.#deps;
    scheduler.after(prng.int(everyMs / 4, (7 * everyMs) / 4), () => {
      if (this.#ended) return;
      if (this.#apply(kind)) this.#count(kind);
      this.#repeat(kind, everyMs);
    });
  }

  #count(kind: FaultKind, times = 1): void {
    if (times > 0) this.applied.set(kind, (this.applied.get(kind) ?? 0) + times);
  }

  /** Ambient faults count once each, where they struck at all. */
  #countAmbient(): void {
    const { damage, rates } = this.#deps.network.weather;
    if (rates !== CALM) {
      this.#count('loss', Math.min(damage.lost, 1));
      this.#count('duplicate', Math.min(damage.duplicated, 1));
      this.#count('reorder', Math.min(damage.reordered, 1));
    }
  }

  /** True where it could be applied. */
  #apply(kind: FaultKind): boolean {
    const { hosts, network, prng } = this.#deps;
    const host = prng.pick(hosts);
    switch (kind) {
      case 'loss':
      case 'duplicate':
      case 'reorder':
        return false;
      case 'clog':
        return this.#clog(host, prng.pick(hosts));
      case 'partition':
        return this.#partition();
      case 'reset':
        return network.streams.resetOne(prng);
      case 'crash':
        return this.#crash(host, 'killed', false);
      case 'power cut':
        return this.#crash(host, 'unplugged', false);
      case 'move':
        return this.#crash(host, prng.chance(0.5) ? 'killed' : 'unplugged', true);
      case 'restart':
        return this.#restart(host);
      case 'clock step':
      case 'clock drift':
      case 'clock era':
        return this.#clock(kind, host);
      case 'disk full':
      case 'disk slow':
        return this.#disk(kind, host);
    }
  }

  #clog(from: Host, to: Host): boolean {
    if (from === to) return false;
    const { network, prng, scheduler } = this.#deps;
    network.weather.clog(from.number, to.number, scheduler.nowMs + prng.int(500, CLOG_MS_MAX));
    return true;
  }

  /** Some hosts cannot reach the others, in one direction or in both. */
  #partition(): boolean {
    const { hosts, network, prng } = this.#deps;
    const inside = hosts.filter(() => prng.chance(0.4));
    const outside = hosts.filter((host) => !inside.includes(host));
    if (inside.length === 0 || outside.length === 0) return false;
    const both = prng.chance(0.6);
    const pairs = inside.flatMap((a) => outside.map((b) => [a.number, b.number] as const));
    for (const [a, b] of pairs) {
      network.weather.block(a, b);
      if (both) network.weather.block(b, a);
    }
    this.#during(prng.int(2_000, 120_000), () => {
      for (const [a, b] of pairs) {
        network.weather.unblock(a, b);
        if (both) network.weather.unblock(b, a);
      }
    });
    return true;
  }

  /** Dies at some step of what it does next, and comes back after a while. */
  #crash(host: Host, how: Departure, moves: boolean): boolean {
    const { prng, scheduler } = this.#deps;
    if (!host.up) return false;
    host.lightFuse(prng.int(0, 40), how);
    scheduler.after(FUSE_MS_MAX, () => {
      if (this.#ended) return;
      host.crash(how);
      if (moves) host.move();
      this.#during(prng.int(100, 45_000), () => host.start());
    });
    return true;
  }

  #restart(host: Host): boolean {
    if (!host.up) return false;
    host.stop(() => this.#during(this.#deps.prng.int(100, 20_000), () => host.start()));
    return true;
  }

  #clock(kind: 'clock step' | 'clock drift' | 'clock era', host: Host): boolean {
    const { prng, scheduler } = this.#deps;
    const { nowMs } = scheduler;
    if (kind === 'clock step') {
      host.clock.step(prng.int(-DAY_MS, DAY_MS));
    } else if (kind === 'clock drift') {
      host.clock.drift(nowMs, 1 + (prng.unit() - 0.5) / 50);
    } else {
      host.clock.set(nowMs, prng.chance(0.5) ? YEAR_1970_MS : YEAR_2106_MS);
    }
    this.#during(prng.int(5_000, 180_000), () => host.clock.correct(scheduler.nowMs));
    return true;
  }

  #disk(kind: 'disk full' | 'disk slow', host: Host): boolean {
    const { prng } = this.#deps;
    const { health } = host.disk;
    if (kind === 'disk full') health.full = true;
    else health.slowMs = prng.int(20, 600);
    this.#during(prng.int(1_000, 60_000), () => {
      if (kind === 'disk full') health.full = false;
      else health.slowMs = HEALTHY_DISK.slowMs;
    });
    return true;
  }

  /** Heals after a while, or at the end, whichever is sooner. */
  #during(ms: number, heal: () => void): void {
    const once = (): void => {
      if (this.#heal.delete(once)) heal();
    };
    this.#heal.add(once);
    this.#deps.scheduler.after(ms, once);
  }
}
