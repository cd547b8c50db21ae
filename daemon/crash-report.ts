/**
 * What is left behind when the daemon meets a fault of its own: one file in logs/, for the person
 * to read and to send. It holds the message, the frames of our own files and the counts of
 * stats(). Redaction is that of the log: no key, no ID, no address is in it (API-19).
 * @module
 */
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { redact } from './redact.ts';

/** Exit code after an assertion failed or an exception was not caught (EX_SOFTWARE). */
export const FAULT_EXIT = 70;
const REPORTS_MAX = 5;
const FRAMES_MAX = 30;

export interface CrashFacts {
  readonly version: string;
  readonly wallMs: number;
  readonly stats: Readonly<Record<string, number>>;
}

/** Writes a report. @returns its name; undefined where the disk takes nothing. */
export function writeCrashReport(
  logs: string,
  error: unknown,
  facts: CrashFacts,
): string | undefined {
  const { message, name, stack = '' } = error instanceof Error ? error : new Error('no error');
  const report = {
    time: new Date(facts.wallMs).toISOString(),
    version: facts.version,
    node: process.version,
    error: redact(`${name}: ${message}`, false),
    frames: framesOf(stack),
    stats: facts.stats,
  };
  const file = `crash-${report.time.replaceAll(/[:.]/g, '-')}.json`;
  try {
    dropOldReports(logs);
    writeFileSync(join(logs, file), `${JSON.stringify(report, null, 2)}\n`, { mode: 0o600 });
    return file;
  } catch {
    return undefined;
  }
}

/** `function (file:line:column)`, without the folders of this computer. */
function framesOf(stack: string): string[] {
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  return frames.slice(0, FRAMES_MAX).map((line) => {
    const place = /\(?([^\s()]+):(\d+):(\d+)\)?$/.exec(line);
    const name = /^\s+at (?:async )?([\w.#<>[\] ]+) \(/.exec(line)?.[1] ?? '';
    if (!place) return redact(name, false);
    return `${name} (${basename(place[1]!)}:${place[2]}:${place[3]})`.trim();
  });
}

function dropOldReports(logs: string): void {
  const reports = readdirSync(logs).filter((name) => /^crash-.*\.json$/.test(name));
  const surplus = reports.sort().slice(0, Math.max(0, reports.length - REPORTS_MAX + 1));
  for (const name of surplus) rmSync(join(logs, name));
}
