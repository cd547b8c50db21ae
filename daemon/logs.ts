/**
 * The daemon's log: one `LogLine` of the contract per line, the newest file and one before it.
 *
 *   {"time":"2026-11-21T15:04:05.123Z","level":"info","message":"linked","fields":{"rttMs":12}}
 *
 * Nothing in it names a person or shows a place (redact.ts; API-16). Both files
 * together are at most 2 * FILE_BYTES long and 2 * FILE_MS old (API-17).
 * @module
 */
import {
  closeSync,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { LOG_FILE, LOG_FILE_BEFORE, LogLine } from '@sotto/api/contract.ts';
import type { LogField, LogLevel } from '@sotto/core/effects.ts';
import { redact } from './redact.ts';

export const FILE_BYTES = 2 * 1024 * 1024;
export const FILE_MS = 12 * 60 * 60 * 1000;
const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

export type LogFields = Readonly<Record<string, LogField>>;
export type Log = (level: LogLevel, message: string, fields?: LogFields) => void;

export interface LogTail {
  readonly lines: LogLine[];
  /** Where a later `tail` goes on: inode and length of the newest file. */
  readonly next: string;
}

export class LogFile {
  readonly #newest: string;
  readonly #before: string;
  readonly #wallMs: () => number;
  #level: LogLevel;
  #file: number | undefined;
  #bytes = 0;
  #startedMs = 0;
  /** Lines that could not be written: the disk was full or the folder went away. */
  lost = 0;

  /** @param folder the profile's `logs/`. */
  constructor(folder: string, level: LogLevel, wallMs: () => number = Date.now) {
    this.#newest = join(folder, basename(LOG_FILE));
    this.#before = join(folder, basename(LOG_FILE_BEFORE));
    this.#level = level;
    this.#wallMs = wallMs;
  }

  setLevel(level: LogLevel): void {
    this.#level = level;
  }

  /** A writer for one part of the daemon, which stands in the line's fields. */
  part(part: string): Log {
    return (level, message, fields) => this.#write(level, message, { part, ...fields });
  }

  /** The last lines, oldest first, at most `limit`; with `after` only those written since. */
  tail(limit: number, after?: string): LogTail {
    const [inode, offset] = (after ?? '').split('-').map(Number);
    const texts: string[] = [];
    let next = '0-0';
    // From the newest backwards, as far as needed.
    for (const path of [this.#newest, this.#before]) {
      const found = statSync(path, { throwIfNoEntry: false });
      if (!found) continue;
      const bytes = readFileSync(path);
      if (path === this.#newest) next = `${found.ino}-${bytes.length}`;
      const isLast = found.ino === inode;
      texts.unshift(bytes.subarray(isLast ? offset : 0).toString('utf8'));
      if (isLast) break;
    }
    const lines = texts
      .join('')
      .split('\n')
      .slice(-limit - 1);
    return { lines: lines.flatMap(parseLine).slice(-limit), next };
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #write(level: LogLevel, message: string, fields: LogFields): void {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(this.#level)) return;
    const wallMs = this.#wallMs();
    const showsAddresses = this.#level === 'debug';
    const clean: Record<string, LogField> = {};
    for (const [name, value] of Object.entries(fields)) {
      clean[name] = typeof value === 'string' ? redact(value, showsAddresses) : value;
    }
    const line: LogLine = {
      time: new Date(wallMs).toISOString(),
      level,
      message: redact(message, showsAddresses),
      fields: clean,
    };
    try {
      this.#append(`${JSON.stringify(line)}\n`, wallMs);
    } catch {
      this.lost++;
    }
  }

  #append(text: string, wallMs: number): void {
    const isOver = this.#bytes >= FILE_BYTES || wallMs - this.#startedMs >= FILE_MS;
    if (this.#file === undefined || isOver) this.#open(wallMs);
    this.#bytes += writeSync(this.#file!, text);
  }

  /** Opens the newest file, or begins one where that is too long or too old. */
  #open(wallMs: number): void {
    const isFull = this.#file !== undefined;
    this.close();
    const found = statSync(this.#newest, { throwIfNoEntry: false });
    // Its birth is when its first line was written; where that is unknown, its last change.
    const bornMs = found ? found.birthtimeMs || found.mtimeMs : wallMs;
    if (found && (isFull || found.size >= FILE_BYTES || wallMs - bornMs >= FILE_MS)) {
      renameSync(this.#newest, this.#before);
    }
    const old = statSync(this.#before, { throwIfNoEntry: false });
    if (old && wallMs - old.mtimeMs >= FILE_MS) rmSync(this.#before);
    this.#file = openSync(this.#newest, 'a', 0o600);
    this.#bytes = fstatSync(this.#file).size;
    this.#startedMs = this.#bytes === 0 ? wallMs : bornMs;
  }
}

/** None where a crash cut the line. */
function parseLine(text: string): LogLine[] {
  try {
    return [LogLine.parse(JSON.parse(text))];
  } catch {
    return [];
  }
}
