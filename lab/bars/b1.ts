/**
 * B1: reach me by my ID alone. 30 libtorrent nodes, nothing of ours but the two who meet.
 *
 *   by hand       real daemons and commands: ID, knock, requests list, accept, messages both ways
 *   by polling    the real node in virtual time: from the request to the moment its owner sees it,
 *                 with nobody looking, by the rule of 15 ± 5 minutes
 *   attacks       see b1-attack.ts
 * @module
 */
import { Town, until } from '../rooms/town.ts';
import type { Player } from '../rooms/player.ts';
import { data } from '@sotto/core/compose/testing/world.ts';
import type { Bar, BarOptions, Report } from './bar.ts';
import { quantile } from './bar.ts';
import { attacks, town } from './b1-attack.ts';

const NODES = 30;
const BY_HAND_MS_MAX = 60_000;
const BY_POLLING_MS_MAX = 20 * 60_000;
const GIVE_UP_MS = 120_000;
const MINUTE_MS = 60_000;

export const bar: Bar = {
  id: 'B1',
  title: 'the ID alone: knock, accept, messages both ways; who knocks stays secret',
  async run(report, options) {
    attacks(report, options.short ? 2 : 7);
    byPolling(report, options.short ? 3 : 20);
    await byHand(report, options, options.short ? 1 : 20);
  },
};

function byPolling(report: Report, samples: number): void {
  const tookMs: number[] = [];
  for (let i = 0; i < samples; i++) {
    const { owner, world } = town(100 + i, 1);
    const asker = world.people.at(-1)!;
    world.run((1 + ((i * 7) % 19)) * MINUTE_MS); // anywhere between two looks
    const { id } = data(owner.ask({ type: 'status' }), 'status').status;
    data(asker.ask({ type: 'contact-add', text: id, anyway: true }), 'contact');
    const fromMs = world.nowMs;
    const seen = (): boolean =>
      data(owner.ask({ type: 'request-list', look: false }), 'requests').requests.length > 0;
    while (!seen() && world.nowMs - fromMs < 2 * BY_POLLING_MS_MAX) world.run(5_000);
    tookMs.push(world.nowMs - fromMs);
  }
  report.figures('request to seen by its owner, virtual time', minutes(tookMs), 'min');
  const p95 = quantile(tookMs, 0.95);
  report.require(p95 <= BY_POLLING_MS_MAX, 'with nobody looking, p95 ≤ 20 minutes');
}

function minutes(values: readonly number[]): number[] {
  return values.map((ms) => ms / MINUTE_MS);
}

async function byHand(report: Report, options: BarOptions, pairs: number): Promise<void> {
  const { folder } = options;
  const place = await Town.build({ nodes: NODES, delayMs: 25, lossPercent: 0, folder });
  const tookMs: number[] = [];
  try {
    refusesWithoutAgreement(report, place);
    for (let i = 0; i < pairs; i++) {
      const [owner, asker] = [place.move(`Owner${i}`), place.move(`Asker${i}`)];
      tookMs.push(await meet(owner, asker));
      owner.stop();
      asker.stop();
    }
  } finally {
    await place.close();
  }
  report.figures('request to messages both ways, owner looking', minutes(tookMs), 'min');
  report.require(tookMs.length === pairs, `${pairs} of ${pairs} meet and write both ways`);
  const p95 = quantile(tookMs, 0.95);
  report.require(p95 <= BY_HAND_MS_MAX, 'with the owner looking by hand, p95 ≤ 60 s');
}

/** Nothing opens and nothing is sent without a yes. */
function refusesWithoutAgreement(report: Report, place: Town): void {
  const shy = place.move('Shy');
  shy.start();
  const opened = shy.attempt('door', 'open');
  const { id } = shy.json<{ id: string }>('id');
  const other = place.move('Other');
  other.start();
  const added = other.attempt('add', id);
  report.control(opened.status === 7 && added.status === 7, 'opening and asking without a yes');
  shy.stop();
  other.stop();
}

/** @returns ms from the request to the second message, delivered. */
async function meet(owner: Player, asker: Player): Promise<number> {
  owner.start();
  asker.start();
  const { id } = owner.json<{ id: string }>('id');
  owner.sotto('door', 'open', '--anyway');
  await until('the door lies in the DHT', GIVE_UP_MS, () => {
    const { putAt } = owner.json<{ putAt?: string }>('door', 'status');
    return putAt !== undefined;
  });
  const fromMs = performance.now();
  asker.sotto('add', id, '--anyway', '--name', 'Owner', '--hello', 'We met at the fair');
  await until('the request is seen', GIVE_UP_MS, () => {
    const { requests } = owner.json<{ requests: unknown[] }>('requests', 'list');
    return requests.length > 0;
  });
  owner.sotto('requests', 'accept', asker.name);
  owner.sotto('send', asker.name, 'Welcome', '--wait', 'delivered', '--timeout', '60s');
  asker.sotto('send', 'Owner', 'Thank you', '--wait', 'delivered', '--timeout', '60s');
  const tookMs = performance.now() - fromMs;
  const { messages } = owner.json<{ messages: { text: string }[] }>('read', asker.name);
  const texts = messages.map(({ text }) => text);
  for (const text of ['We met at the fair', 'Welcome', 'Thank you']) {
    if (!texts.includes(text)) throw new Error(`missing: ${text}`);
  }
  return tookMs;
}
