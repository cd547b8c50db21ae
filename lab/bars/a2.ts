/**
 * A2: a private pair over BitTorrent's own DHT. See docs/spec/dht.md and discovery.md.
 * @module
 */
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Player } from '../rooms/player.ts';
import { Town, until } from '../rooms/town.ts';
import { quantile, ROOT, type Bar, type BarOptions, type Report } from './bar.ts';

const NODES = 30;
const RESTARTS = 20;
const LINKED_P95_MS = 30_000;
const GIVE_UP_MS = 120_000;
const LISTED_AFTER_MS = 180_000;
const LISTED_MIN = 10;
const CENSUS = fileURLToPath(new URL('../dht/census.ts', import.meta.url));

export const bar: Bar = {
  id: 'A2',
  title: 'two people through 30 libtorrent nodes: invite, messages, 20 restarts, a good citizen',
  async run(report, options) {
    items(report);
    await people(report, options);
  },
};

/** Items both ways with libtorrent, and who lists us: the interop test measures just that. */
function items(report: Report): void {
  const file = join(ROOT, 'lab', 'dht', 'interop.e2e.ts');
  const args = ['--import', 'tsx', '--test', file];
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', cwd: ROOT });
  for (const line of stdout.split('\n').filter((text) => /^(# [a-z]|ok|not ok)/.test(text))) {
    report.say(`  ${line}`);
  }
  const what =
    'items both ways, 10 keys each, with and without salt, seq 1 to 3; read-only unlisted';
  report.require(status === 0, what);
}

async function people(report: Report, options: BarOptions): Promise<void> {
  const { folder, short } = options;
  const town = await Town.build({ nodes: NODES, delayMs: 25, lossPercent: 1, folder });
  try {
    const settings = ['echo.enabled=false'];
    const [ana, bo] = [town.move('Ana', { settings }), town.move('Bo', { settings })];
    const startedMs = performance.now();
    ana.start();
    bo.start();
    bo.sotto('add', ana.sotto('invite', 'new', '--link').trim(), '--name', 'Ana');
    const wait = ['--wait', 'delivered', '--timeout', '90s'];
    bo.sotto('send', 'Ana', 'hello', ...wait);
    ana.sotto('send', 'Bo', 'hello', ...wait);
    report.require(true, 'invite, then a message each way, through the terminal');
    const port = await restarts(report, ana, bo, short ? 3 : RESTARTS);
    await listed(report, town, `${ana.room!.address}:${port}`, short ? 0 : startedMs);
    const stranger = town.move('Eve', { settings, bootstrap: ['198.51.100.250:1'] });
    stranger.start();
    const { contacts } = stranger.json<{ contacts: unknown[] }>('contacts', 'list');
    report.control(contacts.length === 0, 'somebody without the invite meets nobody');
  } finally {
    await town.close();
  }
}

/** Both die and come back at new ports: no remembered address is valid. Returns Ana's last. */
async function restarts(report: Report, ana: Player, bo: Player, count: number): Promise<number> {
  const times: number[] = [];
  let port = 0;
  for (let i = 0; i < count; i++) {
    ana.kill();
    bo.kill();
    const startedMs = performance.now();
    port = randomInt(20_000, 40_000);
    ana.start(`net.port=${port}`);
    bo.start(`net.port=${randomInt(40_000, 59_999)}`);
    await until('linked again', GIVE_UP_MS, () => isLinked(ana, 'Bo') && isLinked(bo, 'Ana'));
    times.push(performance.now() - startedMs);
  }
  report.figures('linked again after both restarted at new ports', times, 'ms');
  const enough = quantile(times, 0.95) <= LINKED_P95_MS;
  report.require(enough, `p95 ≤ ${LINKED_P95_MS / 1000} s over ${count} restarts`);
  return port;
}

function isLinked(player: Player, to: string): boolean {
  return player.json<{ online: boolean }>('contacts', 'show', to).online;
}

/** Ours among the nodes that each libtorrent node names for our id. */
async function listed(
  report: Report,
  town: Town,
  subject: string,
  startedMs: number,
): Promise<void> {
  const restMs = startedMs + LISTED_AFTER_MS - performance.now();
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, startedMs > 0 ? restMs : 0)));
  const counter = town.internet.room('census', ['198.51.100.99']);
  const args = ['--import', 'tsx', CENSUS, counter.address, subject, ...town.dhtRoom.addresses];
  const { stdout, stderr } = counter.run(process.execPath, args);
  if (stdout === '') throw new Error(`census: ${stderr.trim().split('\n')[0]}`);
  const { answered, naming } = JSON.parse(stdout) as { answered: number; naming: number };
  report.say(`find_node for our id: ${answered} of ${NODES} answered, ${naming} name us`);
  report.require(naming >= LISTED_MIN, `named by ≥ ${LISTED_MIN} of ${NODES} nodes`);
}
