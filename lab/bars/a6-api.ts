/**
 * The daemon's door under 20,000 requests that must not get in: a real daemon of the release bundle
 * with two browsers let in, raw bytes on its socket. Part of bars A6 and C4.
 * @module
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  broken,
  inventedDoor,
  sendRaw,
  unauthorisedCalls,
} from '@sotto/daemon/unauthorised.suite.ts';
import type { Door } from '@sotto/daemon/unauthorised.suite.ts';
import { API_PREFIX } from '@sotto/api/wire.ts';
import { cookieName } from '@sotto/daemon/http-guard.ts';
import type { Halves } from '@sotto/daemon/page-sessions.ts';
import { LocalDaemon, LOOPBACK } from './a7-daemon.ts';
import type { BarOptions, Report } from './bar.ts';

const CALLS = 20_000;
const CALLS_SHORT = 1_000;
const CONTROL_CALLS = 200;
const AT_ONCE = 32;
const SEED = 20_260;
const PATIENCE_MS = 5_000;

/** Settings of a daemon that talks to nobody but its screens. */
export const QUIET = [
  'dht.enabled=false',
  'echo.enabled=false',
  'net.bind=127.0.0.1',
  'api.port=0',
] as const;

/** Every call is refused, nothing changes, nobody falls. */
export async function unauthorisedApi(
  report: Report,
  { folder, short }: BarOptions,
): Promise<void> {
  const daemon = new LocalDaemon(folder, 'door', QUIET);
  await daemon.start();
  try {
    const { pid } = daemon.api();
    const before = await stateOf(daemon);
    const batches = short ? 1 : CALLS / CALLS_SHORT;
    let refused = 0;
    const accepted: string[] = [];
    for (let batch = 0; batch < batches; batch++) {
      const found = await knockOnce(report, daemon, SEED + batch);
      accepted.push(...found.accepted);
      refused += found.refused;
    }
    const count = batches * CALLS_SHORT;
    report.say(`unauthorised calls: ${count}, refused with an answer: ${refused}`);
    for (const one of accepted.slice(0, 5)) report.say(`accepted: ${one}`);
    report.require(accepted.length === 0, `0 of ${count} accepted (${accepted.length} were)`);
    report.require(refused > count / 2, 'most of them were answered, not only hung up on');
    report.require((await stateOf(daemon)) === before, 'no contact, invite or setting changed');
    const { pid: after } = await daemon.call('status.get', {});
    report.require(after === pid, 'the same process still answers');
  } finally {
    await daemon.stop();
  }
  report.control(await opensAreFound(), 'a server that checks nothing');
}

/** One batch, short enough for a key that lasts a minute; then who may come in is tried too. */
async function knockOnce(report: Report, daemon: LocalDaemon, seed: number): Promise<Knocked> {
  const door = await doorOf(daemon);
  const knocked = await knock(door, CALLS_SHORT, seed);
  const isIn = await Promise.all(door.live.map((halves) => seesStatus(door.port, halves)));
  if (!isIn.every(Boolean)) report.require(false, 'who was let in before still is');
  const fresh = await swap(door.port, door.fresh);
  if (!fresh) report.require(false, 'the key that they showed is still good');
  return knocked;
}

/** Two browsers that are let in, one that came anew and left its session, and keys. */
async function doorOf(daemon: LocalDaemon): Promise<Door> {
  const { port, token } = daemon.api();
  const spent = await newKey(daemon);
  const old = (await swap(port, spent))!;
  const first = (await swap(port, await newKey(daemon), old.cookie))!;
  const second = (await swap(port, await newKey(daemon)))!;
  return { port, token, live: [first, second], old, fresh: await newKey(daemon), spent };
}

export async function newKey(daemon: LocalDaemon): Promise<string> {
  return (await daemon.call('pages.open', {})).url.split('#k=')[1]!;
}

/** Swaps a one-use key as a page does; undefined where it is not taken. */
async function swap(port: number, key: string, before?: string): Promise<Halves | undefined> {
  const headers = [`Origin: http://${LOOPBACK}:${port}`, 'Sec-Fetch-Site: same-origin'];
  if (before !== undefined) headers.push(`Cookie: ${cookieName(port)}=${before}`);
  const answer = await post(port, 'session', headers, JSON.stringify({ key }));
  const [, cookie] = /=([0-9a-f]{64});/.exec(answer) ?? [];
  const [, page] = /"page":"([0-9a-f]{64})"/.exec(answer) ?? [];
  return cookie === undefined || page === undefined ? undefined : { cookie, page };
}

async function seesStatus(port: number, { cookie, page }: Halves): Promise<boolean> {
  const headers = [`Authorization: Bearer ${page}`, `Cookie: ${cookieName(port)}=${cookie}`];
  return (await post(port, 'status.get', headers, '{}')).includes('"ok":true');
}

/** One request on a connection of its own: one that was kept may end just then. */
function post(
  port: number,
  name: string,
  headers: readonly string[],
  body: string,
): Promise<string> {
  const length = `Content-Length: ${body.length}\r\nConnection: close`;
  const head = [`POST ${API_PREFIX}${name} HTTP/1.1`, `Host: ${LOOPBACK}:${port}`, ...headers];
  const raw = Buffer.from(`${[...head, length].join('\r\n')}\r\n\r\n${body}`);
  return sendRaw(port, raw, PATIENCE_MS);
}

interface Knocked {
  readonly accepted: string[];
  readonly refused: number;
}

async function knock(door: Door, count: number, seed = SEED): Promise<Knocked> {
  const calls = unauthorisedCalls({ ...door, count, seed });
  const accepted: string[] = [];
  let refused = 0;
  const worker = async (): Promise<void> => {
    for (const { flaws, raw } of calls) {
      const answer = await sendRaw(door.port, raw);
      const what = broken(answer, door);
      if (what) accepted.push(`${flaws.join()}: ${what}`);
      else if (answer !== '') refused++;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return { accepted, refused };
}

export async function stateOf(daemon: LocalDaemon): Promise<string> {
  const { contacts } = await daemon.call('contacts.list', {});
  return JSON.stringify([
    contacts.map(({ id, name, state }) => [id, name, state]),
    await daemon.call('invites.list', {}),
    await daemon.call('config.list', {}),
  ]);
}

/** Does the check notice where anybody gets in? */
async function opensAreFound(): Promise<boolean> {
  const open = createServer((_, response) => response.end('{"v":1,"ok":true,"data":{}}'));
  await new Promise<void>((done) => open.listen(0, '127.0.0.1', done));
  const { port } = open.address() as AddressInfo;
  const { accepted } = await knock(inventedDoor(port), CONTROL_CALLS);
  open.close();
  return accepted.length > CONTROL_CALLS / 4;
}
