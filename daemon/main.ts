/**
 * The daemon's program: `node dist/daemon.mjs --data-dir DIR [--set key=value]...`
 *
 *   option                          else
 *   --data-dir DIR                  SOTTO_DATA_DIR, else the folder of --profile
 *   --profile NAME                  SOTTO_PROFILE, else `default`
 *   --set key=value                 any number of them (api/settings.ts)
 *   --passphrase-file FILE | -      the vault opens with its key file
 *   --locked                        a missing passphrase is no failure: a page asks for it
 *
 * It says one line: on standard output when it is ready, on standard error why it is not
 * (`DaemonReady` and `ApiErrorBody` of the contract). Then nothing more: there is a log.
 *
 *   SIGTERM, SIGINT, `daemon.stop`     flush, exit 0 within 2 s
 *   failed assertion, uncaught error   report in logs/, exit 70
 *
 * Spec: docs/spec/local-api.md API-3, API-12, API-19.
 * @module
 */
import './small-heap.ts';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { API_FILE, API_VERSION } from '@sotto/api/contract.ts';
import type { DaemonReady } from '@sotto/api/contract.ts';
import { FAULT_EXIT, writeCrashReport } from './crash-report.ts';
import { Daemon } from './daemon.ts';
import { dataFolderPath } from './data-folder.ts';
import { launch } from './launch.ts';
import { StartFailure, startFailureFrom } from './start-failure.ts';

declare const __SOTTO_VERSION__: string | undefined;

const VERSION = typeof __SOTTO_VERSION__ === 'string' ? __SOTTO_VERSION__ : 'from source';
const PASSPHRASE_BYTES_MAX = 4096;

// Every file of ours is for this user alone, whoever in this process makes it.
process.umask(0o077);

let folder: string | undefined;
let daemon: Daemon | undefined;
let ending = false;

process.on('uncaughtException', fault);
process.on('unhandledRejection', fault);
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop);
process.on('SIGHUP', () => undefined); // a terminal that goes away is no reason to end
// Whoever started us may be gone before we have said our line.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

main().catch((error: unknown) => {
  const failure = startFailureFrom(error);
  if (!failure) return fault(error);
  process.stderr.write(failure.line(), () => process.exit(failure.exitCode()));
});

async function main(): Promise<void> {
  const { values } = readArguments();
  const { env } = process;
  folder = dataFolderPath({ dataDir: values['data-dir'], profile: values.profile }, env);
  const passphrase = readPassphrase(values['passphrase-file']);
  const started = await Daemon.start({
    folder,
    flags: values.set ?? [],
    env,
    passphrase,
    version: VERSION,
    locked: values.locked ?? false,
    launch: (other) => launch(fileURLToPath(import.meta.url), other),
    onStop: stop,
    onFault: fault,
  });
  passphrase?.fill(0);
  daemon = started;
  if (ending) return stop();
  const ready: DaemonReady = {
    v: API_VERSION,
    ok: true,
    data: { pid: process.pid, port: started.port },
  };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
}

function readArguments() {
  try {
    return parseArgs({
      options: {
        'data-dir': { type: 'string' },
        profile: { type: 'string' },
        set: { type: 'string', multiple: true },
        'passphrase-file': { type: 'string' },
        locked: { type: 'boolean' },
      },
    });
  } catch (error) {
    const what = error instanceof Error ? error.message : 'Unknown option.';
    throw new StartFailure('usage', { what, help: 'See: sotto start --help' });
  }
}

/** The first line of a file or of standard input, as bytes: it is never a string. */
function readPassphrase(file: string | undefined): Uint8Array | undefined {
  if (file === undefined) return undefined;
  try {
    const bytes = readFileSync(file === '-' ? 0 : file);
    const end = bytes.indexOf(0x0a);
    const line = Uint8Array.from(end < 0 ? bytes : bytes.subarray(0, end));
    bytes.fill(0);
    if (line.length <= PASSPHRASE_BYTES_MAX) return line;
  } catch {
    // Told below.
  }
  throw new StartFailure('unreadable-input', { what: 'The passphrase file' });
}

function stop(): void {
  if (ending && !daemon) return;
  ending = true;
  daemon?.stop().then(
    () => process.exit(0),
    () => process.exit(FAULT_EXIT),
  );
}

/** Our own fault: leave a report and end at once; what was acknowledged is on disk. */
function fault(error: unknown): void {
  // While everything closes, calls that were under way find it closed.
  if (ending && daemon) return daemon.logs.part('daemon')('warn', 'fault while stopping');
  ending = true;
  const stats = statsOf(daemon);
  const facts = { version: VERSION, wallMs: Date.now(), stats };
  const report = folder && writeCrashReport(join(folder, 'logs'), error, facts);
  daemon?.logs.part('daemon')('error', 'ended by a fault of its own', { report: report ?? 'none' });
  const what = report ? `a fault of its own, see logs/${report}` : 'a fault of its own';
  process.stderr.write(new StartFailure('start-failed', { what }).line());
  if (daemon && folder) rmSync(join(folder, API_FILE), { force: true });
  process.exit(FAULT_EXIT);
}

function statsOf(running: Daemon | undefined): Record<string, number> {
  try {
    return running?.stats() ?? {};
  } catch {
    return {};
  }
}
