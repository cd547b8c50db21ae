/**
 * People in one network and nothing else: rooms on a bridge without a router, IPv4 alone, IPv6 with
 * nothing but link-local addresses, two networks at once; no DHT, no way out. They meet by an
 * invite, come back and find each other again. What crosses the bridge is captured. Where there is
 * an internet beside it, what may use this network only leaves it alone.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { capture, readCapture } from './bars/a3-capture.ts';
import { ROOT } from './bars/bar.ts';
import { Internet, Room } from './rooms/internet.ts';
import { linked, meet, RoomDaemon, textsFrom } from './rooms/room-daemon.ts';
import { sightings, story } from './sightings.ts';

const PORT = 30_501;
/** From the moment that both are there. */
const MEET_MS = 3_000;
/** Systems say twice that they leave a group. */
const LEAVE_MS = 4_000;
const ROUTER = '10.77.1.254';

mkdirSync(join(ROOT, '.cache'), { recursive: true });
const folder = mkdtempSync(join(ROOT, '.cache', 'lan-'));
after(() => rmSync(folder, { recursive: true, force: true }));
before(() => {
  execFileSync(process.execPath, [join(ROOT, 'tools', 'build.mjs'), 'programs'], {
    stdio: 'ignore',
  });
});

function ip(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Switches in one namespace, and rooms with a cable to some of them. */
class Building {
  readonly #prefix = `sl${process.pid % 10_000}${randomBytes(2).toString('hex')}`;
  readonly #rooms: Room[] = [];
  readonly #captures: ChildProcess[] = [];
  /** The end in the switch of each cable, by the room and the switch. */
  readonly #legs = new Map<string, string>();

  constructor(readonly switches: readonly string[]) {
    ip('netns', 'add', this.#prefix);
    for (const name of switches) {
      this.#inSwitches('link', 'add', name, 'type', 'bridge', 'mcast_snooping', '0');
      this.#quiet(this.#prefix, name);
      this.#inSwitches('link', 'set', name, 'up');
    }
  }

  /** A room with a cable to each of these switches, and an IPv4 address there, or none. */
  room(name: string, cables: Readonly<Record<string, string | undefined>>): Room {
    const namespace = `${this.#prefix}-${name}`;
    ip('netns', 'add', namespace);
    ip('-n', namespace, 'link', 'set', 'lo', 'up');
    const room = new Room(namespace, []);
    this.#rooms.push(room);
    for (const [to, address] of Object.entries(cables)) {
      const leg = `leg${this.#legs.size}`;
      this.#legs.set(`${namespace} ${to}`, leg);
      const far = ['type', 'veth', 'peer', 'name', to, 'netns', namespace];
      this.#inSwitches('link', 'add', leg, ...far);
      this.#quiet(this.#prefix, leg);
      this.#inSwitches('link', 'set', leg, 'master', to, 'up');
      if (address === undefined) this.#sysctl(namespace, `net.ipv6.conf.${to}.accept_dad=0`);
      else this.#quiet(namespace, to);
      ip('-n', namespace, 'link', 'set', to, 'up');
      if (address) ip('-n', namespace, 'addr', 'add', `${address}/24`, 'dev', to);
    }
    return room;
  }

  /** Pulls a cable out of a switch, or puts it in again. */
  plug({ namespace }: Room, name: string, isIn: boolean): void {
    this.#inSwitches('link', 'set', this.#legs.get(`${namespace} ${name}`)!, isIn ? 'up' : 'down');
  }

  /**
   * A router on this switch, as far as its hardware address goes.
   * @param metric of the way through it, where there are others.
   */
  route(name: string, hardware: string, metric = 0): void {
    this.#inSwitches('link', 'set', name, 'address', hardware);
    this.#inSwitches('addr', 'replace', `${ROUTER}/24`, 'dev', name);
    for (const { namespace } of this.#rooms) {
      ip('-n', namespace, 'neigh', 'flush', 'all');
      const way = ['default', 'via', ROUTER, 'metric', String(metric)];
      ip('-n', namespace, 'route', 'replace', ...way);
    }
  }

  /** Captures announcements and what joins a group, on a switch. */
  async capture(name: string): Promise<() => Promise<string>> {
    const file = join(folder, `${this.#prefix}-${name}-${this.#captures.length}.pcap`);
    // Routers are asked for ports by a multicast of their own (UPnP), which is another matter.
    const filter = '(udp and (ip multicast or ip6 multicast) and not port 1900) or igmp';
    const words = [
      'netns',
      'exec',
      this.#prefix,
      'tcpdump',
      '-i',
      name,
      '-U',
      '--immediate-mode',
      '-w',
      file,
      filter,
    ];
    const child = spawn('ip', words, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#captures.push(child);
    await new Promise<void>((resolve) => child.stderr.once('data', () => resolve()));
    return async () => {
      await pause(300);
      await end(child);
      return execFileSync('tcpdump', ['-r', file, '-n', '-A'], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
        maxBuffer: 64 * 1024 * 1024,
      });
    };
  }

  async close(): Promise<void> {
    for (const child of this.#captures) await end(child);
    for (const room of this.#rooms) await room.close();
    ip('netns', 'delete', this.#prefix);
  }

  #inSwitches(...args: string[]): void {
    ip('-n', this.#prefix, ...args);
  }

  /** No IPv6 here. */
  #quiet(namespace: string, name: string): void {
    this.#sysctl(namespace, `net.ipv6.conf.${name}.disable_ipv6=1`);
  }

  #sysctl(namespace: string, value: string): void {
    ip('netns', 'exec', namespace, 'sysctl', '-qw', value);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

/** Nobody outside to ask. */
const QUIET = ['net.allowReserved=false', 'dht.bootstrap='];

class Neighbour extends RoomDaemon {
  constructor(name: string, room: Room, test: string, settings: readonly string[] = QUIET) {
    super(name, room, join(folder, test), PORT, settings);
  }

  /** Here is home, and Nearby is on. */
  async settle(): Promise<void> {
    await this.call('config.set', { key: 'nearby.on', value: 'true' });
    await this.call('config.set', { key: 'nearby.home', value: 'here' });
  }

  async route(to: string): Promise<{ route: string; endpoint?: string | undefined }> {
    return this.call('route.show', { to });
  }
}

async function inviteTo(host: Neighbour, guest: Neighbour): Promise<void> {
  const { link } = await host.call('invites.create', {});
  await guest.call('contacts.add', { text: link!, name: host.name });
}

async function until(what: string, ms: number, isSo: () => Promise<boolean>): Promise<number> {
  const startedMs = performance.now();
  while (!(await isSo())) {
    if (performance.now() - startedMs > ms) throw new Error(`${what}: not within ${ms} ms`);
    await pause(50);
  }
  return Math.round(performance.now() - startedMs);
}

async function isLinkedTo(person: Neighbour, to: string): Promise<boolean> {
  const { contacts } = await person.call('contacts.list', {});
  return contacts.some(({ name, online }) => name === to && online);
}

async function write(from: Neighbour, to: Neighbour): Promise<void> {
  const { lost, ms } = await from.talk(to.name, 3, 20);
  assert.deepEqual([ms.length, lost], [3, 0]);
}

/** Ana and Bo meet by an invite, come back both at other ports, and find each other again. */
async function meetTwice(name: string, addresses: readonly (string | undefined)[]): Promise<void> {
  const building = new Building(['lan0']);
  try {
    const rooms = addresses.map((address, i) => building.room(`r${i}`, { lan0: address }));
    const [ana, bo] = ['Ana', 'Bo'].map((one, i) => new Neighbour(one, rooms[i]!, name));
    await Promise.all([ana!.start(), bo!.start()]);
    await Promise.all([ana!.settle(), bo!.settle()]);
    await inviteTo(ana!, bo!);
    const metMs = await until('the invite', 10_000, () => isLinkedTo(bo!, 'Ana'));
    await write(bo!, ana!);
    await write(ana!, bo!);
    await Promise.all([ana!.stop(), bo!.stop()]);
    await ana!.start(undefined, [`net.port=${PORT + 7}`]);
    await bo!.start(undefined, [`net.port=${PORT + 8}`]);
    await ana!.settle();
    await bo!.settle();
    const againMs = await until('each other', MEET_MS, () => isLinkedTo(bo!, 'Ana'));
    process.stdout.write(`${name}: met after ${metMs} ms, again after ${againMs} ms\n`);
    await write(ana!, bo!);
    const { endpoint, route } = await bo!.route('Ana');
    assert.equal(route, 'lan');
    const near = addresses[0] ?? 'fe80:';
    assert.ok(endpoint?.includes(near), `${endpoint} is not of ${near}`);
  } finally {
    await building.close();
  }
}

test('IPv4 alone, no router', () => meetTwice('four', ['10.77.1.1', '10.77.1.2']));

test('IPv4 with nothing but link-local addresses', () =>
  meetTwice('zeroconf', ['169.254.7.1', '169.254.7.2']));

test('IPv6 with nothing but link-local addresses', () => meetTwice('six', [undefined, undefined]));

test('two networks: each neighbour is found in the one they share', async () => {
  const building = new Building(['lan0', 'lan1']);
  try {
    const ana = new Neighbour(
      'Ana',
      building.room('a', { lan0: '10.77.1.1', lan1: undefined }),
      'two',
    );
    const bo = new Neighbour('Bo', building.room('b', { lan0: '10.77.1.2' }), 'two');
    const cy = new Neighbour('Cy', building.room('c', { lan1: undefined }), 'two');
    const all = [ana, bo, cy];
    await Promise.all(all.map((one) => one.start()));
    await Promise.all(all.map((one) => one.settle()));
    await inviteTo(ana, bo);
    await inviteTo(cy, ana);
    await until('Bo', 10_000, () => isLinkedTo(bo, 'Ana'));
    await until('Cy', 10_000, () => isLinkedTo(ana, 'Cy'));
    await until('Ana, for Cy', 10_000, () => isLinkedTo(cy, 'Ana'));
    await until('Bo, for Ana', 10_000, () => isLinkedTo(ana, 'Bo'));
    await Promise.all([write(ana, bo), write(cy, ana), write(ana, cy)]);
    assert.ok((await bo.route('Ana')).endpoint?.startsWith('10.77.1.1:'));
    assert.ok((await ana.route('Cy')).endpoint?.includes('%lan1'));
  } finally {
    await building.close();
  }
});

test('a home with a router is known again; with another router nothing is sent', async () => {
  const building = new Building(['lan0']);
  try {
    const rooms = ['10.77.1.1', '10.77.1.2'].map((host, i) =>
      building.room(`r${i}`, { lan0: host }),
    );
    building.route('lan0', '02:00:00:00:77:01');
    const [ana, bo] = ['Ana', 'Bo'].map((one, i) => new Neighbour(one, rooms[i]!, 'router'));
    await Promise.all([ana!.start(), bo!.start()]);
    await Promise.all([ana!.settle(), bo!.settle()]);
    await inviteTo(ana!, bo!);
    await linked(bo!, 10_000);
    const { value } = await ana!.call('config.get', { key: 'nearby.home' });
    assert.match(String(value), /^[0-9a-f]{32}$/);
    await Promise.all([ana!.stop(), bo!.stop()]);
    await ana!.start();
    await bo!.start();
    await until('each other', MEET_MS, () => isLinkedTo(bo!, 'Ana'));
    await Promise.all([ana!.stop(), bo!.stop()]);
    // The same network but for its router: that of a café, say.
    building.route('lan0', '02:00:00:00:77:02');
    await pause(LEAVE_MS);
    const end = await building.capture('lan0');
    await Promise.all([ana!.start(), bo!.start()]);
    await pause(8_000);
    assert.equal(await end(), '');
    const { checks } = await ana!.call('doctor.run', {});
    assert.equal(checks.find(({ check }) => check === 'nearby')?.finding, 'away');
  } finally {
    await building.close();
  }
});

test('while Nearby is off nothing crosses the network; three who switch it on look alike', async () => {
  const building = new Building(['lan0']);
  try {
    const all = ['Ana', 'Bo', 'Cy'].map((name, i) => {
      const room = building.room(`r${i}`, { lan0: `10.77.1.${i + 1}` });
      return new Neighbour(name, room, 'off');
    });
    const [ana, bo, cy] = all as [Neighbour, Neighbour, Neighbour];
    const silence = await building.capture('lan0');
    await Promise.all(all.map((one) => one.start()));
    await inviteTo(ana, bo);
    await inviteTo(ana, cy);
    await pause(5_000);
    assert.equal(await silence(), '');
    const spoken = await building.capture('lan0');
    await Promise.all(all.map((one) => one.settle()));
    await until('Bo', 10_000, () => isLinkedTo(bo, 'Ana'));
    await until('Cy', 10_000, () => isLinkedTo(cy, 'Ana'));
    await pause(4_000);
    const messages = (await spoken()).split('BT-SEARCH * HTTP/1.1').slice(1);
    assert.ok(messages.length >= 6, `${messages.length} announcements`);
    for (const message of messages) assert.equal(message.match(/Infohash: /g)?.length, 12);
  } finally {
    await building.close();
  }
});

/** The hashes that a host announced. */
function hashesOf(captured: string, host: string): Set<string> {
  const packets = captured.split(/^(?=\d\d:\d\d:\d\d\.\d+ )/m);
  const theirs = packets.filter((packet) => packet.includes(`IP ${host}.`));
  return new Set(theirs.flatMap((packet) => packet.match(/(?<=Infohash: )[0-9a-f]{40}/g) ?? []));
}

function without(all: Set<string>, some: Set<string>): string[] {
  return [...all].filter((hash) => !some.has(hash));
}

test('hidden from somebody, a device is not announced to them, and is again when it may be', async () => {
  const building = new Building(['lan0']);
  try {
    const hosts = ['10.77.1.1', '10.77.1.2'] as const;
    const rooms = hosts.map((host, i) => building.room(`r${i}`, { lan0: host }));
    const [ana, bo] = ['Ana', 'Bo'].map((one, i) => new Neighbour(one, rooms[i]!, 'hidden'));
    const both = [ana!, bo!];
    /** What each announces from a start on. */
    const announced = async (): Promise<Set<string>[]> => {
      const end = await building.capture('lan0');
      await Promise.all(both.map((one) => one.start()));
      await Promise.all(both.map((one) => one.settle()));
      await pause(5_000);
      const captured = await end();
      return hosts.map((host) => hashesOf(captured, host));
    };
    const leave = async (): Promise<void> => {
      await Promise.all(both.map((one) => one.stop()));
    };
    await Promise.all(both.map((one) => one.start()));
    await Promise.all(both.map((one) => one.settle()));
    await inviteTo(ana!, bo!);
    await until('Bo', 10_000, () => isLinkedTo(bo!, 'Ana'));
    await Promise.all([write(ana!, bo!), write(bo!, ana!)]);
    await leave();
    const [anaShown, boShown] = await announced();
    assert.ok(await isLinkedTo(ana!, 'Bo'));
    await ana!.call('route.set', { to: 'Bo', policy: 'hidden' });
    await until('the end', 10_000, async () => !(await isLinkedTo(bo!, 'Ana')));
    await leave();
    const [anaHidden, boHidden] = await announced();
    // One hash of each is gone, and another that means nothing stands in its place.
    assert.deepEqual([anaHidden!.size, boHidden!.size], [12, 12]);
    const [anas, bos] = [without(anaShown!, anaHidden!), without(boShown!, boHidden!)];
    assert.deepEqual([anas.length, bos.length], [1, 1]);
    assert.equal(await isLinkedTo(ana!, 'Bo'), false);
    await ana!.call('route.set', { to: 'Bo', policy: 'auto', looser: true });
    await leave();
    const [anaAgain] = await announced();
    assert.ok(anaAgain!.has(anas[0]!));
    // Bo could not be told; he knows her when he hears her.
    await until('Bo', 10_000, () => isLinkedTo(bo!, 'Ana'));
  } finally {
    await building.close();
  }
});

/** Ana and Bo on one switch, each with an address on the internet too, where a DHT is. */
const OUTSIDE = { own: '198.51.100.11', other: '203.0.113.12' };
const HELPERS = ['198.18.1.1', '198.18.2.1'];
const FAREWELL_MS = 1_500;
const WATCH_MS = 4_000;

async function say(from: Neighbour, to: Neighbour, text: string): Promise<void> {
  await from.call('messages.send', {
    to: to.name,
    text,
    clientId: randomBytes(16).toString('hex'),
  });
}

async function has(reader: Neighbour, from: Neighbour, text: string): Promise<boolean> {
  return (await textsFrom(reader, from.name)).includes(text);
}

test('[POL-4, POL-5, POL-8] This network only: nothing for that chat takes the internet beside it', async () => {
  const internet = new Internet();
  const building = new Building(['lan0']);
  const file = join(folder, 'outside.pcap');
  try {
    const helpers = HELPERS.map((host) => `${host}:${PORT}`).join();
    const settings = [`dht.bootstrap=${helpers}`, 'dht.readOnly=true'];
    for (const [i, host] of HELPERS.entries()) {
      const room = internet.room(`h${i}`, [host]);
      await new RoomDaemon(`H${i}`, room, folder, PORT, [settings[0]!]).start();
    }
    const people = Object.values(OUTSIDE).map((host, i) => {
      const room = building.room(`r${i}`, { lan0: `10.77.1.${i + 1}` });
      internet.plug(room, [host]);
      return new Neighbour(['Ana', 'Bo'][i]!, room, 'outside', settings);
    });
    const [ana, bo] = people as [Neighbour, Neighbour];
    // Known by its router, it is home after a start too.
    building.route('lan0', '02:00:00:00:77:01', 100);
    capture(ana.room, file);
    const seen = (fromMs: number): object =>
      sightings(readCapture(file), OUTSIDE, fromMs, Date.now());
    await Promise.all(people.map((one) => one.start()));
    await Promise.all(people.map((one) => one.settle()));
    await meet(ana, bo);
    building.plug(bo.room, 'lan0', false);
    await say(ana, bo, 'by the internet');
    await until('it is there', 30_000, () => has(bo, ana, 'by the internet'));
    await pause(500);
    const control = sightings(readCapture(file), OUTSIDE, 0, Date.now());
    assert.ok(control.between > 20 && control.asked > 0, JSON.stringify(control));

    building.plug(bo.room, 'lan0', true);
    await ana.call('route.set', { to: 'Bo', policy: 'lan', looser: true });
    await pause(FAREWELL_MS);
    const hereMs = Date.now();
    await until('in this network', 30_000, async () => (await ana.route('Bo')).route === 'lan');
    await bo.stop();
    await bo.start();
    await until('each other', 10_000, () => isLinkedTo(bo, 'Ana'));
    await Promise.all([write(ana, bo), write(bo, ana)]);
    assert.equal((await ana.route('Bo')).route, 'lan');
    building.plug(bo.room, 'lan0', false);
    await say(ana, bo, 'not outside');
    await bo.stop();
    await bo.start();
    await say(bo, ana, 'nor this');
    await pause(WATCH_MS);
    const told = story(readCapture(file), OUTSIDE, hereMs);
    assert.deepEqual(seen(hereMs), { between: 0, asked: 0 }, told);
    assert.equal((await bo.call('route.show', { to: 'Ana' })).held, 'not-here-theirs');
    assert.equal(await has(bo, ana, 'not outside'), false);

    building.plug(bo.room, 'lan0', true);
    await until('what waited', 30_000, async () => {
      return (await has(bo, ana, 'not outside')) && (await has(ana, bo, 'nor this'));
    });
    assert.deepEqual(seen(hereMs), { between: 0, asked: 0 }, told);
  } finally {
    await building.close();
    await internet.close();
  }
});
