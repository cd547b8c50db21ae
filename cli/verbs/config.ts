/**
 * `config list|get|set`.
 * @module
 */
import type { ConfigEntry } from '@sotto/api/contract.ts';
import { SECRET_SETTINGS } from '@sotto/api/wire.ts';
import { usage } from '../failure.ts';
import { askHidden } from '../prompt.ts';
import { truncated } from '../safe-text.ts';
import type { Session } from '../session.ts';
import { stdinText } from '../stdin-text.ts';

/** Of a value in the list; `config get` prints it whole. */
const VALUE_COLUMNS = 32;

const SECRET_BYTES_MAX = 255;

const SOURCES: Readonly<Record<ConfigEntry['source'], string>> = {
  flag: 'set at start',
  environment: 'environment',
  file: 'config file',
  default: 'default',
};

export async function list({ out, daemon }: Session): Promise<void> {
  const { entries } = await daemon.call('config.list', {});
  if (out.look.mode === 'json') return out.json({ entries });
  if (out.look.mode === 'plain') {
    for (const entry of entries) record(out, entry);
    return;
  }
  out.table(
    entries.map(({ key, value, source, about }) => [
      key,
      value === '' ? '""' : truncated(out.clean(String(value)), VALUE_COLUMNS, out.utf8),
      SOURCES[source] ?? source,
      about,
    ]),
  );
}

export async function get({ out, daemon }: Session, key: string): Promise<void> {
  const entry = await daemon.call('config.get', { key });
  if (out.look.mode === 'json') out.json(entry);
  else if (out.look.mode === 'plain') record(out, entry);
  else out.line(String(entry.value));
}

export async function set(
  session: Session,
  key: string,
  value: string | undefined,
  options: { default?: true },
): Promise<void> {
  if ((value === undefined) !== (options.default === true)) {
    throw usage('Say either a value or --default.', `sotto config set ${key} VALUE`);
  }
  const { daemon, out } = session;
  const isSecret = value !== undefined && SECRET_SETTINGS.some((name) => name === key);
  const meant = isSecret ? await secret(session, key, value) : value;
  const entry = await daemon.call('config.set', { key, value: meant ?? null });
  if (out.look.mode === 'json') return out.json(entry);
  if (out.look.mode === 'plain') return record(out, entry);
  if (key === 'nearby.home' && (value === 'here' || value === 'not-here')) {
    return noteHome(out, value === 'here', entry.value === '');
  }
  out.note(`${entry.key} is ${entry.value === '' ? 'empty' : String(entry.value)} now.`);
  if (entry.source === 'flag' || entry.source === 'environment') {
    out.note(`It still comes from the ${entry.source}, which wins over the config file.`);
  }
  if (entry.restart) out.note('It takes effect at the next start: sotto stop, then sotto start');
}

/** A network with nothing to be known by leaves no mark. */
function noteHome(out: Session['out'], isHome: boolean, isUnmarked: boolean): void {
  out.note(isHome ? 'This network is home now.' : 'This network is not home any more.');
  if (!isHome || !isUnmarked) return;
  out.note('It has no router to be known by: it is home until it changes or the app ends.');
}

/** From standard input or a person, and never from the command line, which others can see. */
async function secret(session: Session, key: string, value: string): Promise<string> {
  if (value !== '-') {
    const what = 'Others on this computer can see what stands on a command line.';
    throw usage(what, `sotto config set ${key} -`);
  }
  if (session.mayAsk) return askHidden(`${key}: `);
  const read = await stdinText(SECRET_BYTES_MAX, session.signal);
  if ('text' in read) return read.text;
  throw usage(`It is longer than ${SECRET_BYTES_MAX} bytes.`);
}

function record(out: Session['out'], entry: ConfigEntry): void {
  const { key, value, source, restart } = entry;
  out.record(key, value, source, entry.default, restart);
}
