/**
 * `relay start`: the app of a profile as a relay and nothing else.
 *
 *   not running        -> started with our settings on top, and shown
 *   runs so already    -> shown
 *   runs otherwise     -> told, with how to stop it; nothing is changed
 *
 * Nobody's chats become a relay by the way: a profile that was not named on the command line must
 * have neither contacts nor a name. Spec: docs/spec/cli.md CLI-43.
 * @module
 */
import type { Status } from '@sotto/api/contract.ts';
import { shellWord } from '@sotto/api/errors.ts';
import { Failure, failure, usage } from '../failure.ts';
import type { Globals } from '../globals.ts';
import { openSession } from '../session.ts';
import type { Session } from '../session.ts';
import { down, up } from './life.ts';
import { relay } from './relay.ts';

export interface RelayOptions {
  readonly port: string;
  readonly whom: 'public' | 'contacts';
}

type Settings = readonly (readonly [key: string, value: string])[];

const PROFILE = 'relay';
const WEB_PORT = 443;
const PORT_FIRST = 1024;
const PORT_LAST = 65_535;

/** @throws Failure; where the profile is somebody's, the app that was started is stopped again. */
export async function start(asked: Session, options: RelayOptions): Promise<void> {
  const settings = settingsOf(options);
  const session = withSettings(profileMeant(asked), settings);
  const { already, status } = await upAsRelay(session);
  const { globals, out } = session;
  if (already && !(await runsWith(session, settings))) {
    const help = `Stop: ${commandLine(globals, 'stop')}`;
    throw failure('runs-otherwise', { pid: status.pid, help });
  }
  if (!already && !isNamed(asked.globals) && (await isSomebodys(session, status))) {
    await down(session);
    throw failure('needs-profile');
  }
  await relay(session);
  out.note(`Show it again: ${commandLine(globals, 'relay')}`);
  out.note(`Stop it: ${commandLine(globals, 'stop')}`);
}

/** @throws Failure `usage`; the ports are those by which others can name a relay (RLY-11). */
function settingsOf({ port, whom }: RelayOptions): Settings {
  const number = /^\d{1,5}$/.test(port) ? Number(port) : 0;
  if (number !== WEB_PORT && (number < PORT_FIRST || number > PORT_LAST)) {
    const what = `A relay has port ${WEB_PORT}, or one from ${PORT_FIRST} to ${PORT_LAST}.`;
    throw usage(what, `sotto relay start --port ${PORT_FIRST * 20}`);
  }
  return [
    ['relay.serve', whom],
    ['echo.enabled', 'false'],
    ['net.port', String(number)],
  ];
}

/** The profile `relay`, unless the command line or the environment names another. */
function profileMeant(session: Session): Session {
  const { SOTTO_DATA_DIR, SOTTO_PROFILE } = process.env;
  if (isNamed(session.globals) || SOTTO_DATA_DIR || SOTTO_PROFILE) return session;
  return openSession({ ...session.globals, profile: PROFILE }, session.signal);
}

/** The last one of a key counts. */
function withSettings(session: Session, settings: Settings): Session {
  const ours = settings.map(([key, value]) => `${key}=${value}`);
  const set = [...(session.globals.set ?? []), ...ours];
  return { ...session, globals: { ...session.globals, set } };
}

/** A port that is not to be had is chosen anew here, and not at `start`. */
async function upAsRelay(session: Session): ReturnType<typeof up> {
  try {
    return await up(session);
  } catch (error) {
    const body = error instanceof Failure ? error.body : undefined;
    const another = `${commandLine(session.globals, 'relay start')} --port NUMBER`;
    if (body?.reason === 'port-taken') throw new Failure({ ...body, hint: another }, error);
    if (body?.reason !== 'port-denied') throw error;
    throw new Failure({ ...body, hint: `See docs/relay/README.md, or: ${another}` }, error);
  }
}

async function runsWith({ daemon }: Session, settings: Settings): Promise<boolean> {
  for (const [key, wanted] of settings) {
    const { value } = await daemon.call('config.get', { key });
    if (String(value) !== wanted) return false;
  }
  return true;
}

async function isSomebodys({ daemon }: Session, { contacts }: Status): Promise<boolean> {
  if (contacts > 0) return true;
  return (await daemon.call('config.get', { key: 'profile.name' })).value !== '';
}

function isNamed({ dataDir, profile }: Globals): boolean {
  return dataDir !== undefined || profile !== undefined;
}

/** As it is typed for this profile. */
function commandLine({ dataDir, profile }: Globals, verb: string): string {
  const words = ['sotto'];
  if (profile !== undefined) words.push('--profile', profile);
  if (dataDir !== undefined) words.push('--data-dir', shellWord(dataDir));
  return [...words, verb].join(' ');
}
