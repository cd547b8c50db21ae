/**
 * A3: what both daemons' outside interfaces show, over clocks stepped by hours and days: nothing
 * that names anybody, and DHT items that tell nothing apart.
 * @module
 */
import { spawnSync } from 'node:child_process';
import { createHash, randomBytes, randomInt } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hex, utf8 } from '@sotto/core/base/bytes.ts';
import { decodeKrpc } from '@sotto/core/discovery/krpc.ts';
import { mutableTarget } from '@sotto/core/discovery/item.ts';
import { EPOCH_MS, epochOf, inviteKeys, pairKeys } from '@sotto/core/discovery/epoch.ts';
import { decodeContact } from '@sotto/core/people/contact.ts';
import { decodeInvite } from '@sotto/core/people/invite.ts';
import type { Me } from '@sotto/core/compose/self.ts';
import { dhPublicKey } from '@sotto/core/crypto/dh.ts';
import type { Loaded } from '@sotto/core/base/vault.ts';
import type { Player } from '../rooms/player.ts';
import { openProfile } from '../rooms/profile.ts';
import { Town, until } from '../rooms/town.ts';
import { capture, endCapture, readCapture, type Packet } from './a3-capture.ts';
import { needlesOf, search, type Needle } from './a3-needles.ts';
import type { Bar, BarOptions, Report } from './bar.ts';

const FAKETIME = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1';
const HOUR_S = 3600;
/** The clocks' offsets, in hours, one after the other: over 3 hours, then over 2 days. */
const STEPS_H = [0, 1, 2, 3, 4, 28, 51, 52];
/** Value of each of our items: 768 bytes and the bencoded length in front. */
const VALUE_BYTES = 772;

interface Step {
  readonly sinceMs: number;
  readonly offsetMs: number;
}

export const bar: Bar = {
  id: 'A3',
  title: 'captured for 52 stepped hours, nothing names anybody and no target outlives its hour',
  async run(report, options) {
    needFaketime();
    const scene = await play(report, options);
    judge(report, scene);
  },
};

function needFaketime(): void {
  if (existsSync(FAKETIME)) return;
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'faketime']);
  if (!existsSync(FAKETIME)) throw new Error('needs the Debian package faketime');
}

interface Scene {
  readonly packets: readonly Packet[];
  readonly steps: readonly Step[];
  readonly people: readonly { player: Player; loaded: Loaded; me: Me }[];
  readonly texts: readonly string[];
  readonly canary: string;
}

/** Ana and Bo write to each other while their clocks are stepped, everything captured. */
async function play(report: Report, { folder, short }: BarOptions): Promise<Scene> {
  const clock = join(folder, 'clock');
  writeFileSync(clock, '+0\n');
  const env = {
    LD_PRELOAD: FAKETIME,
    FAKETIME_TIMESTAMP_FILE: clock,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
  };
  const town = await Town.build({ nodes: 30, delayMs: 5, lossPercent: 0, folder });
  try {
    const settings = ['echo.enabled=false'];
    const names = ['Ana Featherstonehaugh', 'Bo Quillfeather-Ostrander'];
    const players = names.map((name, i) =>
      town.move(`p${i}`, { env, settings: [...settings, `profile.name=${name}`] }),
    );
    const captures = players.map((player) => capture(player.room!, captureFile(player, folder)));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const [ana, bo] = [players[0]!, players[1]!];
    for (const player of players) player.start();
    bo.sotto('add', ana.sotto('invite', 'new', '--link').trim(), '--name', 'Ana');
    const steps: Step[] = [];
    const texts: string[] = [];
    for (const hours of short ? STEPS_H.slice(0, 2) : STEPS_H) {
      writeFileSync(clock, `+${hours * HOUR_S}\n`);
      steps.push({ sinceMs: Date.now(), offsetMs: hours * EPOCH_MS });
      texts.push(...(await exchange(ana, bo)));
      report.say(`clocks at +${hours} h: a message each way`);
    }
    const canary = `canary ${randomBytes(24).toString('hex')}`;
    sayInClear(ana, bo, canary);
    for (const player of players) player.stop();
    await Promise.all(captures.map(endCapture));
    const packets = players.flatMap((player) => readCapture(captureFile(player, folder)));
    report.say(`${packets.length} packets captured, clocks stepped ${steps.length} times`);
    const people = await Promise.all(players.map(open));
    return { packets, steps, people, texts, canary };
  } finally {
    await town.close();
  }
}

/** Both come back at new ports, so that both publish and look; then a message each way. */
async function exchange(ana: Player, bo: Player): Promise<string[]> {
  const texts = [0, 1].map(() => `a text of people ${randomBytes(20).toString('hex')}`);
  for (const player of [ana, bo]) player.kill();
  for (const player of [ana, bo]) player.start(`net.port=${randomInt(20_000, 60_000)}`);
  const wait = ['--wait', 'delivered', '--timeout', '60s'];
  bo.sotto('send', 'Ana', texts[0]!, ...wait);
  const of = ana.json<{ contacts: { name: string }[] }>('contacts', 'list').contacts[0]!.name;
  ana.sotto('send', of, texts[1]!, ...wait);
  await until('a while', 10_000, () => new Promise((done) => setTimeout(() => done(true), 3_000)));
  return texts;
}

function captureFile(player: Player, folder: string): string {
  return join(folder, `${player.name}.pcap`);
}

function sayInClear(from: Player, to: Player, text: string): void {
  const script = `const s=require('dgram').createSocket('udp4');
    s.send(${JSON.stringify(text)}, 9, '${to.room!.address}', () => s.close())`;
  from.room!.run(process.execPath, ['-e', script]);
}

async function open(player: Player): Promise<{ player: Player; loaded: Loaded; me: Me }> {
  return { player, ...(await openProfile(player.dataDir)) };
}

function judge(report: Report, scene: Scene): void {
  const { packets } = scene;
  const hay = Buffer.concat(packets.map(({ payload }) => payload));
  const found = search(hay, needles(scene));
  for (const { form, secret } of found) report.say(`  found: ${secret} as ${form}`);
  report.require(found.length === 0, `${needles(scene).length} needles: 0 found`);
  const canaries = search(hay, needlesOf('canary', utf8(scene.canary)));
  report.control(canaries.length > 0, 'a canary that was sent in clear');
  judgeItems(report, scene);
}

function needles({ people, texts }: Scene): Needle[] {
  const all: Needle[] = [];
  for (const { loaded, me, player } of people) {
    const add = (what: string, value: Uint8Array): void =>
      void all.push(...needlesOf(`${player.name} ${what}`, value));
    add('identity', me.identity);
    add('device', me.device);
    add('Noise key', dhPublicKey(me.noise.reveal()));
    add('libsignal identity', loaded.signalIdentity);
    add('ID text', utf8(me.id));
    add('ID text without prefix', utf8(me.id.slice('sotto:'.length)));
  }
  for (const name of ['Ana Featherstonehaugh', 'Bo Quillfeather-Ostrander']) {
    all.push(...needlesOf('name', utf8(name)));
  }
  for (const text of texts) all.push(...needlesOf('text', utf8(text)));
  return all;
}

/** Length and epochs of everything we put and asked for. */
function judgeItems(report: Report, scene: Scene): void {
  const epochs = targetEpochs(scene);
  const lengths = new Set<number>();
  const putIn = new Map<string, Set<number>>();
  const counts = { puts: 0, gets: 0, outside: 0, unknown: 0 };
  const ours = new Set(scene.people.map(({ player }) => player.room!.address));
  for (const packet of scene.packets) {
    if (packet.protocol !== 'udp' || !ours.has(packet.from)) continue;
    const message = decodeKrpc(new Uint8Array(packet.payload));
    if (!message.ok || message.kind !== 'query') continue;
    const now = epochOf(packet.atMs + offsetAt(scene.steps, packet.atMs));
    const { query } = message;
    if (query.method === 'put') {
      counts.puts++;
      lengths.add(query.raw.length);
      const target = query.mutable ? hex(mutableTarget(query.mutable.k)) : 'immutable';
      putIn.set(target, (putIn.get(target) ?? new Set<number>()).add(now));
    } else if (query.method === 'get') {
      counts.gets++;
      const epoch = epochs.get(hex(query.target));
      if (epoch === undefined) counts.unknown++;
      else if (Math.abs(epoch - now) > 1) counts.outside++;
    }
  }
  report.say(`puts ${counts.puts}, gets ${counts.gets}, targets put ${putIn.size}`);
  const one = lengths.size === 1 && lengths.has(VALUE_BYTES);
  report.require(counts.puts > 0 && one, `all our values have one length, ${VALUE_BYTES} bytes`);
  const hours = new Set([...putIn.values()].flatMap((when) => [...when])).size;
  report.require(hours >= scene.steps.length, `items were put in every hour stepped to (${hours})`);
  const twice = [...putIn.values()].filter((when) => when.size > 1).length;
  report.require(twice === 0, `no target is put in two epochs (${twice} were)`);
  report.require(counts.outside === 0, `none is asked for outside e-1..e+1 (${counts.outside})`);
  report.require(counts.unknown === 0, `every target asked for is ours (${counts.unknown} not)`);
  const moved = [...epochs.values()].some((epoch) => Math.abs(epoch - epochOf(0)) > 1);
  report.control(moved, 'a target of another epoch counts as outside');
}

function offsetAt(steps: readonly Step[], atMs: number): number {
  return steps.filter(({ sinceMs }) => sinceMs <= atMs).at(-1)?.offsetMs ?? 0;
}

/** The epoch of every target that the two could compute around the time of the scene. */
function targetEpochs({ people, steps }: Scene): Map<string, number> {
  const epochs = new Map<string, number>();
  const first = epochOf(steps[0]!.sinceMs) - 50;
  const last = epochOf(steps.at(-1)!.sinceMs + steps.at(-1)!.offsetMs) + 50;
  const add = (publicKey: Uint8Array, epoch: number): void =>
    void epochs.set(createHash('sha1').update(publicKey).digest('hex'), epoch);
  const devices = people.map(({ me }) => me.device);
  for (const { loaded } of people) {
    for (const { space, value } of loaded.docs) {
      const pair = space === 'contact' ? decodeContact(value)?.secret : undefined;
      const invite = space === 'invite' ? decodeInvite(value)?.secret : undefined;
      for (let epoch = first; epoch <= last; epoch++) {
        for (const end of ['inviter', 'invitee'] as const) {
          if (invite) add(inviteKeys(invite, end, epoch).signing.publicKey, epoch);
        }
        if (pair) for (const d of devices) add(pairKeys(pair, d, epoch).signing.publicKey, epoch);
      }
    }
  }
  return epochs;
}
