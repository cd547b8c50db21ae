/**
 * `complete`: what may stand where the cursor is, read off the program. Asked by shells at each
 * press of Tab, so it is quick, quiet, and never fails: where the app does not run, names are
 * simply not offered. Spec: docs/spec/cli.md CLI-34.
 * @module
 */
import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Argument, Command, Option } from 'commander';
import type { Method, Params, Result } from '@sotto/api/contract.ts';
import { Daemon } from '../daemon.ts';
import { profileFolder } from '../profile.ts';
import type { Session } from '../session.ts';

/** A press of Tab waits no longer for the app. */
const PATIENCE_MS = 1_000;
const FILES: Candidate = [':files', ''];
/** What would act on a terminal or break a line. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

type Candidate = readonly [value: string, about: string];

/** @param words those behind `sotto`, the last one being typed. */
export async function complete(
  session: Session,
  program: Command,
  words: readonly string[],
): Promise<void> {
  const current = unquoted(words.at(-1) ?? '').trim();
  const place = placeOf(program, words.slice(0, -1).map(unquoted));
  for (const [value, about] of await candidatesAt(session, program, place, current)) {
    const isMeant = value.toLowerCase().startsWith(current.toLowerCase()) || value === FILES[0];
    if (isMeant && !UNSAFE.test(value)) process.stdout.write(`${value}\t${about}\n`);
  }
}

/** As it was typed, with the quotes of a shell around it. */
function unquoted(word: string): string {
  return word.replace(/^["']|["']$/g, '').replace(/\\(.)/g, '$1');
}

interface Place {
  readonly command: Command;
  /** An option that still wants its value. */
  readonly option: Option | undefined;
  /** Arguments that stand before. */
  readonly args: readonly string[];
  /** After `--` nothing is an option. */
  readonly ended: boolean;
  /** Where the line says that the profile lies. */
  readonly which: { dataDir?: string; profile?: string };
}

function placeOf(program: Command, words: readonly string[]): Place {
  let command = program;
  let option: Option | undefined;
  let ended = false;
  const args: string[] = [];
  const which: Place['which'] = {};
  const say = (value: string): void => {
    if (option?.long === '--data-dir') which.dataDir = value;
    if (option?.long === '--profile') which.profile = value;
    option = undefined;
  };
  for (const word of words) {
    // Bash takes `--name=value` for three words.
    if (word === '=' && option) continue;
    if (option) say(word);
    else if (!ended && word === '--') ended = true;
    else if (!ended && /^-./.test(word)) {
      const [flag, value] = word.split(/=(.*)/s);
      option = valueOption(program, command, flag!);
      if (value !== undefined) say(value);
    } else {
      const next = command.commands.find((each) => each.name() === word);
      if (next && args.length === 0) command = next;
      else args.push(word);
    }
  }
  return { command, option, args, ended, which };
}

/** The option of that name, where it wants a value. */
function valueOption(program: Command, command: Command, flag: string): Option | undefined {
  const all = [...command.options, ...program.options];
  return all.find((each) => (each.long === flag || each.short === flag) && each.required);
}

function candidatesAt(
  session: Session,
  program: Command,
  place: Place,
  current: string,
): readonly Candidate[] | Promise<readonly Candidate[]> {
  const { args, command, ended, option } = place;
  if (option?.long === '--profile') return profiles();
  if (option) return values(session, place, option, valueName(option));
  if (!ended && current.startsWith('-')) return options(program, command);
  if (command.commands.length > 0 && args.length === 0) return commands(command);
  const wanted = command.registeredArguments;
  const argument = wanted[args.length] ?? (wanted.at(-1)?.variadic ? wanted.at(-1) : undefined);
  return argument ? values(session, place, argument, argument.name()) : [];
}

/** `who` of `--with <who>`. */
function valueName(option: Option): string {
  return /<(.*)>/.exec(option.flags)?.[1] ?? '';
}

function commands(command: Command): Candidate[] {
  const visible = command.createHelp().visibleCommands(command);
  return visible.map((each) => [each.name(), each.description()]);
}

function options(program: Command, command: Command): Candidate[] {
  const all = [...command.options, ...(command === program ? [] : program.options)];
  const shown = all.filter(({ hidden }) => !hidden);
  const named = shown.map(({ description, long, short }): Candidate => [
    long ?? short ?? '',
    description,
  ]);
  return [...named, ['--help', 'print help']];
}

/** What an argument or option of that name can be. */
async function values(
  session: Session,
  { args, command, which }: Place,
  { argChoices }: Argument | Option,
  name: string,
): Promise<readonly Candidate[]> {
  if (argChoices) return argChoices.map((choice) => [choice, '']);
  const ask = quietly(session, which);
  switch (name) {
    case 'who':
    case 'to':
    case 'conversation': {
      const answer = await ask('contacts.list', {});
      return (answer?.contacts ?? []).map(({ name }) => [name, '']);
    }
    case 'key': {
      const answer = await ask('config.list', {});
      return (answer?.entries ?? []).map(({ about, key }) => [key, about]);
    }
    case 'value': {
      const entry = await ask('config.get', { key: args[0] ?? '' });
      if (typeof entry?.value === 'boolean') return TRUE_OR_FALSE;
      return entry ? [[String(entry.value), 'as it is now']] : [];
    }
    case 'invite': {
      const answer = await ask('invites.list', {});
      return (answer?.invites ?? []).map(({ invite, state }) => [invite, state]);
    }
    case 'command':
      return commands(args.reduce(below, command.parent ?? command));
    case 'types':
      return EVENT_TYPES.map((type) => [type, '']);
    case 'file':
    case 'dir':
      return [FILES];
    default:
      return [];
  }
}

const TRUE_OR_FALSE: readonly Candidate[] = [
  ['true', ''],
  ['false', ''],
];
const EVENT_TYPES = [
  'message',
  'state',
  'contact',
  'route',
  'network',
  'removed',
  'read',
  'requests',
  'setting',
  'draft',
];

function below(command: Command, word: string): Command {
  return command.commands.find((each) => each.name() === word) ?? command;
}

function profiles(): Candidate[] {
  try {
    const folder = dirname(profileFolder({ profile: 'default' }, process.env));
    return readdirSync(folder).map((name) => [name, '']);
  } catch {
    return [];
  }
}

type Ask = <M extends Method>(method: M, params: Params<M>) => Promise<Result<M> | undefined>;

/** Asks the app of the profile that the line names; undefined where it says nothing. */
function quietly({ signal }: Session, which: Place['which']): Ask {
  return async (method, params) => {
    try {
      const folder = profileFolder(which, process.env);
      const debug = (): void => undefined;
      const daemon = new Daemon({ folder, timeoutMs: PATIENCE_MS, signal, debug });
      return await daemon.call(method, params);
    } catch {
      return undefined;
    }
  };
}
