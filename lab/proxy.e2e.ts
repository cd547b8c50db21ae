/**
 * Somebody behind a proxy: real daemons and real proxies, each in a room of its own. A capture at
 * the door of Bo's room holds what goes anywhere but to the proxy: nothing may.
 *
 *   Ana 198.51.100.101 (port 443)   Cy .102 (port 8443)   Bo .103 - proxies .104
 *
 * All but the proxies have an address of IPv6 too.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Packet } from './bars/a3-capture.ts';
import { ROOT } from './bars/bar.ts';
import { both } from './bars/d3-scene.ts';
import { watchPast } from './past-proxy.ts';
import { microsocks, tinyproxy, tor, torStreams } from './proxies.ts';
import type { RunningProxy } from './proxies.ts';
import { Internet, type Room } from './rooms/internet.ts';
import { linked, meet, RoomDaemon } from './rooms/room-daemon.ts';
import { until } from './rooms/town.ts';

const PORT = 3_128;
const CONTROL = 3_129;
const ACCOUNT = { user: 'bo', password: 'open-sesame-17' };
const LINKED_MS = 15_000;

const folder = mkdtempSync(join(tmpdir(), 'sotto-proxy-'));
let internet: Internet;
let proxies: Room;
let ana: RoomDaemon;
let cy: RoomDaemon;
let bo: RoomDaemon;
let captures = 0;

before(async () => {
  execFileSync(process.execPath, [join(ROOT, 'tools', 'build.mjs'), 'programs'], {
    stdio: 'ignore',
  });
  internet = new Internet();
  const rooms = ['ana', 'cy', 'bo', 'pro'].map((name, i) =>
    internet.room(name, both(`198.51.100.${101 + i}`).slice(0, name === 'pro' ? 1 : 2)),
  );
  proxies = rooms[3]!;
  // A name among the helpers: looking it up would be seen.
  const helpers = 'dht.bootstrap=198.51.100.101:443,helper.invalid:6881';
  // Whom a relay serves is another account: here each contact is to have one.
  const settings = [helpers, 'relay.serve=off'];
  ana = new RoomDaemon('Ana', rooms[0]!, folder, 443, settings);
  cy = new RoomDaemon('Cy', rooms[1]!, folder, 8_443, settings);
  bo = new RoomDaemon('Bo', rooms[2]!, folder, 20_303, settings);
  await Promise.all([ana.start(), cy.start(), bo.start()]);
  await meet(ana, bo);
  await meet(cy, bo);
  await until('both are linked', LINKED_MS, async () => (await online()).length === 2);
  await bo.stop();
});

after(async () => {
  await internet.close();
  rmSync(folder, { recursive: true, force: true });
});

async function online(): Promise<string[]> {
  const { contacts } = await bo.call('contacts.list', {});
  return contacts.filter((contact) => contact.online).map(({ name }) => name);
}

/** What the doctor finds of the proxy. */
async function doctor(): Promise<{ finding: string; all: string }> {
  const { checks } = await bo.call('doctor.run', {});
  const finding = checks.find(({ check }) => check === 'proxy')!.finding;
  return { finding, all: JSON.stringify(checks) };
}

/** Bo runs with this proxy while `play` does, and everything past it is captured. */
async function behind(
  settings: readonly string[],
  play: () => Promise<void>,
  proxy?: RunningProxy,
): Promise<void> {
  const end = await watchPast(bo.room, proxies.address, join(folder, `past-${captures++}.pcap`));
  let past: Packet[] = [];
  try {
    await bo.start(undefined, settings);
    await play().finally(() => bo.stop());
  } finally {
    await proxy?.stop();
    past = await end();
  }
  assert.deepEqual(past, [], 'nothing leaves past the proxy');
}

function through(kind: string, address: string, ...more: string[]): string[] {
  return [`proxy.kind=${kind}`, `proxy.address=${address}`, ...more];
}

async function writesWithAna(): Promise<void> {
  await until('Ana is linked', LINKED_MS, async () => (await online()).includes('Ana'));
  const results = [await bo.talk('Ana', 5, 20), await ana.talk('Bo', 5, 20)];
  assert.deepEqual(
    results.map(({ lost }) => lost),
    [0, 0],
  );
  const { endpoint, transport } = await ana.call('route.show', { to: 'Bo' });
  assert.equal(transport, 'tcp');
  assert.ok(endpoint!.startsWith(`${proxies.address}:`), 'Ana sees the address of the proxy');
}

test('[PRX-1] without a proxy the same capture is not empty', async () => {
  await assert.rejects(
    behind([], () => linked(bo)),
    /nothing leaves past the proxy/,
  );
});

test('[PRX-6] HTTP CONNECT to port 443 alone', async () => {
  const proxy = await tinyproxy(proxies, PORT, [443]);
  const play = async (): Promise<void> => {
    await writesWithAna();
    assert.equal((await doctor()).finding, 'works');
  };
  await behind(through('http', proxy.address), play, proxy);
});

test('[PRX-8] a port that is not allowed, and nobody at the address, are told', async () => {
  const proxy = await tinyproxy(proxies, PORT, [9]);
  const forbidden = async (): Promise<void> => {
    await until('the doctor knows', LINKED_MS, async () => {
      return (await doctor()).finding === 'not-allowed';
    });
    assert.deepEqual(await online(), []);
  };
  await behind(through('http', proxy.address), forbidden, proxy);
  const gone = async (): Promise<void> => {
    await until('the doctor knows', LINKED_MS, async () => {
      return (await doctor()).finding === 'unreachable';
    });
    assert.ok(!(await doctor()).all.includes('198.51.100.'));
  };
  await behind(through('socks5', proxy.address), gone);
});

test('[PRX-4] a password: asked for, set, used, and to be seen nowhere', async () => {
  const proxy = await tinyproxy(proxies, PORT, [443], ACCOUNT);
  const settings = through('http', proxy.address, `proxy.user=${ACCOUNT.user}`);
  await behind(settings, async () => {
    await until('the doctor knows', LINKED_MS, async () => {
      return (await doctor()).finding === 'password';
    });
    const wish = { key: 'proxy.password', value: ACCOUNT.password };
    assert.equal((await bo.call('config.set', wish)).value, '(hidden)');
  });
  const play = async (): Promise<void> => {
    await writesWithAna();
    const { entries } = await bo.call('config.list', {});
    const shown = [
      JSON.stringify(entries),
      readFileSync(`/proc/${bo.pid}/cmdline`, 'latin1'),
      readFileSync(`/proc/${bo.pid}/environ`, 'latin1'),
      readFileSync(join(bo.dataDir, 'logs', 'daemon.log'), 'utf8'),
    ];
    for (const text of shown) assert.ok(!text.includes(ACCOUNT.password));
  };
  await behind(settings, play, proxy);
});

test('[PRX-6] SOCKS5 with and without an account', async () => {
  const open = await microsocks(proxies, PORT);
  const both = async (): Promise<void> => {
    await writesWithAna();
    await until('Cy too', LINKED_MS, async () => (await online()).includes('Cy'));
  };
  await behind(through('socks5', open.address), both, open);
  const closed = await microsocks(proxies, PORT, ACCOUNT);
  const user = `proxy.user=${ACCOUNT.user}`;
  await behind(through('socks5', closed.address, user), writesWithAna, closed);
});

test('[PRX-7] Tor is told to keep contacts apart, and does', async () => {
  const proxy = await tor(proxies, PORT, CONTROL);
  const streams = torStreams(proxies, CONTROL);
  const targets = (): Map<string, Set<string>> => {
    const map = new Map<string, Set<string>>();
    for (const { SOCKS_USERNAME, target } of streams()) {
      map.set(target, (map.get(target) ?? new Set()).add(SOCKS_USERNAME));
    }
    return map;
  };
  const play = async (): Promise<void> => {
    await until('streams to both', 2 * LINKED_MS, () => {
      const byTarget = [...targets().keys()];
      return [ana, cy].every(({ port, room }) => byTarget.includes(`${room.address}:${port}`));
    });
  };
  await behind(through('socks5', proxy.address), play, proxy);
  const accounts = [ana, cy].map(({ port, room }) => {
    const at = room.addresses.map((host) => `${host.includes(':') ? `[${host}]` : host}:${port}`);
    return new Set(at.flatMap((target) => [...(targets().get(target) ?? [])]));
  });
  for (const one of accounts) assert.equal(one.size, 1, 'one account for one contact');
  const all = [...targets().values()].flatMap((names) => [...names]);
  assert.equal(new Set(all).size, accounts.length, 'and no two contacts share one');
  for (const { ISO_FIELDS } of streams()) assert.match(ISO_FIELDS, /SOCKS_USERNAME/);
});
