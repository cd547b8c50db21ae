/**
 * D6: blocked and wrong. People who know each other find each other again where the DHT answers
 * nobody any more, by the addresses that they remember; and with a clock that says 1970 or 2106.
 *
 *   blocked   couples in pairs of networks that open a way, each linked there once; then every
 *             packet to and from DHT nodes is dropped, and one or both restart, again and again
 *   clock     one restarts with a wrong clock, writes, and restarts with the right one
 * @module
 */
import { existsSync } from 'node:fs';
import { Couple, type Side } from '../nets/couple.ts';
import { type HomeKind, KINDS } from '../nets/kinds.ts';
import type { RoomDaemon } from '../rooms/room-daemon.ts';
import { DHT_NETS, Town } from '../rooms/town.ts';
import { ahead } from './ahead.ts';
import type { Bar, BarOptions, Report } from './bar.ts';

const NODES = 30;
const DELAY_MS = 25;
const FIRST_LINK_MS = 4 * 60_000;
const AGAIN_MS_MAX = 60_000;
const AGAIN_SHARE_MIN = 0.99;
const ROUNDS = 13;
const ROUNDS_SHORT = 1;
const AT_ONCE = 2;
const CLOCKS = ['1970-01-01 12:00:00', '2106-02-07 06:00:00'] as const;
const YEAR_CHARACTERS = 4;
const CLOCK_ROUNDS = 5;
const MESSAGES = 20;
/** Who restarts, in turn. */
const WHO: readonly (readonly Side[])[] = [[0], [1], [0, 1]];
const FAKETIME = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1';

const PAIRS: readonly (readonly [HomeKind, HomeKind])[] = [
  ['open', 'port'],
  ['open', 'symmetric'],
  ['open', 'no-udp'],
  ['full', 'port'],
  ['port', 'port'],
  ['restricted', 'symmetric'],
  ['carrier', 'port'],
  ['six', 'dual'],
];
const PAIRS_SHORT = PAIRS.filter((_, i) => i === 0 || i === 4);

export const bar: Bar = {
  id: 'D6',
  title: 'the DHT blocked, or the clock in 1970 and 2106: contacts reconnect, nothing is lost',
  async run(report, options) {
    const { folder } = options;
    const town = await Town.build({
      nodes: NODES,
      delayMs: DELAY_MS,
      lossPercent: 0,
      folder,
      six: true,
    });
    try {
      await ahead(report, async () => {
        await wrongClocks(report, town, options);
        await blocked(report, town, options);
      });
    } finally {
      await town.close();
    }
  },
};

async function blocked(report: Report, town: Town, { folder, short }: BarOptions): Promise<void> {
  const couples = await settle(report, town, folder, short ? PAIRS_SHORT : PAIRS);
  town.internet.block(DHT_NETS);
  const waiting = [...couples];
  const tookMs: (number | undefined)[] = [];
  const workers = Array.from({ length: AT_ONCE }, async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const times = await again(next.couple, short ? ROUNDS_SHORT : ROUNDS);
      const late = times.filter((ms) => ms === undefined).length;
      report.say(`${next.pair.join(' × ')}: ${times.length - late} of ${times.length} again`);
      tookMs.push(...times);
    }
  });
  await Promise.all(workers);
  const got = tookMs.filter((ms) => ms !== undefined);
  report.figures('reconnected with the DHT blocked', got.map(inSeconds), 's');
  const share = got.length / tookMs.length;
  const what = `${got.length} of ${tookMs.length} reconnects ≤ 60 s`;
  report.require(share >= AGAIN_SHARE_MIN, `the DHT blocked: ${what}, ≥ 99 % wanted`);
  if (!short) report.require(tookMs.length >= 100, 'n ≥ 100');
  await control(report, couples[0]!.couple);
}

interface Settled {
  readonly pair: readonly [HomeKind, HomeKind];
  readonly couple: Couple;
}

/**
 * Each pair in its homes, linked there once, and stopped. Where no UDP leaves, no DHT can be
 * asked either: the second of such a pair comes home from the open, with the other's address.
 */
async function settle(
  report: Report,
  town: Town,
  folder: string,
  pairs: readonly (readonly [HomeKind, HomeKind])[],
): Promise<Settled[]> {
  const couples: Settled[] = [];
  for (const [i, pair] of pairs.entries()) {
    const couple = await Couple.meet(town, folder, i);
    const homes = [await town.homes.add(pair[0]), await town.homes.add(pair[1])] as const;
    const isMute = KINDS[pair[1]].four?.out === 'tcp';
    couple.moveTo(isMute ? [homes[0], await town.homes.add('open')] : homes);
    await couple.start();
    const ms = await couple.linked(FIRST_LINK_MS);
    await couple.stop();
    couple.moveTo(homes);
    if (ms === undefined) report.require(false, `${pair.join(' × ')} are linked with the DHT`);
    else couples.push({ pair, couple });
  }
  return couples;
}

/** One restarts, then the other, then both; and so on. */
async function again(couple: Couple, rounds: number): Promise<(number | undefined)[]> {
  const times: (number | undefined)[] = [];
  await couple.startAgain();
  times.push(await couple.linked(AGAIN_MS_MAX));
  for (let round = 1; round < rounds; round++) {
    const who = WHO[round % WHO.length]!;
    await couple.stop(who);
    await couple.startAgain(who);
    times.push(await couple.linked(AGAIN_MS_MAX));
  }
  await couple.stop();
  return times;
}

/** Where also the address is new, nothing is left to find anybody by. */
async function control(report: Report, couple: Couple): Promise<void> {
  await couple.start();
  const ms = await couple.linked(AGAIN_MS_MAX / 4);
  report.control(ms === undefined, 'both on other ports and the DHT blocked: not linked');
  await couple.stop();
}

async function wrongClocks(
  report: Report,
  town: Town,
  { folder, short }: BarOptions,
): Promise<void> {
  if (!existsSync(FAKETIME)) throw new Error('libfaketime is not installed');
  const couple = await Couple.meet(town, folder, 2 * PAIRS.length);
  couple.moveTo([await town.homes.add('open'), await town.homes.add('port')]);
  await couple.start();
  if ((await couple.linked(FIRST_LINK_MS)) === undefined) throw new Error('no link to begin with');
  let [looks, linked] = [0, 0];
  const years: string[] = [];
  const look = async (): Promise<void> => {
    looks++;
    if ((await couple.linked(AGAIN_MS_MAX)) !== undefined) linked++;
    for (const side of [0, 1] as const) await couple.write(side, MESSAGES);
  };
  for (let round = 0; round < (short ? 1 : CLOCK_ROUNDS); round++) {
    for (const clock of CLOCKS) {
      const who: readonly Side[] = round % 2 === 0 ? [0] : [1];
      await couple.stop(who);
      await couple.startAgain(who, fakeClock(clock));
      years.push(await startYear(couple.people[who[0]!]));
      await look();
      await couple.stop(who);
      await couple.startAgain(who);
      await look();
    }
  }
  report.require(
    linked === looks,
    `clocks of 1970 and 2106: ${linked} of ${looks} reconnects ≤ 60 s`,
  );
  const wrong = CLOCKS.map((clock) => clock.slice(0, YEAR_CHARACTERS));
  const isWrong = years.length > 0 && years.every((year, i) => year === wrong[i % wrong.length]);
  const seen = [...new Set(years)].join(' and ');
  report.control(isWrong, `who restarts with a wrong clock believes that it is ${seen}`);
  const wanted = Array.from({ length: looks * MESSAGES }, (_, i) => `number ${i % MESSAGES}`);
  for (const side of [0, 1] as const) {
    const got = await couple.received(side);
    const isSame = got.length === wanted.length && got.every((text, i) => text === wanted[i]);
    const { name } = couple.people[side];
    report.require(isSame, `${name} has ${got.length} of ${wanted.length}, all once, in order`);
  }
  await couple.stop();
}

/** The year in which this one says that it started. */
async function startYear(person: RoomDaemon): Promise<string> {
  return (await person.call('status.get', {})).startedAt.slice(0, YEAR_CHARACTERS);
}

function fakeClock(start: string): NodeJS.ProcessEnv {
  return {
    LD_PRELOAD: FAKETIME,
    FAKETIME: `@${start}`,
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
    TZ: 'UTC',
  };
}

function inSeconds(ms: number): number {
  return ms / 1000;
}
