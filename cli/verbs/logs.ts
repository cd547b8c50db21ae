/**
 * `logs`: from the running app, or, where it does not run, from the file it left.
 * @module
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LogLine, Result } from '@sotto/api/contract.ts';
import { LOG_FILE, LOG_LINES_MAX } from '@sotto/api/wire.ts';
import { Failure, failure, usage } from '../failure.ts';
import type { Session } from '../session.ts';

const POLL_MS = 300;

export async function logs(session: Session, options: { f?: true; n: string }): Promise<void> {
  const limit = /^\d{1,4}$/.test(options.n) ? Number(options.n) : 0;
  if (limit < 1 || limit > LOG_LINES_MAX) {
    throw usage(`"${options.n}" is no number of lines.`, `From -n 1 to -n ${LOG_LINES_MAX}`);
  }
  const page = await newest(session, limit, options.f === true);
  if (session.out.look.mode === 'json' && !options.f) {
    return session.out.json({ lines: page.lines });
  }
  for (let { lines, next } = page; ;) {
    for (const line of lines) await print(session, line, options.f === true);
    if (!options.f) return;
    await new Promise((done) => setTimeout(done, POLL_MS));
    ({ lines, next } = await session.daemon.call('logs.tail', {
      limit: LOG_LINES_MAX,
      after: next,
    }));
  }
}

async function newest(
  { daemon, folder, out }: Session,
  limit: number,
  follow: boolean,
): Promise<Result<'logs.tail'>> {
  try {
    return await daemon.call('logs.tail', { limit });
  } catch (error) {
    const away = error instanceof Failure && error.body.reason === 'not-running';
    if (!away || follow) throw error;
    out.note("The app isn't running. This is what it wrote last.");
    return { lines: fromFile(join(folder, LOG_FILE), limit, error), next: '0' };
  }
}

function fromFile(path: string, limit: number, error: Failure): LogLine[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') throw error;
    throw failure('unreadable-input', { what: path }, cause);
  }
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.slice(-limit).flatMap((line) => {
    try {
      const parsed = JSON.parse(line) as LogLine;
      return typeof parsed.message === 'string' ? [parsed] : [];
    } catch {
      // The last line of a process that was killed may be half a line.
      return [];
    }
  });
}

async function print({ out }: Session, line: LogLine, stream: boolean): Promise<void> {
  const { time, level, message, fields = {} } = line;
  if (out.look.mode === 'json' && stream) return out.event({ v: 1, type: 'log', data: line });
  const values = Object.entries(fields).map(([key, value]) => `${key}=${String(value)}`);
  if (out.look.mode === 'plain') return out.record(time, level, message, values.join(' '));
  out.line({ text: time, style: 'dim' }, ` ${level} `, [message, ...values].join('  '));
}
