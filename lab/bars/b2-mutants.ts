/**
 * B2, second half: mutated handshakes and first flights against real `Links`, in this process.
 *
 *   raw        a first flight with bytes changed, cut or put in, as anyone on the wire can
 *   inside     a Noise message changed, then sealed under the true gate secret, as a contact can
 *   replayed   a flight that was answered before: as it was, or in a fresh wrapping
 *   attach     a flight for a further path of a living link, changed
 *   reply      a reply changed, sent to a device that waits for it
 * @module
 */
import { Prng } from '@sotto/core/base/prng.ts';
import { contextOf, FlightKey, openFlight, sealFlight } from '@sotto/core/link/gate.ts';
import type { LinksOutput } from '@sotto/core/link/contract.ts';
import { linked, pair, type TestNode } from '@sotto/core/link/testing/net.ts';
import type { Report } from './bar.ts';

const NOTHING = new Uint8Array(0);
const NOISE_MIN = 48;
const FLIGHT_MAX = 1200;
/** Apart in time, so that no rate answers for the handshake. */
const APART_MS = 100;
const FRESH_EVERY = 5_000;
const SHARES = { raw: 0.5, inside: 0.25, replayed: 0.1, attach: 0.1, reply: 0.05 } as const;

export function measureMutants(report: Report, count: number): void {
  let [answered, accepted] = [0, 0];
  for (const kind of Object.keys(SHARES) as (keyof typeof SHARES)[]) {
    const wanted = Math.floor(count * SHARES[kind]);
    const result = KINDS[kind](wanted);
    report.say(`  ${kind}: n ${wanted}, answered ${result.answered}, accepted ${result.accepted}`);
    report.require(result.changed.length === 0, `${kind}: counts unchanged ${result.changed}`);
    report.control(result.control, `${kind}: what is not changed is taken`);
    answered += result.answered;
    accepted += result.accepted;
  }
  report.require(answered === 0, `${count} mutants: 0 answered (bound 3/n)`);
  report.require(accepted === 0, `${count} mutants: 0 accepted`);
}

interface Result {
  readonly answered: number;
  readonly accepted: number;
  /** Counts that differ, but those of drops and of the bounded memory of seen flights. */
  readonly changed: string[];
  /** What was left as it is was taken. */
  readonly control: boolean;
}

const KINDS: Record<keyof typeof SHARES, (count: number) => Result> = {
  raw: (count) => flights(count, (prng, flight) => bend(prng, flight, 1, FLIGHT_MAX)),
  inside: (count) =>
    flights(count, (prng, flight, key) => {
      const noise = openFlight(key, contextOf(), flight)!;
      const bent = bend(prng, noise, NOISE_MIN, 850);
      return sealFlight(key, contextOf(), prng.bytes(32), bent, prng.int(0, 256));
    }),
  replayed: replays,
  attach: attaches,
  reply: replies,
};

/** Changed for certain: flipped, cut, lengthened, or a stretch of it replaced. */
function bend(prng: Prng, bytes: Uint8Array, least: number, most: number): Uint8Array {
  const kind = prng.int(0, 3);
  if (kind === 0 && bytes.length > least) return bytes.slice(0, prng.int(least, bytes.length - 1));
  if (kind === 1 && bytes.length < most) {
    const longer = new Uint8Array(prng.int(bytes.length + 1, most));
    longer.set(bytes);
    longer.set(prng.bytes(longer.length - bytes.length), bytes.length);
    return longer;
  }
  const bent = bytes.slice();
  const at = prng.int(0, bent.length - 1);
  if (kind === 2) bent.set(prng.bytes(prng.int(0, Math.min(32, bent.length - at))), at);
  bent[at] = bytes[at]! ^ prng.int(1, 255);
  return bent;
}

/** What leaves a node from now on. */
function watch(node: TestNode): LinksOutput[] {
  const seen: LinksOutput[] = [];
  const poll = node.links.poll.bind(node.links);
  node.links.poll = () => {
    const out = poll();
    if (out !== undefined) seen.push(out);
    return out;
  };
  return seen;
}

const MEMORY = ['replayEntries', 'replaySets', 'addresses'];

function difference(before: Record<string, number>, node: TestNode): string[] {
  return Object.entries(node.links.stats())
    .filter(([name, value]) => value !== before[name] && !name.startsWith('dropped'))
    .filter(([name]) => !MEMORY.includes(name))
    .map(([name, value]) => `${name} ${before[name]} -> ${value}`);
}

function answersOf(seen: readonly LinksOutput[]): number {
  return seen.filter(({ type }) => type === 'datagram' || type === 'stream-open').length;
}

/** Fresh flights of a contact, each made into `FRESH_EVERY` mutants or fewer. */
function flights(
  count: number,
  mutant: (prng: Prng, flight: Uint8Array, key: FlightKey) => Uint8Array,
): Result {
  const { a, b, gate, net } = pair({ seed: 2 });
  const key = new FlightKey(gate.secret);
  const prng = new Prng(count);
  const seen = watch(b);
  const before = b.links.stats();
  let flight: Uint8Array = NOTHING;
  net.onDatagram = (_from, _to, bytes) => {
    flight = bytes;
    return undefined;
  };
  const dial = (id: number): void => {
    a.links.dial(id, b.target(gate), [b.route('udp')], NOTHING, net.nowMs);
    net.drain(a);
    a.links.cancelDial(id);
  };
  for (let i = 0; i < count; i++) {
    if (i % FRESH_EVERY === 0) dial(i + 1);
    net.nowMs += APART_MS;
    net.inject(a.endpoint, b, mutant(prng, flight, key));
  }
  const changed = difference(before, b);
  const [answered, accepted] = [answersOf(seen), b.links.stats()['unproven']!];
  dial(count + 1);
  net.nowMs += APART_MS;
  net.inject(a.endpoint, b, flight);
  return { answered, accepted, changed, control: b.links.stats()['unproven'] === 1 };
}

function replays(count: number): Result {
  const { a, b, gate, net } = pair({ seed: 3 });
  const key = new FlightKey(gate.secret);
  const prng = new Prng(3);
  const kept: Uint8Array[] = [];
  net.onDatagram = (from, _to, bytes) => {
    if (from === a) kept.push(bytes);
    return from === a ? bytes : undefined;
  };
  for (let i = 1; i <= 50; i++) {
    a.links.dial(i, b.target(gate), [b.route('udp')], NOTHING, net.nowMs);
    net.drain(a);
    net.run(300);
    a.links.cancelDial(i);
  }
  net.run(20_000);
  const control = [...b.replays.values()].flat().length === 50;
  const before = b.links.stats();
  const seen: LinksOutput[][] = [];
  for (let i = 0; i < count; i++) {
    // A restart, now and then: what was seen is read from the disk again.
    if (i % Math.ceil(count / 5) === 0) {
      b.start();
      seen.push(watch(b));
    }
    net.nowMs += APART_MS;
    const flight = kept[i % kept.length]!;
    const noise = openFlight(key, contextOf(), flight)!;
    const again = sealFlight(key, contextOf(), prng.bytes(32), noise, prng.int(0, 256));
    net.inject(a.endpoint, b, i % 2 === 0 ? flight : again);
  }
  const changed = difference(before, b);
  const taken = b.links.stats()['dropped: replay']!;
  const accepted = b.links.stats()['unproven']!;
  return { answered: answersOf(seen.flat()), accepted, changed, control: control && taken > 0 };
}

function attaches(count: number): Result {
  const { a, b, net } = linked('udp', { seed: 4 });
  const prng = new Prng(4);
  let flight: Uint8Array = NOTHING;
  net.onDatagram = (from, _to, bytes) => {
    if (from === a) flight = bytes;
    return undefined;
  };
  a.links.attach(a.link(), [b.route('udp')], net.nowMs);
  net.drain(a);
  const before = b.links.stats();
  const seen = watch(b);
  for (let i = 0; i < count; i++) {
    net.inject(a.endpoint, b, bend(prng, flight, 1, FLIGHT_MAX));
  }
  const changed = difference(before, b);
  const [answered, accepted] = [answersOf(seen), b.links.stats()['unproven']!];
  const control = net.inject(a.endpoint, b, flight) && b.links.stats()['unproven'] === 1;
  return { answered, accepted, changed, control };
}

function replies(count: number): Result {
  const { a, b, gate, net } = pair({ seed: 5 });
  const prng = new Prng(5);
  let reply: Uint8Array = NOTHING;
  net.onDatagram = (from, _to, bytes) => {
    if (from === b && reply.length === 0) reply = bytes;
    return from === a ? bytes : undefined;
  };
  a.links.dial(1, b.target(gate), [b.route('udp')], NOTHING, net.nowMs);
  net.drain(a);
  net.run(100);
  const before = a.links.stats();
  const seen = watch(a);
  for (let i = 0; i < count; i++) {
    net.inject(b.endpoint, a, bend(prng, reply, 1, FLIGHT_MAX));
  }
  const changed = difference(before, a);
  const [answered, accepted] = [answersOf(seen), a.links.stats()['unproven']!];
  net.inject(b.endpoint, a, reply);
  return { answered, accepted, changed, control: a.links.stats()['unproven'] === 1 };
}
