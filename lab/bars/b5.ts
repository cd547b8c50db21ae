/**
 * B5: a flood. One daemon on one processor, in a room of the small internet, gets junk and
 * well-formed handshakes of strangers from addresses that are forged, while an honest contact
 * writes to it through the same port.
 * @module
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Prng } from '@sotto/core/base/prng.ts';
import { buildTool, Internet, type Room } from '../rooms/internet.ts';
import { meet, RoomDaemon } from '../rooms/room-daemon.ts';
import { flightOf, payloadFile } from '../rooms/strangers.ts';
import { ahead } from './ahead.ts';
import { quantile, type Bar, type Report } from './bar.ts';

const JUNK_PER_S = 50_000;
const HANDSHAKES_PER_S = 2_000;
const SECONDS = 600;
const SECONDS_SHORT = 20;
const RSS_MORE_BYTES = 64 * 1024 * 1024;
const HONEST_MS = 2_000;
const SAY_EVERY_MS = 250;
const LOOK_EVERY_MS = 2_000;
const FLIGHTS = 4_000;
const FORGED = '198.18.0.0/15';
/** DHT replies, and the burst after silence (docs/spec/dht.md). */
const REPLY_BYTES_PER_S = 8_000;
const REPLY_BURST_BYTES = 40_000;
const QUERY_BYTES_MAX = 150;
const HEADERS_BYTES = 28;
const PORT = 30_001;
/** The flooder has this share of its rate at least, or nothing was shown. */
const FLOODED = 0.9;

/** What may not change: everything that a stranger's packet could make us keep. */
const KEPT = [
  'contacts',
  'invites',
  'sessions',
  'dht.nodes',
  'dht.items',
  'link.links',
  'link.storing',
  'link.dialers',
  'mail.outboxes',
  'mail.lines',
  'tcpListeners',
  'udpSockets',
] as const;
/** What the honest contact adds where his packets are lost, path by path: a few, no more. */
const OWN = [
  'link.streams',
  'link.attempts',
  'link.unproven',
  'link.accepted',
  'link.replaySets',
  'link.replayEntries',
  'link.addresses',
  'streams',
  'streamsAccepted',
  'udxStreams',
] as const;
const OWN_MORE = 12;
const STRANGERS = 40;
/** Memories of addresses, each with a limit of its own. */
const BOUNDED = { 'dht.replyAddresses': 1024, 'dht.destinations': 500 } as const;

export const bar: Bar = {
  id: 'B5',
  title: 'a flood of 50,000 junk packets and 2,000 handshakes of strangers a second',
  async run(report, { folder, short }) {
    const seconds = short ? SECONDS_SHORT : SECONDS;
    const internet = new Internet();
    try {
      const street = await settle(internet, folder);
      await ahead(report, () => measure(report, street, seconds));
      await controls(report, street);
    } finally {
      await internet.close();
    }
  },
};

interface Street {
  readonly ana: RoomDaemon;
  readonly bo: RoomDaemon;
  readonly eve: Room;
  readonly flights: string;
  readonly answered: () => { packets: number; bytes: number };
}

async function settle(internet: Internet, folder: string): Promise<Street> {
  const rooms = ['ana', 'bo', 'eve'].map((name, i) =>
    internet.room(name, [`198.51.100.${101 + i}`]),
  ) as [Room, Room, Room];
  const helper = (i: number): string[] => [`dht.bootstrap=198.51.100.${101 + i}:${PORT + i}`];
  const ana = new RoomDaemon('Ana', rooms[0], folder, PORT, helper(1));
  const bo = new RoomDaemon('Bo', rooms[1], folder, PORT + 1, helper(0));
  await Promise.all([ana.start(0), bo.start(1)]);
  await meet(ana, bo);
  const prng = new Prng(5);
  const door = { identity: prng.bytes(32), device: prng.bytes(32), noise: prng.bytes(32) };
  const flights = join(folder, 'flights');
  const made = Array.from({ length: FLIGHTS }, () => flightOf(prng, door, true));
  writeFileSync(flights, payloadFile(made));
  const answered = internet.tally('198.51.100.101', FORGED);
  return { ana, bo, eve: rooms[2], flights, answered };
}

/** Floods for so long; resolves with how many packets left. */
function flood({ ana, eve }: Street, perSecond: number, seconds: number, file?: string) {
  const to = [ana.room.address, String(PORT), String(perSecond), String(seconds)];
  const args = ['-c', '1', buildTool('flood'), ...to, ...(file === undefined ? [] : [file])];
  const child = eve.spawn('taskset', args);
  let said = '';
  child.stdout.on('data', (text: Buffer) => (said += text.toString()));
  return new Promise<number>((resolve) => child.once('close', () => resolve(Number(said))));
}

async function measure(report: Report, street: Street, seconds: number): Promise<void> {
  const { ana, answered, bo, flights } = street;
  const calm = await bo.talk('Ana', 20, SAY_EVERY_MS);
  report.figures('honest message, calm', calm.ms, 'ms');
  const before = await ana.stats();
  const rssBefore = ana.rssBytes;
  const cpuBefore = ana.cpuS;
  const answeredBefore = answered();
  const startedMs = performance.now();
  const floods = [flood(street, JUNK_PER_S, seconds)];
  floods.push(flood(street, HANDSHAKES_PER_S, seconds, flights));
  const talking = bo.talk('Ana', Math.floor((seconds * 1000) / SAY_EVERY_MS), SAY_EVERY_MS);
  const looks: Look[] = [];
  while (performance.now() - startedMs < seconds * 1000) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    looks.push({ stats: await ana.stats(), rss: ana.rssBytes });
  }
  const [junk, handshakes] = (await Promise.all(floods)) as [number, number];
  const cpu = (ana.cpuS - cpuBefore) / seconds;
  const replies = answered();
  const during = await talking;
  looks.push({ stats: await ana.stats(), rss: ana.rssBytes });
  const after = looks.at(-1)!.stats;
  const came = after['datagramsReceived']! - before['datagramsReceived']!;
  const rate = (count: number): string => (count / seconds).toFixed(0);
  report.say(`flood: ${rate(junk)} junk packets/s and ${rate(handshakes)} handshakes/s sent,`);
  report.say(`  ${rate(came)}/s reached the daemon, which used ${cpu.toFixed(2)} of a processor`);
  report.require(
    junk >= FLOODED * JUNK_PER_S * seconds && handshakes >= FLOODED * HANDSHAKES_PER_S * seconds,
    `the flood was what it says, within ${((1 - FLOODED) * 100).toFixed(0)} %`,
  );
  report.figures('honest message, flooded', during.ms, 'ms');
  const p99 = quantile(during.ms, 0.99);
  report.require(p99 <= HONEST_MS, `honest p99 ≤ ${HONEST_MS} ms: ${p99.toFixed(0)} ms`);
  report.require(during.lost === 0, `honest messages lost: ${during.lost}`);
  const more = Math.max(...looks.map(({ rss }) => rss)) - rssBefore;
  const mib = (more / 2 ** 20).toFixed(1);
  report.require(more <= RSS_MORE_BYTES, `RSS + ≤ 64 MiB: + ${mib} MiB`);
  const changed = looks.flatMap(({ stats }) => changes(before, stats));
  for (const change of new Set(changed)) report.say(`  changed: ${change}`);
  report.require(changed.length === 0, `${looks.length} looks: nothing kept of any stranger`);
  const bytes = replies.bytes - answeredBefore.bytes;
  const packets = replies.packets - answeredBefore.packets;
  const payload = bytes - HEADERS_BYTES * packets;
  // Our node asks a few of those who asked it whether they are there: queries, and budgeted.
  const asked = after['dht.sentQueries']! - before['dht.sentQueries']!;
  report.say(`to forged addresses: ${packets} packets, ${payload} bytes, ${asked} of them queries`);
  const allowed = REPLY_BYTES_PER_S * (seconds + 1) + REPLY_BURST_BYTES + asked * QUERY_BYTES_MAX;
  report.require(payload <= allowed, 'DHT replies to all within 8 kB/s and their burst');
}

interface Look {
  readonly stats: Record<string, number>;
  readonly rss: number;
}

/** Counts that are not what they were. */
function changes(before: Record<string, number>, now: Record<string, number>): string[] {
  const kept = KEPT.filter((name) => now[name] !== before[name]);
  const own = OWN.filter((name) => now[name]! > before[name]! + OWN_MORE);
  const over = Object.entries(BOUNDED).filter(([name, limit]) => now[name]! > limit);
  return [
    ...[...kept, ...own].map((name) => `${name} ${before[name]} -> ${now[name]}`),
    ...over.map(([name]) => `${name} ${now[name]}, over its limit`),
  ];
}

async function controls(report: Report, { ana, bo, eve }: Street): Promise<void> {
  const before = await ana.stats();
  const address = ana.room.address;
  const one = `require('net').connect(${PORT}, '${address}')`;
  const dial = `for (let i = 0; i < ${STRANGERS}; i++) ${one}`;
  const script = `${dial}; setTimeout(() => {}, 15000)`;
  eve.spawn(process.execPath, ['-e', script]);
  let seen: string[] = [];
  for (let looks = 0; looks < 40 && seen.length === 0; looks++) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    seen = changes(before, await ana.stats());
  }
  report.control(seen.length > 0, `${STRANGERS} connections of strangers (${seen.join(', ')})`);
  setTimeout(() => process.kill(ana.pid, 'SIGSTOP'), 500);
  setTimeout(() => process.kill(ana.pid, 'SIGCONT'), 500 + 2 * HONEST_MS);
  const stopped = await bo.talk('Ana', 20, SAY_EVERY_MS);
  const p99 = quantile(stopped.ms, 0.99);
  report.control(p99 > HONEST_MS, `a daemon that stands still for 4 s: p99 ${p99.toFixed(0)} ms`);
}
