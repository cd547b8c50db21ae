/**
 * Options that every command knows, in any order, and what they and the environment make of the
 * two output streams (CLI-13).
 * @module
 */
import type { Command } from 'commander';
import { usage } from './failure.ts';
import type { Look } from './output.ts';
import { parseDuration } from './time.ts';

export interface Globals {
  readonly json?: true;
  readonly plain?: true;
  readonly quiet?: true;
  readonly debug?: true;
  readonly color: boolean;
  readonly input: boolean;
  readonly profile?: string;
  readonly dataDir?: string;
  readonly timeout?: string;
  readonly set?: readonly string[];
  readonly passphraseFile?: string;
}

const TIMEOUT_MS_MAX = 7 * 86_400_000;

export function addGlobals(program: Command): void {
  program
    .option('--json', 'print one JSON object; streams print one per line')
    .option('--plain', 'print one record per line, fields separated by tabs')
    .option('-q, --quiet', 'print data and errors only')
    .option('-d, --debug', 'tell on stderr what is asked of the app')
    .option('--no-color', 'no styles; also NO_COLOR, TERM=dumb, or no terminal')
    .option('--no-input', 'never ask')
    .option('--profile <name>', 'use this profile (SOTTO_PROFILE)')
    .option('--data-dir <dir>', 'use the profile in this folder (SOTTO_DATA_DIR)')
    .option('--timeout <duration>', 'how long to wait, such as 10s or 2m')
    .option('--set <key=value>', 'a setting for this start of the app', collect)
    .option('--passphrase-file <file>', 'opens a locked profile; - is standard input');
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** What the streams can show. Also for errors in the command line itself, so it never throws. */
export function lookOf(globals: Partial<Globals>, env: NodeJS.ProcessEnv): Look {
  const styled = globals.color !== false && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  return {
    mode: globals.json ? 'json' : globals.plain ? 'plain' : 'human',
    quiet: globals.quiet === true,
    debug: globals.debug === true,
    utf8: isUtf8Locale(env),
    colorOut: styled && process.stdout.isTTY,
    colorErr: styled && process.stderr.isTTY,
  };
}

/** The first that is set decides, as in POSIX. Windows and macOS terminals are UTF-8 anyway. */
function isUtf8Locale(env: NodeJS.ProcessEnv): boolean {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'];
  if (!locale) return process.platform === 'win32' || process.platform === 'darwin';
  return /utf-?8/i.test(locale);
}

/** @throws Failure `usage` */
export function timeoutOf(globals: Globals): number | undefined {
  if (globals.timeout === undefined) return undefined;
  const ms = parseDuration(globals.timeout);
  if (ms === undefined || ms === 0 || ms > TIMEOUT_MS_MAX) {
    throw usage(`"${globals.timeout}" is no duration.`, 'Examples: --timeout 10s, --timeout 2m');
  }
  return ms;
}

/** May a person be asked something? */
export function mayAsk(globals: Globals): boolean {
  return globals.input && process.stdin.isTTY && process.stderr.isTTY;
}
