/**
 * Ports of a real router: Debian's miniupnpd opens and closes what our daemon asks for, by each
 * of the three protocols, and a stranger comes in.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ROOT } from './bars/bar.ts';
import {
  DEVICE_6,
  DEVICES,
  MappingHome,
  OTHERS_PORT,
  WORLD,
  WORLD_6,
  type Speaks,
} from './rooms/mapping-home.ts';
import { linked, RoomDaemon } from './rooms/room-daemon.ts';

const PORT = 30_301;
const WAIT_MS = 15_000;
const STOP_MS = 2_000;
const ALONE = ['dht.enabled=false', 'net.allowReserved=false'];
const [ANA, OTHER] = DEVICES as [string, string];
/** Prints what would be told in the room where it runs. */
const TOLD = join(ROOT, 'lab', 'rooms', 'told-addresses.ts');
const VPN_6 = '2a0d:1::2';
const DEVICE_6_HEX = '2a000001000100010000000000000011';

mkdirSync(join(ROOT, '.cache'), { recursive: true });
const folder = mkdtempSync(join(ROOT, '.cache', 'port-map-'));
after(() => rmSync(folder, { recursive: true, force: true }));
before(() => {
  execFileSync(process.execPath, [join(ROOT, 'tools', 'build.mjs'), 'programs'], {
    stdio: 'ignore',
  });
});

interface Scene {
  readonly home: MappingHome;
  readonly ana: RoomDaemon;
}

async function scene(
  name: string,
  speaks: Speaks,
  play: (scene: Scene) => Promise<void> | void,
  options: { devices?: number; six?: boolean; settings?: readonly string[]; isLate?: true } = {},
): Promise<void> {
  const home = new MappingHome(join(folder, name), speaks, options);
  try {
    if (!options.isLate) await home.start();
    const settings = options.settings ?? ALONE;
    await play({
      home,
      ana: new RoomDaemon('Ana', home.devices[0]!, join(folder, name), PORT, settings),
    });
  } finally {
    await home.close();
  }
}

async function until(what: string, is: () => boolean | Promise<boolean>): Promise<number> {
  const beganMs = performance.now();
  while (!(await is())) {
    if (performance.now() - beganMs > WAIT_MS) throw new Error(`never ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return performance.now() - beganMs;
}

const openFor = (host: string, port = PORT, outside = port): string[] =>
  ['tcp', 'udp'].map((kind) => `${kind} ${outside} ${host}:${port}`);

async function isOpen({ home }: Scene, host = ANA): Promise<number> {
  const wanted = JSON.stringify(openFor(host));
  try {
    return await until('open', () => JSON.stringify(home.open()) === wanted);
  } catch (error) {
    throw new Error(`${String(error)}: ${home.rules()}`);
  }
}

async function router({ ana }: Scene): Promise<string> {
  const { checks } = await ana.call('doctor.run', {});
  return checks.find(({ check }) => check === 'router')!.message;
}

/** SIGTERM takes no longer because of a router, and leaves nothing behind in it. */
async function stops({ ana, home }: Scene): Promise<void> {
  const beganMs = performance.now();
  await ana.stop();
  assert.ok(performance.now() - beganMs < STOP_MS, 'a stop takes at most 2 s');
  assert.deepEqual(home.open(), []);
}

const KINDS: readonly (readonly [string, Speaks, string])[] = [
  ['UPnP alone', { upnp: true }, 'UPnP'],
  ['NAT-PMP alone', { natPmp: true }, 'PMP'],
  ['PCP alone', { pcp: true }, 'PCP'],
  ['all three', { upnp: true, natPmp: true, pcp: true }, 'PCP'],
];

for (const [name, speaks, via] of KINDS) {
  test(`${name}: opened, told, restarted, switched off and on, and gone after a stop`, () =>
    scene(name, speaks, async (here) => {
      const { ana, home } = here;
      await ana.start();
      await isOpen(here);
      await until('told', async () => (await router(here)).includes(`by ${via}`));
      if (!speaks.upnp) {
        // A clock of seconds that is as young as before has not gone back.
        await new Promise((resolve) => setTimeout(resolve, 4_000));
        await home.stop();
        assert.deepEqual(home.open(), []);
        await home.start();
        await isOpen(here);
      }
      await ana.call('config.set', { key: 'net.portMapping', value: 'false' });
      await until('closed', () => home.open().length === 0);
      await ana.call('config.set', { key: 'net.portMapping', value: 'true' });
      await isOpen(here);
      await stops(here);
    }));
}

test('a killed process leaves its ports; the next start takes them over and gives them back', () =>
  scene('killed', { upnp: true, natPmp: true, pcp: true }, async (here) => {
    const { ana } = here;
    await ana.start();
    await isOpen(here);
    process.kill(ana.pid, 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 200));
    await isOpen(here);
    await ana.start();
    await until('told', async () => (await router(here)).startsWith('It opened'));
    await stops(here);
  }));

for (const [name, speaks] of KINDS.slice(0, 3)) {
  test(`${name}: a port that another device has stays theirs`, () =>
    scene(
      `${name} taken`,
      { ...speaks, upnp: true },
      async (here) => {
        const { ana, home } = here;
        home.take(PORT, home.devices[1]!);
        const theirs = openFor(OTHER, OTHERS_PORT, PORT);
        assert.deepEqual(home.open(), theirs);
        await ana.start();
        await until('open', () => home.open().length === 4);
        const ours = home.open().filter((line) => line.endsWith(`${ANA}:${PORT}`));
        assert.equal(ours.length, 2);
        await ana.stop();
        assert.deepEqual(home.open(), theirs);
      },
      { devices: 2 },
    ));
}

test('two devices of one home each have their own', () =>
  scene(
    'two',
    { upnp: true },
    async (here) => {
      const { ana, home } = here;
      const bo = new RoomDaemon('Bo', home.devices[1]!, join(folder, 'two'), PORT, ALONE);
      await ana.start();
      await isOpen(here);
      await bo.start();
      await until('open', () => home.open().length === 4);
      await bo.stop();
      assert.deepEqual(home.open(), openFor(ANA));
      await stops(here);
    },
    { devices: 2 },
  ));

const WALLS: readonly (readonly [string, Speaks])[] = [
  ['PCP', { pcp: true }],
  ['UPnP', { upnp: true }],
];

for (const [name, speaks] of WALLS) {
  test(`over IPv6 the wall is opened by ${name}, again after a restart, and shut by a stop`, () =>
    scene(
      `six ${name}`,
      speaks,
      async (here) => {
        const { ana, home } = here;
        const to = JSON.stringify({
          host: DEVICE_6,
          port: PORT,
          localAddress: WORLD_6,
          timeout: 1_000,
        });
        const end = `.on('connect', () => process.exit(0)).on('timeout', () => process.exit(1))`;
        const dial = `require('node:net').connect(${to})${end}`;
        const reaches = (): boolean => home.world.run(process.execPath, ['-e', dial]).status === 0;
        const both = ['tcp', 'udp'].map((kind) => `${kind} ${PORT} ${DEVICE_6_HEX}`).join();
        const isOpenTo = (all: string) => (): boolean => home.holes().join() === all;
        assert.equal(reaches(), false, 'shut before anybody has asked');
        await ana.start();
        await until('reached', reaches);
        await until('both ports', isOpenTo(both));
        await home.stop();
        assert.deepEqual(home.holes(), []);
        await home.start();
        await ana.call('doctor.run', { ask: true });
        await until('reached again', reaches);
        await until('both ports again', isOpenTo(both));
        await ana.stop();
        assert.deepEqual(home.holes(), []);
        assert.equal(reaches(), false, 'shut after the stop');
      },
      { six: true },
    ));
}

test('past a VPN, which leaves the default route where it was, no port is opened', () =>
  scene('vpn', { upnp: true, natPmp: true, pcp: true }, async (here) => {
    const { ana, home } = here;
    const ip = (words: string): void => {
      const { status, stderr } = home.devices[0]!.run('ip', words.split(' '));
      assert.equal(status, 0, stderr);
    };
    await ana.start();
    await isOpen(here);
    // As wg-quick does it: a table of its own, before which only the nearer routes count.
    ip('link add vpn0 type veth peer name vpn1');
    ip('link set vpn0 up');
    ip('link set vpn1 up');
    ip('addr add 10.8.0.2/32 dev vpn0');
    ip('route add default dev vpn0 table 51820');
    ip('rule add not fwmark 51820 table 51820');
    ip('rule add table main suppress_prefixlength 0');
    await until('given back', () => home.open().length === 0);
    await until('told', async () => !(await router(here)).startsWith('It opened'));
    ip('link del vpn0');
    await isOpen(here);
    await stops(here);
  }));

test('[PTH-33] ⚑ past a VPN no public address of the home is told, and after it all are', () =>
  scene(
    'told',
    {},
    ({ home }) => {
      const room = home.devices[0]!;
      const run = (command: string, args: readonly string[]): string => {
        const { status, stderr, stdout } = room.run(command, args);
        assert.equal(status, 0, stderr);
        return stdout;
      };
      const ip = (words: string): string => run('ip', words.split(' '));
      const told = (): string[] =>
        JSON.parse(run(process.execPath, ['--import', 'tsx', TOLD])) as string[];
      const before = told();
      assert.ok(before.includes(DEVICE_6), `${before.join()} has ${DEVICE_6}`);
      ip('link add vpn0 type veth peer name vpn1');
      ip('link set vpn0 up');
      ip('link set vpn1 up');
      ip(`addr add ${VPN_6}/128 dev vpn0 nodad`);
      ip('-6 route add default dev vpn0 table 51820');
      ip('-6 rule add not fwmark 51820 table 51820');
      ip('-6 rule add table main suppress_prefixlength 0');
      const private4 = before.filter((host) => !host.includes(':'));
      assert.deepEqual(told().sort(), [...private4, VPN_6].sort());
      ip('link del vpn0');
      assert.deepEqual(told(), before);
    },
    { six: true, isLate: true },
  ));

test('a stranger comes in by the port, and without it does not', () =>
  scene(
    'stranger',
    { upnp: true, natPmp: true, pcp: true },
    async (here) => {
      const { ana, home } = here;
      const [helper, stranger] = WORLD as [string, string];
      const outside = (name: string, host: string, settings: readonly string[]): RoomDaemon =>
        new RoomDaemon(name, home.world, join(folder, 'stranger'), PORT, [
          `net.bind=${host}`,
          'net.portMapping=false',
          ...settings,
        ]);
      const cy = outside('Cy', helper, ['dht.bootstrap=']);
      // Who helps nobody is told to nobody: Ana's router never hears of Bo before he comes.
      const bo = outside('Bo', stranger, [`dht.bootstrap=${helper}:${PORT}`, 'dht.readOnly=true']);
      await cy.start();
      await Promise.all([ana.start(), bo.start()]);
      const { link } = await ana.call('invites.create', {});
      await bo.call('contacts.add', { text: link!, name: 'Ana' });
      await assert.rejects(linked(bo, 8_000));
      await home.start();
      await ana.call('doctor.run', { ask: true });
      await isOpen(here);
      const look = setInterval(() => {
        bo.call('doctor.run', { with: 'Ana' }).catch(() => undefined);
      }, 2_000);
      await linked(bo).finally(() => clearInterval(look));
      const { lost, ms } = await bo.talk('Ana', 5, 20);
      assert.deepEqual([ms.length, lost], [5, 0]);
      await Promise.all([bo.stop(), cy.stop()]);
      await stops(here);
    },
    { isLate: true, settings: [`dht.bootstrap=${WORLD[0]}:${PORT}`] },
  ));
