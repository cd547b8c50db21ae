/**
 * The manual page, in the macros of man(7), read off the program: its commands with their
 * arguments, options and examples, and what every command shares.
 * @module
 */
import type { Command, Option } from 'commander';
import { version } from './version.ts';

const SOURCE_COLUMNS = 68;
const NAME = 'sotto \\- private chat without a server and without an account';
const DESCRIPTION =
  'Sotto is a messenger in which you are your key: nothing is registered anywhere, and messages ' +
  'go straight from your device to the other, end-to-end encrypted. The app runs in the ' +
  'background; sotto asks it, and prints. Data goes to standard output, talk to standard error. ' +
  'A person is named by name, by ID, or by conversation id.';
/** As docs/spec/errors.md has them. */
const EXITS: readonly (readonly [string, string])[] = [
  ['0', 'ok; a message that waits counts as ok'],
  ['1', 'other trouble'],
  ['2', 'a mistake in the command line, or bad input'],
  ['3', 'not found, ambiguous, or expired'],
  ['4', 'the app is not running'],
  ['5', 'the profile is locked'],
  ['6', 'network, or the time was up'],
  ['7', 'refused by policy, safety or permission'],
  ['8', 'a code or a check failed'],
  ['9', 'already there'],
  ['10', 'partly done'],
  ['130', 'interrupted'],
];
const ENVIRONMENT: readonly (readonly [string, string])[] = [
  ['SOTTO_PROFILE', 'the profile to use'],
  ['SOTTO_DATA_DIR', 'the folder of the profile to use'],
  ['XDG_DATA_HOME', 'where profiles lie, below sotto/; ~/.local/share where it is not set'],
  ['NO_COLOR', 'no styles'],
];
const FILES: readonly (readonly [string, string])[] = [
  ['~/.local/share/sotto/default/', 'a profile: keys, messages, settings and log'],
];

/** @returns the page as roff, clean for groff and mandoc. */
export function manualPage(program: Command): string {
  const lines = [
    `.TH SOTTO 1 "" ${quoted(`sotto ${version()}`)} "User Commands"`,
    '.SH NAME',
    NAME,
    '.SH SYNOPSIS',
    '.B sotto',
    '.I command',
    '.RI [ options ]',
    '.SH DESCRIPTION',
    prose(DESCRIPTION),
    '.SH COMMANDS',
    ...leaves(program).flatMap(commandLines),
    '.SH OPTIONS',
    'These stand anywhere, with any command.',
    ...program.options.flatMap(optionLines),
    ...table('EXIT STATUS', EXITS),
    ...table('ENVIRONMENT', ENVIRONMENT),
    ...table('FILES', FILES),
  ];
  return `${lines.join('\n')}\n`;
}

/** Commands that do something, in the order of the help. */
function leaves(command: Command): Command[] {
  const visible = command.createHelp().visibleCommands(command);
  return visible.flatMap((each) => (each.commands.length > 0 ? leaves(each) : [each]));
}

function commandLines(command: Command): string[] {
  const names: string[] = [];
  for (let at: Command | null = command; at; at = at.parent) names.unshift(at.name());
  const args = command.registeredArguments.map((argument) => {
    const name = argument.name() + (argument.variadic ? '...' : '');
    return argument.required ? `\\fI${text(name)}\\fR` : `[\\fI${text(name)}\\fR]`;
  });
  const head = [`\\fB${text(names.join(' '))}\\fR`, ...args].join(' ');
  const options = command.options.flatMap(optionLines);
  const about = command.registeredArguments.filter(({ description }) => description !== '');
  const examples = examplesOf(command);
  return [
    '.TP',
    head,
    sentence(command.description()),
    ...(about.length + options.length > 0 ? ['.RS'] : []),
    ...about.flatMap((each) => ['.TP', `.I ${text(each.name())}`, sentence(each.description)]),
    ...options,
    ...(about.length + options.length > 0 ? ['.RE'] : []),
    ...(examples.length > 0 ? ['.IP', '.EX', ...examples.map(text), '.EE'] : []),
  ];
}

function optionLines(option: Option): string[] {
  const [flags, value] = option.flags.split(/ (?=<)/);
  const shown = `\\fB${text(flags!)}\\fR`;
  const wanted = value === undefined ? '' : ` \\fI${text(value.replace(/[<>]/g, ''))}\\fR`;
  const choices = option.argChoices ? ` (${option.argChoices.join(', ')})` : '';
  return ['.TP', shown + wanted, sentence(option.description + choices)];
}

/** The lines under `Examples:` of its help. */
function examplesOf(command: Command): string[] {
  let help = '';
  const before = command.configureOutput();
  command.configureOutput({ writeOut: (written) => (help += written) });
  command.outputHelp();
  command.configureOutput(before);
  const block = /\nExamples?:\n((?: {2}.*\n)+)/.exec(help)?.[1] ?? '';
  return block.split('\n').flatMap((line) => (line === '' ? [] : [line.trim()]));
}

function table(title: string, rows: readonly (readonly [string, string])[]): string[] {
  const lines = rows.flatMap(([name, about]) => ['.TP', `.B ${text(name)}`, sentence(about)]);
  return [`.SH ${quoted(title)}`, ...lines];
}

function sentence(words: string): string {
  return prose(words.charAt(0).toUpperCase() + words.slice(1) + (/[.!?]$/.test(words) ? '' : '.'));
}

/** Text in lines of a source that people may read too. */
function prose(words: string): string {
  const lines = words.match(new RegExp(`.{1,${SOURCE_COLUMNS}}(?= |$)`, 'g')) ?? [words];
  return lines.map((line) => text(line.trim())).join('\n');
}

/** Text that no macro and no escape takes for its own. */
function text(words: string): string {
  const escaped = words.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll('~', '\\(ti');
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped;
}

function quoted(words: string): string {
  return `"${words}"`;
}
