/**
 * D4: what a relay can be misused for. A real relay that serves everybody, with services on its own
 * computer, in networks that only it reaches and on the public internet, all of which count who
 * comes, while every connection that it begins is captured.
 *
 *   reach     clients name it places of every kind that is none for a relay, or where none is, and
 *             slots that are bent, made up, foreign, of the past or revoked
 *   slots     each reader's own opens; what is revoked does not
 *   replies   bytes to sources that show nothing but a first flight
 *   victims   d4-victims.ts
 *
 * The last is a part that can be measured alone, `--part=victims`, and so are the others together,
 * `--part=relay`.
 * @module
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hex } from '@sotto/core/base/bytes.ts';
import type { Endpoint } from '@sotto/core/base/endpoint.ts';
import { isRelayEndpoint } from '@sotto/core/relay/address.ts';
import { parseRelay } from '@sotto/core/relay/relay-text.ts';
import { LineProcess } from '../dht/line-process.ts';
import { bundled } from '../rooms/bundled.ts';
import { Internet, type Room } from '../rooms/internet.ts';
import type { Crowd, Swept } from '../rooms/relay-crowd.ts';
import { RoomDaemon } from '../rooms/room-daemon.ts';
import type { Bar, BarOptions, Report } from './bar.ts';
import { victims } from './d4-victims.ts';

const ATTEMPTS = 100_000;
const ATTEMPTS_SHORT = 1_000;
/** Of one minute and one address. */
const ATTEMPTS_EACH = 10;
/** A relay has room for 512. */
const CLIENTS_AT_ONCE = 500;
const FLIGHTS = 240;
const FLIGHTS_SHORT = 40;
const ATTACHES = 40;
const ATTACHES_SHORT = 8;

/** Public addresses, in rooms that have no way out: the rules are those of the real internet. */
const RELAY = '46.4.10.20';
const RELAY_PORT = 443;
const CROWD_NET = '45.33';
const OTHER = '5.161.20.30';
const OTHER_PORT = 30_000;
const PUBLIC = ['93.184.216.34', '9.9.9.9', '140.82.121.4'] as const;
const INNER = ['192.168.7.2', '10.0.0.5', '172.16.9.9', '100.64.0.3', '169.254.169.254'] as const;
const DOCUMENTED = ['192.0.2.9', '198.51.100.77', '203.0.113.7', '198.18.5.5'] as const;
const LOCAL = ['127.0.0.1', '127.0.0.53', '10.66.0.1', '0.0.0.0', '::1', 'fd66::1'] as const;
const PORTS = [22, 25, 80, 1_023, 3_306, 5_432, 8_080, 11_434, 50_000];
const SETTINGS = [
  ...['relay.serve=public', 'net.allowReserved=false', 'dht.enabled=false'],
  ...['net.portMapping=false'],
];

export const bar: Bar = {
  id: 'D4',
  title: 'a relay reaches nothing but relays, and answers nobody with more than they sent',
  parts: ['relay', 'victims'],
  async run(report, options) {
    if (options.part !== 'victims') await misuse(report, options);
    if (options.part !== 'relay') await victims(report, options);
    writtenForms(report);
  },
};

/** All that a relay is asked to do for others. */
async function misuse(report: Report, options: BarOptions): Promise<void> {
  const internet = new Internet();
  try {
    const scene = await settle(internet, options.folder);
    await allowed(report, scene);
    await reach(report, scene, options);
    await slotsOfReaders(report, scene);
    await replies(report, scene, options);
    await controls(report, scene);
  } finally {
    await internet.close();
  }
}

interface Scene {
  readonly relay: RoomDaemon;
  readonly crowd: LineProcess;
  readonly places: { readonly relay: Placed; readonly other: Placed };
  /** Connections that services took since the last look. */
  accepted(): Promise<number>;
  /** Connections that the relay began since the last look, by destination. */
  begun(): string[];
}

interface Placed {
  readonly endpoint: Endpoint;
  readonly key: string;
}

async function settle(internet: Internet, folder: string): Promise<Scene> {
  const relayRoom = internet.room('relay', [RELAY]);
  const besides = [
    'link add inner type dummy',
    'link set inner up',
    'addr add 10.66.0.1/24 dev inner',
  ];
  for (const line of [...besides, 'addr add fd66::1/64 dev inner nodad']) {
    relayRoom.run('ip', line.split(' '));
  }
  const relay = new RoomDaemon('Relay', relayRoom, folder, RELAY_PORT, SETTINGS);
  const otherRoom = internet.room('other', [OTHER]);
  const other = new RoomDaemon('Other', otherRoom, folder, OTHER_PORT, SETTINGS);
  await relay.start();
  await other.start();
  const services = internet.room('services', [...PUBLIC, ...INNER, ...DOCUMENTED]);
  const counting = [
    await listen(relayRoom, PORTS),
    await listen(services, [443, ...PORTS]),
    await listen(otherRoom, PORTS),
  ];
  const places = { relay: await placeOf(relay), other: await placeOf(other) };
  const from = Array.from({ length: CLIENTS_AT_ONCE + 1 }, (_, i) => {
    return `${CROWD_NET}.${1 + Math.floor(i / 250)}.${1 + (i % 250)}`;
  });
  const order: Crowd = {
    ...places,
    from,
    services: {
      ports: [443, ...PORTS],
      local: LOCAL,
      inner: INNER,
      outer: PUBLIC,
      own: RELAY,
      relay: places.other.endpoint,
    },
  };
  const crowdRoom = internet.room('crowd', from);
  const program = bundled(new URL('../rooms/relay-crowd.ts', import.meta.url));
  const crowd = new LineProcess(
    crowdRoom.spawn(process.execPath, [program, JSON.stringify(order)]),
  );
  await crowd.ready;
  const begun = await connections(relay);
  const accepted = async (): Promise<number> => {
    const answers = await Promise.all(counting.map((one) => one.ask({})));
    return answers.reduce((sum, { accepted: count }) => sum + Number(count), 0);
  };
  return { relay, crowd, places, accepted, begun };
}

async function listen(room: Room, ports: readonly number[]): Promise<LineProcess> {
  const program = bundled(new URL('../rooms/listeners.ts', import.meta.url));
  const listeners = new LineProcess(room.spawn(process.execPath, [program, ...ports.map(String)]));
  await listeners.ready;
  return listeners;
}

/** What `sotto relay` prints is what people are told. */
async function placeOf(daemon: RoomDaemon): Promise<Placed> {
  const { text } = await daemon.call('relay.show', {});
  const read = parseRelay(text ?? '');
  if (!read) throw new Error(`${daemon.name} does not say where it is`);
  return { endpoint: read.endpoint, key: hex(read.key) };
}

/** Every connection that the relay's computer begins, but those to its own door. */
async function connections(relay: RoomDaemon): Promise<() => string[]> {
  const api = JSON.parse(readFileSync(join(relay.dataDir, 'api.json'), 'utf8')) as { port: number };
  const begins = '(tcp[13] & 18 == 2) or (ip6 and ip6[6] == 6 and ip6[53] & 18 == 2)';
  const filter = `(${begins}) and not src net ${CROWD_NET}.0.0/16`;
  const args = ['-i', 'any', '-l', '-n', '--immediate-mode', filter];
  const tcpdump = relay.room.spawn('tcpdump', args);
  await new Promise((done) => tcpdump.stderr.once('data', done));
  let said = '';
  tcpdump.stdout.on('data', (text: Buffer) => (said += text.toString()));
  return () => {
    const all = [...said.matchAll(/ > (\S+): Flags/g)].map((match) => match[1]!);
    said = '';
    return all.filter((to) => to !== `127.0.0.1.${api.port}`);
  };
}

/** Everything that anybody may ask for, and none of it may lead anywhere. */
async function reach(
  report: Report,
  { accepted, begun, crowd, relay }: Scene,
  { short }: BarOptions,
): Promise<void> {
  const wanted = short ? ATTEMPTS_SHORT : ATTEMPTS;
  const [clients, sweeps] = [
    Math.min(CLIENTS_AT_ONCE, wanted / ATTEMPTS_EACH),
    Math.ceil(wanted / ATTEMPTS_EACH / CLIENTS_AT_ONCE),
  ];
  await accepted();
  begun();
  const all: Swept[] = [];
  const startedMs = performance.now();
  for (let seed = 1; seed <= sweeps; seed++) {
    // The rate of each address is a minute's.
    const againMs = startedMs + (seed - 1) * 61_000 - performance.now();
    if (seed > 1) await new Promise((resolve) => setTimeout(resolve, againMs));
    all.push((await asked(crowd, { do: 'sweep', clients, seed })) as unknown as Swept);
  }
  const sum = (of: (swept: Swept) => number): number => all.reduce((n, one) => n + of(one), 0);
  const [extended, opens] = [sum((one) => one.extends), sum((one) => one.opens)];
  const [came, left] = [await accepted(), begun()];
  const after = await relay.stats();
  report.say(`${extended} places and ${opens} slots named by ${clients} clients at a time`);
  const share = (extended / wanted) * 100;
  report.require(extended >= wanted * 0.99, `${share.toFixed(1)} % of ${wanted} places were asked`);
  const lost = sum((one) => one.lost);
  report.require(lost === 0, `clients that lost their link, and so asked less: ${lost}`);
  report.require(came === 0, `connections that services took: ${came}`);
  const told = [...new Set(left)].slice(0, 5).join(', ');
  report.require(left.length === 0, `connections that the relay began: ${left.length} ${told}`);
  const opened = sum((one) => one.opened);
  report.require(opened === 0, `circuits that came of it: ${opened}`);
  const refused = sum((one) => one.refused);
  report.require(refused === extended + opens, `one error for each: ${refused}`);
  const untimely = sum((one) => one.untimely);
  report.require(untimely === 0, `errors sooner than 3 s: ${untimely}`);
  const kept = ['relay.circuits', 'relay.owedErrors', 'relay.extended', 'relay.checking'];
  const more = kept.filter((name) => after[name] !== 0);
  report.require(more.length === 0, `nothing is kept of it: ${more.join(', ')}`);
}

async function asked(crowd: LineProcess, order: object): Promise<Record<string, unknown>> {
  const answer = await crowd.ask({ ...order });
  if (answer['error'] !== undefined)
    throw new Error(`the crowd: ${JSON.stringify(answer['error'])}`);
  return answer;
}

async function slotsOfReaders(report: Report, { crowd }: Scene): Promise<void> {
  const { after, before, ended } = await asked(crowd, { do: 'slots' });
  const text = JSON.stringify;
  report.require(
    text(before) === '[1,2,3,4]',
    `each reader's slot is known by its index: ${text(before)}`,
  );
  report.require(
    text(ended) === '[3]',
    `revoking the third ends its circuit alone: ${text(ended)}`,
  );
  report.require(text(after) === '[1,2,4]', `then those of the others open: ${text(after)}`);
}

interface Replied {
  readonly answered: number;
  readonly most: number;
  readonly sent: number;
  readonly back: number;
}

async function replies(report: Report, { crowd }: Scene, { short }: BarOptions): Promise<void> {
  const flights = await asked(crowd, { do: 'flights', count: short ? FLIGHTS_SHORT : FLIGHTS });
  const attaches = await asked(crowd, { do: 'attaches', count: short ? ATTACHES_SHORT : ATTACHES });
  const judge = (what: string, { answered, back, most, sent }: Replied): void => {
    report.say(`${what}: ${sent} bytes in, ${back} out to ${answered} sources`);
    report.require(most <= 1, `${what}: at most ${most.toFixed(3)} of what a source had sent`);
    report.control(answered > 0, `${what}: answers are seen`);
  };
  judge('first flights', flights['fresh'] as Replied);
  judge('flights for a further path', attaches['attached'] as Replied);
  const again = flights['again'] as Replied;
  const { back, sent } = again;
  report.require(back === 0, `flights again, bent, junk and UDX: ${sent} bytes in, ${back} out`);
}

/** What is allowed is done, and seen; from then on the other relay counts as one for an hour. */
async function allowed(report: Report, { begun, crowd, places }: Scene): Promise<void> {
  begun();
  const { opened } = await asked(crowd, { do: 'reach', named: [places.other] });
  const to = [...new Set(begun())];
  const isDone = JSON.stringify(opened) === '[1]' && to.join() === `${OTHER}.${OTHER_PORT}`;
  report.control(isDone, `an extend to a relay connects: ${to.join()}`);
}

/** Connections that the relay's computer does begin are seen. */
async function controls(report: Report, { accepted, begun, relay }: Scene): Promise<void> {
  begun();
  await accepted();
  const hosts = ['127.0.0.1', INNER[0], PUBLIC[0]];
  for (const host of hosts) relay.room.run('bash', ['-c', `exec 3<>/dev/tcp/${host}/8080`]);
  await new Promise((resolve) => setTimeout(resolve, 500));
  const [came, left] = [await accepted(), new Set(begun())];
  const all = came === hosts.length && hosts.every((host) => left.has(`${host}.8080`));
  report.control(all, `connections of its own computer: ${came} taken, to ${[...left].join()}`);
}

/** In settings a relay is written: forms that others read as an address inside. */
function writtenForms(report: Report): void {
  const key = `sotto-relay:${'a'.repeat(55)}`;
  const hosts = [
    ...['0x7f000001', '2130706433', '017700000001', '0177.0.0.1', '127.1', '127.0.1', '127.0.0.01'],
    ...[
      '[::ffff:127.0.0.1]',
      '[::ffff:7f00:1]',
      '[0:0:0:0:0:ffff:127.0.0.1]',
      '[::]',
      '0',
      '0.0.0.0',
    ],
    ...[
      'localhost',
      '169.254.169.254',
      '[fe80::1%eth0]',
      '127.0.0.1.',
      '１２７.0.0.1',
      '10.0.0.1 ',
    ],
  ];
  const taken = hosts.filter((host) => {
    const read = parseRelay(`${key}@${host}:8080`);
    return read !== undefined && isRelayEndpoint(read.endpoint, false);
  });
  report.require(taken.length === 0, `${hosts.length} written forms lead nowhere: ${taken.join()}`);
}
