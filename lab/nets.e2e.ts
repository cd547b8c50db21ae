/**
 * The networks of the lab are what they claim: each kind of home is measured by a probe of ours
 * before anything is built on it, and so is which pairs of them can open a way to each other by
 * plain UDP.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Homes, MIRROR_FOUR, type Home } from './nets/homes.ts';
import { HOME_KINDS, type HomeKind } from './nets/kinds.ts';
import { expectedFacts, Probe, punched } from './nets/probe.ts';
import { PROXY_PASSWORD, PROXY_PORT, PROXY_USER } from './nets/services.ts';
import { Internet } from './rooms/internet.ts';

const GATEWAY = '192.168.1.1';
const HEAR_MS = 2_000;

interface Found {
  readonly home: Home;
  readonly probe: Probe;
}

let internet: Internet;
let homes: Homes;
const found = new Map<HomeKind, Found>();

before(async () => {
  internet = new Internet();
  homes = new Homes(internet);
  for (const kind of HOME_KINDS) {
    const home = await homes.add(kind);
    found.set(kind, { home, probe: await Probe.in(home) });
  }
});

after(async () => {
  await internet.close();
  homes.close();
});

function at(kind: HomeKind): Found {
  return found.get(kind)!;
}

async function another(kind: HomeKind): Promise<Found> {
  const home = await homes.add(kind);
  return { home, probe: await Probe.in(home) };
}

test('every network is measured to be what it claims', async () => {
  const measured = HOME_KINDS.map(async (kind) => ({
    kind,
    facts: await at(kind).probe.measure(),
  }));
  for (const { facts, kind } of await Promise.all(measured)) {
    const { four, six, tcp, tcpSix } = facts;
    const claims = (udp: typeof four) => udp && { mapping: udp.mapping, filtering: udp.filtering };
    const plain = { four: claims(four), six: claims(six), tcp, tcpSix };
    assert.deepEqual(plain, expectedFacts(kind), `${kind}: ${JSON.stringify(facts)}`);
    if (!four) continue;
    const isOpen = four.mapping === 'none';
    const keepsPort = four.mapping !== 'dependent';
    assert.deepEqual([four.keepsPort, four.hairpin], [keepsPort, isOpen], `${kind}: port, hairpin`);
    // A symmetric NAT maps anew for each address anyway.
    if (keepsPort) assert.ok(four.holds, `${kind}: a mapping holds under packets unasked for`);
  }
});

test('port-restricted with port-restricted opens a way, with symmetric it does not', async () => {
  const port = at('port').probe;
  const [second, full, restricted] = [
    await another('port'),
    await another('full'),
    at('restricted').probe,
  ];
  const [symmetric, secondSymmetric] = [at('symmetric').probe, await another('symmetric')];
  const pairs: Record<string, Promise<boolean>> = {
    'port x port': punched(port, second.probe),
    'port x symmetric': punched(port, symmetric),
    'symmetric x symmetric': punched(symmetric, secondSymmetric.probe),
    'restricted x symmetric': punched(restricted, symmetric),
    'full x symmetric': punched(full.probe, symmetric),
    'carrier x port': punched(at('carrier').probe, port),
  };
  const ways: Record<string, boolean> = {};
  for (const [pair, way] of Object.entries(pairs)) ways[pair] = await way;
  assert.deepEqual(ways, {
    'port x port': true,
    'port x symmetric': false,
    'symmetric x symmetric': false,
    'restricted x symmetric': true,
    'full x symmetric': true,
    'carrier x port': true,
  });
});

test('two behind one carrier reach each other by their addresses inside it alone', async () => {
  const [one, two] = [at('carrier'), await another('carrier')];
  const inner = [one.home.gateway!.address, two.home.gateway!.address] as const;
  assert.equal(await punched(one.probe, two.probe), false, 'by outside addresses');
  assert.equal(await punched(one.probe, two.probe, inner), true, 'by inside addresses');
  const [mobile, other] = [at('mobile').probe, await another('mobile')];
  const hosts = [mobile.room.address, other.probe.room.address] as const;
  assert.equal(await punched(mobile, other.probe, hosts), true, 'without routers of their own');
});

test('a proxy makes tunnels to port 443 alone, and asks for its password', async () => {
  const proxy = { host: GATEWAY, port: PROXY_PORT };
  const [web, other] = [443, 7001].map((port) => ({ host: MIRROR_FOUR[0], port }));
  const { probe } = at('proxy');
  const through = await probe.tunnel(proxy, web!);
  assert.equal(through.status, 200);
  assert.match(through.said, /"host":"203\.0\.113\.\d+"/);
  assert.equal((await probe.tunnel(proxy, other!)).status, 403);
  const guarded = at('proxy-password').probe;
  assert.equal((await guarded.tunnel(proxy, web!)).status, 407);
  const user = `${PROXY_USER}:${PROXY_PASSWORD}`;
  assert.equal((await guarded.tunnel(proxy, web!, user)).status, 200);
});

for (const kind of ['upnp', 'carrier-upnp'] as const) {
  test(`the router of ${kind} opens ports by NAT-PMP and PCP, and is found by UPnP`, async () => {
    const { home, probe } = at(kind);
    const [one, two] = [await probe.open(), await probe.open()];
    const mapped = await probe.mapPorts(GATEWAY, one.port);
    assert.equal(mapped.natPmp, one.port);
    assert.match(mapped.upnp ?? '', /^http:\/\/192\.168\.1\.1:5000\//);
    assert.equal(mapped.pcp?.host, home.gateway!.address);
    assert.equal(mapped.pcp?.port, one.port + 1);
    if (kind === 'carrier-upnp') return;
    const heard = Promise.all([probe.hear(one.socket, HEAR_MS), probe.hear(two.socket, HEAR_MS)]);
    for (const { port } of [one, two]) {
      await at('open').probe.sayByMirror({ host: home.gateway!.address, port }, 'in');
    }
    assert.deepEqual(await heard, ['in', undefined], 'the mapped port alone lets it in');
  });
}

test('a router that is given another address, or forgets, maps anew', async () => {
  const { home, probe } = await another('port');
  const before = await probe.open();
  const former = home.gateway!.address;
  assert.equal(before.mapped?.host, former);
  home.renumber();
  const renumbered = await probe.open();
  assert.equal(renumbered.mapped?.host, home.gateway!.address);
  assert.notEqual(renumbered.mapped?.host, former);
  const say = async (): Promise<string | undefined> => {
    const hears = probe.hear(renumbered.socket, HEAR_MS);
    await at('open').probe.sayByMirror(renumbered.mapped!, 'word', MIRROR_FOUR[0]);
    return await hears;
  };
  assert.equal(await say(), 'word', 'where it was written to');
  home.forget();
  assert.equal(await say(), undefined, 'no mapping is left');
});

test('a host goes from home to home, and to none', async () => {
  const { home, probe } = await another('port');
  const target = await homes.add('symmetric');
  home.release(probe.room);
  assert.equal((await probe.measure()).four, undefined);
  target.take(probe.room);
  assert.equal((await probe.measure()).four?.mapping, 'dependent');
});
