/**
 * `logs`: from the running app, or, where it does not run, from the file it left.
 * @module
 */
import type { LogLine, Result } from '@sotto/api/contract.ts';
import { LOG_LINES_MAX } from '@sotto/api/wire.ts';
import { Failure, failure, usage } from '../failure.ts';
import { readLog } from '../log-files.ts';
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
    const lines = fromFiles(folder);
    if (!lines) throw error;
    return { lines: lines.slice(-limit), next: '0' };
  }
}

function fromFiles(folder: string): LogLine[] | undefined {
  try {
    return readLog(folder);
  } catch (cause) {
    throw failure('unreadable-input', { what: 'The log' }, cause);
  }
}

async function print({ out }: Session, line: LogLine, stream: boolean): Promise<void> {
  const { time, level, message, fields = {} } = line;
  if (out.look.mode === 'json' && stream) return out.event({ v: 1, type: 'log', data: line });
  const values = Object.entries(fields).map(([key, value]) => `${key}=${String(value)}`);
  if (out.look.mode === 'plain') return out.record(time, level, message, values.join(' '));
  out.line({ text: time, style: 'dim' }, ` ${level} `, [message, ...values].join('  '));
}
