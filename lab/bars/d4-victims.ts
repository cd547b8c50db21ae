/**
 * D4, victims of punching: somebody's contact says that she is at addresses which are not hers,
 * ever others, by hellos and records, while both try to get off the relay that carries them; then
 * she and the relays that her record names are gone, and a message waits for her. Every packet of
 * the one who tries to reach her is captured.
 *
 *   Eve (198.51.100.66)     has victims' addresses on her cable, to which nothing leads there
 *   Bo                      knows her; shut off from her own address
 *   two relays              of which Eve's record tells: one carries them, and Bo hears nothing of
 *                           the other, as if it were not one; both are killed in the end
 * @module
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeKrpc } from '@sotto/core/discovery/krpc.ts';
import { PROBE_WINDOW_MS, PROBES_MAX } from '@sotto/core/path/probes.ts';
import { nft } from '../nets/rules.ts';
import { Internet, ipLines, type Room } from '../rooms/internet.ts';
import { meet, RoomDaemon } from '../rooms/room-daemon.ts';
import { until } from '../rooms/town.ts';
import { capture, readCapture, type Packet } from './a3-capture.ts';
import type { BarOptions, Report } from './bar.ts';

const PORT = 30_000;
const EVE = '198.51.100.66';
const BO = '198.51.100.12';
const [CARRIER, SILENT] = ['192.0.2.13', '198.18.0.14'] as const;
const RELAYS = [CARRIER, SILENT];
const VICTIM_NET = '203.0.113.';
/** Never believed of a contact elsewhere. */
const PRIVATE = ['10.9.9.9', '192.168.9.9'] as const;
const PATIENCE_MS = 60_000;
const LIES_MS = 45_000;
const LIES_SHORT_MS = 15_000;
const LIE_EVERY_MS = 1_000;
const GONE_MS = 240_000;
const GONE_SHORT_MS = 30_000;
const UDX = [0xff, 0x01] as const;

export async function victims(report: Report, { folder, short }: BarOptions): Promise<void> {
  const internet = new Internet();
  try {
    const settings = [`dht.bootstrap=${EVE}:${PORT},${BO}:${PORT}`, 'net.portMapping=false'];
    const relays = RELAYS.map((host, i) => {
      const room = internet.room(`relay${i}`, [host]);
      return new RoomDaemon(`Relay${i}`, room, folder, PORT, [...settings, 'relay.serve=public']);
    });
    for (const relay of relays) await relay.start();
    const texts = await Promise.all(
      relays.map(async (one) => (await one.call('relay.show', {})).text!),
    );
    const listed = [...settings, 'relay.serve=off', `relays.list=${texts.join()}`];
    const eve = new RoomDaemon('Eve', internet.room('eve', [EVE]), folder, PORT, listed);
    const boRoom = internet.room('bo', [BO]);
    const bo = new RoomDaemon('Bo', boRoom, folder, PORT, [...settings, 'relay.serve=off']);
    await Promise.all([eve.start(), bo.start()]);
    await until('Eve has places at both relays', PATIENCE_MS, async () => {
      return (await eve.stats())['circuits.reserved'] === RELAYS.length;
    });
    await shutOff(boRoom, 'carrier', `ip saddr ${SILENT} drop`);
    await meet(bo, eve);
    const file = join(folder, 'victims.pcap');
    const tcpdump = capture(boRoom, file);
    await new Promise((done) => tcpdump.stderr.once('data', done));
    await shutOff(boRoom, 'direct', `ip saddr ${EVE} drop`, `ip daddr ${EVE} drop`);
    await until('a relay carries them', PATIENCE_MS, async () => {
      return (await bo.call('route.show', { to: 'Eve' })).route === 'relay';
    });
    const liesFromMs = Date.now();
    const named = await lie(eve.room, short ? LIES_SHORT_MS : LIES_MS);
    const goneFromMs = Date.now();
    for (const one of [eve, ...relays]) process.kill(one.pid, 'SIGKILL');
    await bo.call('messages.send', {
      to: 'Eve',
      text: 'are you there?',
      clientId: 'ab'.repeat(16),
    });
    await sleep(short ? GONE_SHORT_MS : GONE_MS);
    const packets = readCapture(file).filter(({ from }) => from === BO);
    judge(report, packets, named, [liesFromMs, goneFromMs]);
  } finally {
    await internet.close();
  }
}

/** What comes in to Bo, and what leaves, by these rules. */
async function shutOff(bo: Room, name: string, comes: string, leaves = ''): Promise<void> {
  nft(
    bo,
    `table ip ${name} {
    chain in { type filter hook input priority 0; ${comes}; }
    chain out { type filter hook output priority 0; ${leaves}; }
  }\n`,
  );
  await sleep(100);
}

/** Other addresses each second, before her own; @returns all that she had. */
async function lie(eve: Room, forMs: number): Promise<Set<string>> {
  const named = new Set<string>();
  const endMs = performance.now() + forMs;
  for (let i = 1; performance.now() < endMs; i++) {
    const lies = [`${VICTIM_NET}${(2 * i) % 250}`, `${VICTIM_NET}${(2 * i + 1) % 250}`];
    const all = [...lies, PRIVATE[i % PRIVATE.length]!];
    ipLines(eve.namespace, [
      'addr flush dev eth0',
      ...all.map((host) => `addr add ${host}/32 dev eth0`),
      `addr add ${EVE}/32 dev eth0`,
      'route replace 198.51.100.1/32 dev eth0',
      `route replace default via 198.51.100.1 src ${EVE}`,
    ]);
    for (const host of all) named.add(host);
    await sleep(LIE_EVERY_MS);
  }
  return named;
}

function judge(
  report: Report,
  packets: readonly Packet[],
  named: ReadonlySet<string>,
  [liesFromMs, goneFromMs]: readonly [number, number],
): void {
  const flights = packets.filter((packet) => isFlight(packet) && packet.atMs >= liesFromMs);
  const [told, gone] = [
    flights.filter(({ atMs }) => atMs < goneFromMs),
    flights.filter(({ atMs }) => atMs >= goneFromMs),
  ];
  const victims = new Set(flights.map(({ to }) => to));
  const bytes = flights.reduce((sum, { payload }) => sum + payload.length, 0);
  report.say(`${named.size} addresses said to be hers; ${flights.length} flights, ${bytes} bytes`);
  report.say(
    `  to ${victims.size} addresses; ${told.length} while she said so, then ${gone.length}`,
  );
  report.say(
    `  the ${PROBES_MAX + 1}th at least ${quickestMs(flights)} ms after the first of them`,
  );
  const most = mostIn(flights, PROBE_WINDOW_MS);
  report.require(
    most <= PROBES_MAX,
    `datagrams for all victims of one contact in 10 s: ≤ 16: ${most}`,
  );
  const relays = gone.filter(({ to }) => to === SILENT).length;
  report.control(
    told.some(({ to }) => to.startsWith(VICTIM_NET)),
    `lies are tried: ${told.length}`,
  );
  report.control(relays > 0, `a relay that she names is tried: ${relays}`);
  report.control(mostIn(flights, 60_000) > PROBES_MAX, 'in a longer time more leave');
  const inner = packets.filter(({ to }) => (PRIVATE as readonly string[]).includes(to)).length;
  report.require(inner === 0, `packets to private addresses that she names: ${inner}`);
}

/** A first flight, or what opens a router: neither of the DHT nor of a path that stands. */
function isFlight({ payload, protocol, to }: Packet): boolean {
  // Where somebody has answered is no victim.
  if (protocol !== 'udp' || to === EVE || to === CARRIER) return false;
  if (payload[0] === UDX[0] && payload[1] === UDX[1]) return false;
  return !decodeKrpc(new Uint8Array(payload)).ok;
}

/** The shortest time in which one more left than may in the window. */
function quickestMs(flights: readonly Packet[]): number {
  const spans = flights.slice(PROBES_MAX).map(({ atMs }, i) => atMs - flights[i]!.atMs);
  return Math.round(Math.min(...spans));
}

function mostIn(flights: readonly Packet[], windowMs: number): number {
  const counts = flights.map(({ atMs }) => {
    return flights.filter((other) => other.atMs >= atMs && other.atMs < atMs + windowMs).length;
  });
  return Math.max(0, ...counts);
}
