/**
 * The API under 20,000 calls that must not get in: a real daemon of the release bundle, raw bytes
 * on its socket. Part of bar A6.
 * @module
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { ApiFile } from '@sotto/api/contract.ts';
import { API_FILE } from '@sotto/api/wire.ts';
import { broken, sendRaw, unauthorisedCalls } from '@sotto/daemon/unauthorised.suite.ts';
import { LocalDaemon } from './a7-daemon.ts';
import type { BarOptions, Report } from './bar.ts';

const CALLS = 20_000;
const CALLS_SHORT = 1_000;
const CONTROL_CALLS = 200;
const AT_ONCE = 32;
const SEED = 20_260;

/** Every call is refused, nothing changes, nobody falls. */
export async function unauthorisedApi(
  report: Report,
  { folder, short }: BarOptions,
): Promise<void> {
  const settings = ['dht.enabled=false', 'echo.enabled=false', 'net.bind=127.0.0.1'];
  const daemon = new LocalDaemon(folder, 'door', [...settings, 'api.port=0']);
  await daemon.start();
  try {
    const file = readFileSync(join(daemon.dataDir, API_FILE), 'utf8');
    const { pid, port, token } = JSON.parse(file) as ApiFile;
    const before = await stateOf(daemon);
    const count = short ? CALLS_SHORT : CALLS;
    const door = { port, token, count, seed: SEED };
    const { accepted, refused } = await knock(door);
    report.say(`unauthorised calls: ${count}, refused with an answer: ${refused}`);
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

interface Door {
  readonly port: number;
  readonly token: string;
  readonly count: number;
  readonly seed: number;
}

async function knock(door: Door): Promise<{ accepted: string[]; refused: number }> {
  const calls = unauthorisedCalls(door);
  const accepted: string[] = [];
  let refused = 0;
  const worker = async (): Promise<void> => {
    for (const { flaws, raw } of calls) {
      const answer = await sendRaw(door.port, raw);
      const what = broken(answer, door.token);
      if (what) accepted.push(`${flaws.join()}: ${what}`);
      else if (answer !== '') refused++;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return { accepted, refused };
}

async function stateOf(daemon: LocalDaemon): Promise<string> {
  const { contacts } = await daemon.call('contacts.list', {});
  return JSON.stringify([
    contacts.map(({ id, name, state }) => [id, name, state]),
    await daemon.call('invites.list', {}),
    await daemon.call('config.list', {}),
  ]);
}

/** Does the check notice where anybody gets in? */
async function opensAreFound(): Promise<boolean> {
  const token = '0'.repeat(63) + '1';
  const open = createServer((_, response) => response.end('{"v":1,"ok":true,"data":{}}'));
  await new Promise<void>((done) => open.listen(0, '127.0.0.1', done));
  const { port } = open.address() as AddressInfo;
  const { accepted } = await knock({ port, token, count: CONTROL_CALLS, seed: SEED });
  open.close();
  return accepted.length > CONTROL_CALLS / 4;
}
