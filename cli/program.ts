/**
 * The command line: parses it, runs one verb, turns what went wrong into words and an exit code.
 * @module
 */
import { Command, CommanderError } from 'commander';
import { shellWord } from '@sotto/api/errors.ts';
import { asFailure, Failure, failure, Told, usage } from './failure.ts';
import { addGlobals, lookOf } from './globals.ts';
import type { Globals } from './globals.ts';
import { HELP } from './help.ts';
import { addLifeVerbs, addMessageVerbs, addPeopleVerbs, addSettingVerbs } from './commands.ts';
import { Output } from './output.ts';
import { addProfileVerbs } from './profile-commands.ts';
import { addShellVerbs } from './shell-commands.ts';
import { openSession } from './session.ts';
import type { Session } from './session.ts';
import { INTERRUPTED_EXIT, interruptSignal } from './streams.ts';
import { version } from './version.ts';

/** Edits between a typed word and the command it was meant for. */
const SUGGEST_EDITS_MAX = 2;

/** Runs one command line. @returns the exit code. Never throws. */
export async function run(argv: readonly string[]): Promise<number> {
  const signal = interruptSignal();
  const program = build((verb) => verb(openSession(program.opts<Globals>(), signal)));
  if (argv.length === 0) {
    process.stdout.write(HELP);
    return 0;
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const told = error instanceof CommanderError ? usageOf(error, program, argv) : error;
    return tell(signal.aborted ? new Interrupted(told) : told, program, argv);
  }
}

/** Ctrl-C, whatever it made fail first. */
class Interrupted extends Error {
  constructor(cause: unknown) {
    super('interrupted', { cause });
  }
}

type RunVerb = (verb: (session: Session) => Promise<void>) => Promise<void>;

export function build(runVerb: RunVerb): Command {
  const program = new Command('sotto')
    .description('Private chat. No account.')
    .version(version(), '--version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand(false)
    .showSuggestionAfterError(false)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .addHelpText('after', '\nHelp on one command: sotto help COMMAND');
  addGlobals(program);
  const groups = [
    addLifeVerbs,
    addPeopleVerbs,
    addMessageVerbs,
    addProfileVerbs,
    addSettingVerbs,
    addShellVerbs,
  ];
  for (const add of groups) add(program, runVerb);
  return program;
}

function tell(error: unknown, program: Command, argv: readonly string[]): number {
  const out = new Output(lookOf(globalsOf(program, argv), process.env));
  if (error instanceof Interrupted) {
    const { cause } = error;
    if (cause instanceof Failure) out.failure(cause.body);
    return INTERRUPTED_EXIT;
  }
  if (error instanceof Told) return error.exit;
  const failed = asFailure(error);
  out.failure(failed.body);
  for (let cause = failed.cause; cause instanceof Error; cause = cause.cause) {
    out.debug(cause.stack ?? cause.message);
  }
  return failed.exit;
}

/** Globals as far as they were read; a mistake before them must not cost `--json`. */
function globalsOf(program: Command, argv: readonly string[]): Partial<Globals> {
  const globals = program.opts<Globals>();
  const end = argv.indexOf('--');
  const options = end < 0 ? argv : argv.slice(0, end);
  return options.includes('--json') ? { ...globals, json: true } : globals;
}

/** Mistakes that commander found, in our words. */
function usageOf(error: CommanderError, program: Command, argv: readonly string[]): Failure {
  // A group that shows something by itself takes a mistyped command for an argument.
  const isGroup = path(program, argv).at(-1)!.commands.length > 0;
  if (
    error.code === 'commander.unknownCommand' ||
    (error.code === 'commander.excessArguments' && isGroup)
  ) {
    return unknownCommand(program, argv);
  }
  if (error.code === 'commander.help') {
    return usage('A command is missing.', nearestHelp(program, argv));
  }
  const hint = nearestHelp(program, argv);
  if (error.code === 'commander.unknownOption') {
    const option = /'(.*)'/s.exec(error.message)?.[1] ?? '';
    const help = `What begins with - and is no option goes after --   ${hint}`;
    return usage(`Unknown option "${option}".`, help);
  }
  const text = error.message.replace(/^error: /, '');
  const what = `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
  return usage(/[.!?]$/.test(what) ? what : `${what}.`, hint);
}

function nearestHelp(program: Command, argv: readonly string[]): string {
  const found = path(program, argv);
  return `See: ${[...found.map((command) => command.name()), '--help'].join(' ')}`;
}

/** The commands that were named, from the program on. */
function path(program: Command, argv: readonly string[]): Command[] {
  const found = [program];
  for (const word of argv) {
    const next = found.at(-1)!.commands.find((command) => command.name() === word);
    if (next) found.push(next);
  }
  return found;
}

function unknownCommand(program: Command, argv: readonly string[]): Failure {
  const parent = path(program, argv).at(-1)!;
  const typed = parent.args[0] ?? '';
  const names = parent.commands.map((command) => command.name());
  const meant = names
    .map((name) => ({ name, edits: edits(typed, name) }))
    .filter(({ edits }) => edits <= SUGGEST_EDITS_MAX)
    .sort((a, b) => a.edits - b.edits)[0]?.name;
  if (meant === undefined) {
    const help = nearestHelp(program, argv);
    return failure('unknown-command', { name: typed, what: 'Nothing was done.', help });
  }
  const at = argv.indexOf(typed);
  const words = argv.map((word, i) => (i === at ? meant : shellWord(word)));
  const help = ['sotto', ...words].join(' ');
  return failure('unknown-command', { name: typed, what: `Did you mean "${meant}"?`, help });
}

/** Damerau-Levenshtein distance, neighbours swapped counting as one edit. */
function edits(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, i) => i)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, rows[i - 2]![j - 2]! + 1);
      }
      row.push(best);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
