/**
 * Real proxies in rooms of the lab: tinyproxy (HTTP CONNECT), microsocks (SOCKS5) and Tor's own
 * SOCKS front end, which has no network behind it and only tells how it keeps streams apart.
 * @module
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Room } from './rooms/internet.ts';
import { until } from './rooms/town.ts';

const START_MS = 20_000;

export interface RunningProxy {
  /** `host:port`, for the setting. */
  readonly address: string;
  stop(): Promise<void>;
}

export interface Account {
  readonly user: string;
  readonly password: string;
}

/** @param ports those that CONNECT may lead to. */
export function tinyproxy(
  room: Room,
  port: number,
  ports: readonly number[],
  account?: Account,
): Promise<RunningProxy> {
  const lines = [
    `Port ${port}`,
    `Listen ${room.address}`,
    'Timeout 600',
    'MaxClients 100',
    ...ports.map((allowed) => `ConnectPort ${allowed}`),
    ...(account ? [`BasicAuth ${account.user} ${account.password}`] : []),
  ];
  const file = join(mkdtempSync(join(tmpdir(), 'sotto-tinyproxy-')), 'conf');
  writeFileSync(file, `${lines.join('\n')}\n`);
  return run(room, port, 'tinyproxy', ['-d', '-c', file]);
}

export function microsocks(room: Room, port: number, account?: Account): Promise<RunningProxy> {
  const who = account ? ['-u', account.user, '-P', account.password] : [];
  return run(room, port, 'microsocks', ['-i', room.address, '-p', String(port), ...who]);
}

/** @param control port on which `torStreams` asks it. */
export function tor(room: Room, port: number, control: number): Promise<RunningProxy> {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-tor-'));
  const args = [
    ...['-f', '/dev/null', '--DataDirectory', folder, '--ignore-missing-torrc'],
    ...['--SocksPort', `${room.address}:${port}`, '--SocksPolicy', 'accept *'],
    ...['--ControlPort', `127.0.0.1:${control}`, '--CookieAuthentication', '0'],
    ...['--ClientRejectInternalAddresses', '0', '--Log', 'notice stdout'],
  ];
  return run(room, port, 'tor', args);
}

/** What Tor says of each stream: `key=value` words, of which it has these. */
export interface TorStream {
  readonly target: string;
  readonly SOCKS_USERNAME: string;
  readonly SESSION_GROUP: string;
  readonly ISO_FIELDS: string;
}

async function run(
  room: Room,
  port: number,
  command: string,
  args: readonly string[],
): Promise<RunningProxy> {
  const child = room.spawn(command, args);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text: Buffer) => (said = `${said}${text.toString()}`.slice(-2_000)));
  }
  const listens = (): boolean => {
    if (child.exitCode !== null) throw new Error(`${command}: ${said}`);
    const { stdout } = room.run('ss', ['-Hltn', `sport = :${port}`]);
    return stdout.trim() !== '';
  };
  await until(`${command} listens`, START_MS, listens);
  return {
    address: `${room.address}:${port}`,
    stop: async () => {
      const ended = new Promise((done) => child.once('exit', done));
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Runs in the room: prints what Tor tells of new streams until it is ended. */
const LISTENER = `
const socket = require('node:net').connect(Number(process.argv[1]), '127.0.0.1');
socket.on('connect', () => socket.write('AUTHENTICATE ""\\r\\nSETEVENTS STREAM\\r\\n'));
socket.on('data', (bytes) => process.stdout.write(bytes));
`;

/** Collects the streams that Tor is asked for from now on. */
export function torStreams(room: Room, control: number): () => TorStream[] {
  const child = room.spawn(process.execPath, ['-e', LISTENER, String(control)]);
  let said = '';
  child.stdout.on('data', (bytes: Buffer) => (said += bytes.toString()));
  return () =>
    said.split('\r\n').flatMap((line) => {
      const words = /^650 STREAM \d+ NEW \d+ (\S+) (.*)$/.exec(line);
      // What Tor fetches for itself is none of ours.
      if (words?.[2]?.includes('PURPOSE=USER') !== true) return [];
      const pairs = words[2].matchAll(/(\w+)=("[^"]*"|\S+)/g);
      const fields = Object.fromEntries([...pairs].map(([, key, value]) => [key, value]));
      return [{ target: words[1], ...fields } as TorStream];
    });
}
