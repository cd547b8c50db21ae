/**
 * Two people find each other through 30 real libtorrent nodes and write both ways, each in a
 * network namespace of their own, over lines with delay and loss; then both come back at new
 * ports with nothing but each other's pair secret.
 * @module
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ROOT } from './bars/bar.ts';
import type { Player } from './rooms/player.ts';
import { Town, until } from './rooms/town.ts';

const folder = mkdtempSync(join(tmpdir(), 'sotto-pair-'));
let town: Town;
let ana: Player;
let bo: Player;

interface Message {
  readonly text: string;
  readonly outgoing: boolean;
  readonly state: string;
}

function texts(player: Player, from: string): string[] {
  const { status, stdout } = player.attempt('--json', 'read', from);
  if (status !== 0) return []; // nobody of this name yet
  const { messages } = (JSON.parse(stdout) as { data: { messages: Message[] } }).data;
  return messages.filter(({ outgoing }) => !outgoing).map(({ text }) => text);
}

before(async () => {
  execFileSync(process.execPath, [join(ROOT, 'tools', 'build.mjs'), 'programs'], {
    stdio: 'ignore',
  });
  town = await Town.build({ nodes: 30, delayMs: 15, lossPercent: 1, folder });
  ana = town.move('Ana', { settings: ['echo.enabled=false'] });
  bo = town.move('Bo', { settings: ['echo.enabled=false'] });
});

after(async () => {
  await town.close();
  rmSync(folder, { recursive: true, force: true });
});

test('an invite leads through the DHT to its maker, and messages go both ways', async () => {
  ana.start();
  bo.start();
  const link = ana.sotto('invite', 'new', '--link').trim();
  bo.sotto('add', link, '--name', 'Ana');
  bo.sotto('send', 'Ana', 'hello from Bo');
  const tookMs = await until('the first message', 60_000, () => texts(ana, 'Bo').length === 1);
  process.stdout.write(`first message after ${Math.round(tookMs)} ms\n`);
  ana.sotto('send', 'Bo', 'hello from Ana', '--wait', 'delivered', '--timeout', '20s');
  assert.deepEqual(texts(ana, 'Bo'), ['hello from Bo']);
  assert.deepEqual(texts(bo, 'Ana'), ['hello from Ana']);
});

test('both killed and back at new ports, they find each other by the pair secret', async () => {
  ana.kill();
  bo.kill();
  ana.start('net.port=31001');
  bo.start('net.port=31002');
  ana.sotto('send', 'Bo', 'where are you?');
  const tookMs = await until('the message after the restart', 60_000, () => {
    return texts(bo, 'Ana').length === 2;
  });
  process.stdout.write(`linked again after ${Math.round(tookMs)} ms\n`);
  assert.deepEqual(texts(bo, 'Ana'), ['hello from Ana', 'where are you?']);
});
