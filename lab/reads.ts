/**
 * How long screens wait for what they read, on a profile with 500 chats and 100,000 messages:
 *
 *   npx tsx lab/reads.ts [--chats 500] [--messages 100000] [--largest 50000]
 *
 * Makes the profile (lab/fixture.ts), starts the daemon of the release bundles on it, and asks as a
 * screen does, one call after the other. Beside the times stands the daemon's own processor time of
 * a call, which says more on a machine that others use too. Exit code 1 where a limit is missed.
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LocalDaemon } from './bars/a7-daemon.ts';
import { quantile, Report } from './bars/bar.ts';
import { writeFixture } from './fixture.ts';
import { freePorts } from './kills/ports.ts';

const WARM_CALLS = 5;
const CALLS = 100;
const PAGE = 50;
const LIST_MS = 50;
const PAGE_MS = 10;
const FIND_MS = 100;
/** Common, rare, unknown, of two letters, in another script, across words. */
const WANTED = ['the', 'projector', 'zzzqqq', 'xx', '会议', 'ready. Who'];

const { values } = parseArgs({
  options: {
    chats: { type: 'string', default: '500' },
    messages: { type: 'string', default: '100000' },
    largest: { type: 'string', default: '50000' },
  },
});
const [chats, messages, largest] = [values.chats, values.messages, values.largest].map(Number);
const scratch = mkdtempSync(join(tmpdir(), 'sotto-reads-'));
const report = new Report();
try {
  const size = { chats: chats!, messages: messages!, largest: largest! };
  const folder = join(scratch, 'profile');
  await writeFixture({ folder, ...size, requests: 2, seed: 1, nowMs: Date.now() });
  await measure();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
report.say(report.verdict.line);
process.exitCode = report.verdict.met ? 0 : 1;

async function measure(): Promise<void> {
  const [port] = await freePorts(1);
  const settings = ['dht.enabled=false', 'net.bind=127.0.0.1', 'echo.enabled=false'];
  const daemon = new LocalDaemon(scratch, 'profile', [...settings, `net.port=${port}`]);
  const startedMs = performance.now();
  await daemon.start();
  report.say(`start until ready: ${(performance.now() - startedMs).toFixed(0)} ms`);
  try {
    await read(daemon);
  } finally {
    await daemon.stop();
  }
}

async function read(daemon: LocalDaemon): Promise<void> {
  const { conversations } = await daemon.call('conversations.list', {});
  const all = conversations.map(({ conversation }) => conversation);
  const biggest = conversations.find(({ name }) => name === 'Ana Ruiz') ?? conversations[0]!;
  const to = biggest.conversation;
  const last = Number(biggest.last?.cursor ?? 1);
  const limit = PAGE;
  await time(daemon, 'conversations.list', LIST_MS, () => daemon.call('conversations.list', {}));
  await time(daemon, 'messages.list, newest page', PAGE_MS, (i) =>
    daemon.call('messages.list', { to: all[i % all.length]!, limit }),
  );
  await time(daemon, 'messages.list, around', PAGE_MS, (i) => {
    const around = String(1 + ((i * 7_919) % last));
    return daemon.call('messages.list', { to, limit, around });
  });
  for (const text of WANTED) {
    await time(daemon, `messages.find ${text}`, FIND_MS, () =>
      daemon.call('messages.find', { text }),
    );
  }
}

async function time(
  daemon: LocalDaemon,
  name: string,
  limitMs: number,
  call: (i: number) => Promise<unknown>,
): Promise<void> {
  for (let i = 0; i < WARM_CALLS; i++) await call(i);
  const before = (await daemon.stats())['cpuMs'] ?? 0;
  const times: number[] = [];
  for (let i = 0; i < CALLS; i++) {
    const startedMs = performance.now();
    await call(i + WARM_CALLS);
    times.push(performance.now() - startedMs);
  }
  const cpuMs = (((await daemon.stats())['cpuMs'] ?? 0) - before) / CALLS;
  report.figures(name, times, 'ms');
  report.say(`  ${cpuMs.toFixed(2)} ms of processor time each`);
  report.require(quantile(times, 0.95) <= limitMs, `${name}: p95 ≤ ${limitMs} ms`);
}
