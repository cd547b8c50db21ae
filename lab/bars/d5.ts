/**
 * D5: a relay under a flood. A real relay on one processor carries 200 circuits of people, each
 * with a link of their own, while junk comes by UDP and TCP and a mob of clients breaks every limit
 * that there is: more questions than are answered, more data than the window, ends that read
 * nothing. Then relays are killed under two people who talk.
 *
 *   honest    a word of 200 bytes there and back each second, on 180 circuits
 *   greedy    as much as goes, on 20 circuits: each slot has 1 Mbit/s, two circuits of one together
 * @module
 */
import { hex } from '@sotto/core/base/bytes.ts';
import { parseRelay } from '@sotto/core/relay/relay-text.ts';
import { SLOT_BYTES_PER_S } from '@sotto/core/relay/limits.ts';
import { LineProcess } from '../dht/line-process.ts';
import { bundled } from '../rooms/bundled.ts';
import { buildTool, Internet, type Room } from '../rooms/internet.ts';
import type { Mischief, Talked, Traffic } from '../rooms/relay-traffic.ts';
import { RoomDaemon } from '../rooms/room-daemon.ts';
import { ahead } from './ahead.ts';
import { quantile, type Bar, type Report } from './bar.ts';
import { failOver } from './d5-fail-over.ts';

const SECONDS = 300;
const SECONDS_SHORT = 20;
const CALM_SECONDS = 8;
const CIRCUITS = 200;
const GREEDY = 20;
const JUNK_PER_S = 20_000;
const RSS_MORE_BYTES = 128 * 1024 * 1024;
const OFF_MAX = 0.05;
const HONEST_MS = 2_000;
const LOOK_EVERY_MS = 1_000;
/** Circuits of those who are gone end by then (RLY-15): 5 s without a path, 5 s for the rest. */
const MOB_GONE_MS = 10_000;
const RELAY = '198.51.100.90';
const PORT = 443;

export const bar: Bar = {
  id: 'D5',
  title: 'a relay with 200 circuits under flood; relays killed under those who talk',
  async run(report, { folder, short }) {
    const internet = new Internet();
    try {
      const scene = await settle(internet, folder);
      await ahead(report, () => measure(report, scene, short ? SECONDS_SHORT : SECONDS));
    } finally {
      await internet.close();
    }
    await failOver(report, folder, short);
  },
};

interface Scene {
  readonly relay: RoomDaemon;
  readonly people: LineProcess;
  readonly mob: LineProcess;
  readonly eve: Room;
}

async function settle(internet: Internet, folder: string): Promise<Scene> {
  const settings = ['relay.serve=public', 'dht.enabled=false', 'net.portMapping=false'];
  const relay = new RoomDaemon('Relay', internet.room('relay', [RELAY]), folder, PORT, settings);
  await relay.start(0);
  const { text } = await relay.call('relay.show', {});
  const read = parseRelay(text ?? '');
  if (!read) throw new Error('the relay does not say where it is');
  const { endpoint, key } = read;
  const program = bundled(new URL('../rooms/relay-traffic.ts', import.meta.url));
  const start = async (name: string, net: string): Promise<LineProcess> => {
    const from = Array.from({ length: 100 }, (_, i) => `${net}.${i + 1}`);
    const order: Traffic = { relay: { endpoint, key: hex(key) }, from };
    const room = internet.room(name, from);
    const one = new LineProcess(room.spawn(process.execPath, [program, JSON.stringify(order)]));
    await one.ready;
    return one;
  };
  const [people, mob] = [await start('people', '203.0.113'), await start('mob', '192.0.2')];
  return { relay, people, mob, eve: internet.room('eve', ['198.51.100.91']) };
}

async function asked<Answer>(who: LineProcess, order: object): Promise<Answer> {
  const answer = await who.ask({ ...order });
  if (answer['error'] !== undefined) throw new Error(JSON.stringify(answer['error']));
  return answer as Answer;
}

function flood({ eve }: Scene, seconds: number): Promise<number> {
  const to = [RELAY, String(PORT), String(JUNK_PER_S), String(seconds)];
  const child = eve.spawn('taskset', ['-c', '1', buildTool('flood'), ...to]);
  let said = '';
  child.stdout.on('data', (text: Buffer) => (said += text.toString()));
  return new Promise((resolve) => child.once('close', () => resolve(Number(said))));
}

async function measure(report: Report, scene: Scene, seconds: number): Promise<void> {
  const { mob, people, relay } = scene;
  const { circuits } = await asked<{ circuits: number }>(people, {
    do: 'meet',
    circuits: CIRCUITS,
    greedy: GREEDY,
  });
  const standing = (await relay.stats())['relay.circuits'];
  report.require(standing === CIRCUITS && circuits === CIRCUITS, `${standing} circuits stand`);
  const calm = await asked<Talked>(people, { do: 'talk', seconds: CALM_SECONDS });
  report.figures('there and back, calm', calm.ms, 'ms');
  report.figures('greedy circuits, calm', calm.rates.map(inMbit), 'Mbit/s');
  const [rssBefore, cpuBefore] = [relay.rssBytes, relay.cpuS];
  const talking = asked<Talked>(people, { do: 'talk', seconds });
  const doing = asked<Mischief>(mob, { do: 'mischief', seconds });
  const flooding = flood(scene, seconds);
  const endMs = performance.now() + seconds * 1000;
  const rss: number[] = [];
  while (performance.now() < endMs) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    rss.push(relay.rssBytes);
  }
  const cpu = (relay.cpuS - cpuBefore) / seconds;
  const [junk, did, talked] = await Promise.all([flooding, doing, talking]);
  report.say(
    `flood: ${(junk / seconds).toFixed(0)} datagrams/s, ${did.junk} junk connections, ` +
      `${did.sentAway} clients sent away, ${did.stalled} circuits that nobody reads`,
  );
  report.say(`  the relay used ${cpu.toFixed(2)} of a processor`);
  report.require(did.sentAway > 0 && did.stalled > 0 && did.junk > 0, 'the mob did what it could');
  report.require(junk >= 0.9 * JUNK_PER_S * seconds, `the flood was what it says, within 10 %`);
  judge(report, talked);
  const more = (Math.max(...rss) - rssBefore) / 2 ** 20;
  report.require(more * 2 ** 20 <= RSS_MORE_BYTES, `RSS + ≤ 128 MiB: + ${more.toFixed(1)} MiB`);
  await new Promise((resolve) => setTimeout(resolve, MOB_GONE_MS));
  const left = (await relay.stats())['relay.circuits'];
  report.require(left === CIRCUITS, `${left} circuits stand when it is over`);
}

function judge(report: Report, { both, lost, ms, rates, shared }: Talked): void {
  report.figures('there and back, flooded', ms, 'ms');
  const p99 = quantile(ms, 0.99);
  report.require(p99 <= HONEST_MS, `honest p99 ≤ ${HONEST_MS} ms: ${p99.toFixed(0)} ms`);
  report.require(lost === 0, `words lost, or later than 10 s: ${lost}`);
  report.figures('greedy circuits', rates.map(inMbit), 'Mbit/s');
  const off = Math.max(...[...rates, shared].map(offBy));
  const percent = (off * 100).toFixed(2);
  report.require(off <= OFF_MAX, `1 Mbit/s of each slot holds within 5 %: ${percent} % at most`);
  report.say(`  two circuits of one slot: ${inMbit(shared).toFixed(3)} Mbit/s together`);
  report.control(offBy(both) > OFF_MAX, `two slots: ${inMbit(both).toFixed(3)} Mbit/s`);
}

function inMbit(bytesPerS: number): number {
  return (8 * bytesPerS) / 1e6;
}

function offBy(bytesPerS: number): number {
  return Math.abs(bytesPerS / SLOT_BYTES_PER_S - 1);
}
