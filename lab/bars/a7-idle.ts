/**
 * What a daemon costs that has nothing to do: twenty contacts linked, ten thousand messages
 * stored, a DHT of libtorrent nodes around it.
 * @module
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Town, until } from '../rooms/town.ts';
import type { Player } from '../rooms/player.ts';
import { Calls, freshId, isOnline, LocalDaemon, LOOPBACK } from './a7-daemon.ts';
import type { Report } from './bar.ts';

const NODES = 30;
const CONTACTS = 20;
const MESSAGES = 10_000;
const CPU_PERCENT = 0.5;
const RSS_MB = 130;
const LINKED_MS = 180_000;
/** What follows the start (tables, records, first checks) is not idleness. */
const SETTLE_MS = 45_000;
const LOOK_EVERY_MS = 5_000;
const CALLS_AT_ONCE = 48;
const FIRST_PORT = 41_741;
const TICKS_PER_SECOND = 100;
/** Spins 5 of each 100 ms and holds 200 MB. */
const WASTEFUL =
  'const held = Buffer.alloc(200e6, 1); setInterval(() => { const from = Date.now(); ' +
  'while (Date.now() - from < 5) held[0]++; }, 100)';
const CONTROL_S = 5;

const SUBJECT = 'Ana';
const FRIENDS = Array.from({ length: CONTACTS }, (_, i) => `Friend${i + 1}`);

export async function measureIdle(
  report: Report,
  options: { folder: string; seconds: number },
): Promise<void> {
  const { folder, seconds } = options;
  await acquaint(folder);
  const town = await Town.build({ nodes: NODES, delayMs: 25, lossPercent: 1, folder });
  try {
    const settings = ['echo.enabled=false'];
    const subject = town.move(SUBJECT, { settings });
    subject.start('net.port=6881');
    for (const name of FRIENDS) town.move(name, { settings }).start('net.port=6881');
    const linkedMs = await until('all linked', LINKED_MS, () => linkedOf(subject) === CONTACTS);
    report.say(`idle: ${CONTACTS} contacts linked after ${(linkedMs / 1000).toFixed(0)} s`);
    await pause(SETTLE_MS);
    const cost = await costOf(subject.pid!, seconds);
    const linked = linkedOf(subject);
    report.say(`idle: ${seconds} s, ${MESSAGES} messages stored, ${linked} contacts linked`);
    report.say(`  CPU ${cost.cpuPercent.toFixed(2)} % of a core, RSS at most ${cost.rssMb} MB`);
    report.say(`  (its proportional share of it, PSS: ${cost.pssMb} MB)`);
    report.require(linked === CONTACTS, 'idle: every contact is still linked');
    report.require(cost.cpuPercent <= CPU_PERCENT, `idle: CPU ≤ ${CPU_PERCENT} % of a core`);
    report.require(cost.rssMb <= RSS_MB, `idle: RSS ≤ ${RSS_MB} MB`);
  } finally {
    await town.close();
  }
  const child = spawn(process.execPath, ['-e', WASTEFUL], { stdio: 'ignore' });
  await once(child, 'spawn');
  await pause(1_000);
  const wasteful = await costOf(child.pid!, CONTROL_S);
  child.kill();
  const isSeen = wasteful.cpuPercent > CPU_PERCENT && wasteful.rssMb > RSS_MB;
  const what = `a wasteful process (${wasteful.cpuPercent.toFixed(1)} %, ${wasteful.rssMb} MB)`;
  report.control(isSeen, what);
}

/** On loopback, before the town: everybody meets the subject, and one of them talks much. */
async function acquaint(folder: string): Promise<void> {
  const subject = person(folder, SUBJECT, 0);
  const friends = FRIENDS.map((name, i) => person(folder, name, i + 1));
  try {
    await subject.start();
    const { link } = await subject.call('invites.create', { reusable: true });
    for (const friend of friends) {
      await friend.start();
      await friend.call('contacts.add', { text: link!, name: SUBJECT });
      await isOnline(friend);
    }
    await talk(friends[0]!, subject);
  } finally {
    await Promise.all([subject, ...friends].map((one) => one.stop()));
  }
}

function person(folder: string, name: string, number: number): LocalDaemon {
  const peer = FIRST_PORT + (number === 0 ? 1 : 0);
  return new LocalDaemon(folder, name, [
    'net.allowReserved=true',
    `net.bind=${LOOPBACK}`,
    'echo.enabled=false',
    `net.port=${FIRST_PORT + number}`,
    `dht.bootstrap=${LOOPBACK}:${peer}`,
  ]);
}

async function talk(from: LocalDaemon, to: LocalDaemon): Promise<void> {
  const calls = new Calls(from.api());
  let sent = 0;
  const line = async (): Promise<void> => {
    while (sent < MESSAGES) {
      const text = `message ${sent++} of a long talk about nothing in particular`;
      await calls.call('messages.send', { to: to.name, text, clientId: freshId() });
    }
  };
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, line));
  const waiting = async (): Promise<boolean> => {
    return (await from.call('status.get', {})).waiting === 0;
  };
  await until('all messages delivered', LINKED_MS, waiting);
  calls.close();
}

function linkedOf(player: Player): number {
  return player.json<{ linked: number }>('status').linked;
}

interface Cost {
  readonly cpuPercent: number;
  /** The largest seen. */
  readonly rssMb: number;
  readonly pssMb: number;
}

/** What a process used over the next `seconds`, all its threads. */
async function costOf(pid: number, seconds: number): Promise<Cost> {
  const startedMs = performance.now();
  const before = cpuSeconds(pid);
  let rssMb = 0;
  while (performance.now() - startedMs < seconds * 1000) {
    rssMb = Math.max(rssMb, megabytes(`/proc/${pid}/status`, 'VmRSS'));
    const restMs = seconds * 1000 - (performance.now() - startedMs);
    await pause(Math.min(LOOK_EVERY_MS, Math.max(0, restMs)));
  }
  const tookS = (performance.now() - startedMs) / 1000;
  const cpuPercent = (100 * (cpuSeconds(pid) - before)) / tookS;
  return { cpuPercent, rssMb, pssMb: megabytes(`/proc/${pid}/smaps_rollup`, 'Pss') };
}

/** utime and stime of /proc/PID/stat. */
function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function megabytes(file: string, name: string): number {
  const line = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync(file, 'utf8'));
  return Math.round(Number(line?.[1] ?? NaN) / 1024);
}
