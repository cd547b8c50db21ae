/**
 * The log as it lies on disk, for when no app runs that could be asked (API-17).
 * @module
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LogLine } from '@sotto/api/contract.ts';
import { LOG_FILE, LOG_FILE_BEFORE } from '@sotto/api/wire.ts';

/**
 * Every whole line of both files, oldest first; undefined where there is neither.
 * @throws NodeJS.ErrnoException where one is there and cannot be read.
 */
export function readLog(folder: string): LogLine[] | undefined {
  const texts = [LOG_FILE_BEFORE, LOG_FILE].map((name) => textOf(join(folder, name)));
  const there = texts.filter((text) => text !== undefined);
  if (there.length === 0) return undefined;
  return there.flatMap((text) => text.split('\n').flatMap(lineOf));
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** None where the process was killed in the middle of its last line. */
function lineOf(text: string): LogLine[] {
  if (text === '') return [];
  try {
    const line = JSON.parse(text) as LogLine;
    return typeof line.message === 'string' ? [line] : [];
  } catch {
    return [];
  }
}
