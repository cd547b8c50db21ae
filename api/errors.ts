/**
 * The error registry: everything that can go wrong, told to people in one way (ERR-1).
 *
 * An entry has a stable code, a sentence (what happened, what is safe, what to do), a hint for
 * the terminal, the exit code of `sotto` and whether the same request may succeed later. The
 * same code appears on every screen, in the terminal and in the log. `{name}` in a sentence is
 * filled from the error's detail. E01 to E15 keep the wording of the design; a code with
 * several forms has one entry for each.
 *
 *   exit  meaning                                 exit  meaning
 *   0     ok (waiting counts)                     6     network, or the time was up
 *   1     other                                   7     refused by policy, safety, permission
 *   2     usage or bad input                      8     a code or check failed
 *   3     not found, ambiguous, expired           9     already exists
 *   4     the app is not running                  10    partly done
 *   5     locked                                  130   interrupted
 *
 * Spec: docs/spec/errors.md.
 * @module
 */
import type { ApiErrorBody } from './contract.ts';
import { ENTRIES } from './error-entries.ts';

export type ErrorName = keyof typeof ENTRIES;
export type ErrorDetail = Readonly<Record<string, string | number | readonly string[]>>;

export interface ErrorEntry {
  readonly code: string;
  readonly exit: number;
  readonly retryable: boolean;
  /** What happened, what is safe, what to do. */
  readonly sentence: string;
  /** The sentence for the terminal, where the first speaks of what only a page has. */
  readonly terminal?: string;
  /** What to type next. `{name}` is filled in quoted for a shell. */
  readonly hint: string;
}

export const ERRORS: Readonly<Record<ErrorName, ErrorEntry>> = ENTRIES;

/** The error as it is sent and shown, its sentence filled with `detail`. */
export function errorBody(name: ErrorName, detail?: ErrorDetail): ApiErrorBody {
  const { code, sentence, hint, retryable } = ERRORS[name];
  const body = {
    code,
    reason: name,
    message: fill(sentence, detail),
    hint: fillHint(hint, detail),
  };
  if (detail === undefined) return { ...body, retryable };
  const copy: NonNullable<ApiErrorBody['detail']> = {};
  for (const [key, value] of Object.entries(detail)) {
    copy[key] = typeof value === 'object' ? [...value] : value;
  }
  return { ...body, retryable, detail: copy };
}

/** Exit code of `sotto` for an error that may come from a newer daemon: unknown ones are 1. */
export function exitCodeOf(error: { reason: string }): number {
  return isErrorName(error.reason) ? ERRORS[error.reason].exit : 1;
}

const HTTP_STATUS: Readonly<Record<number, number>> = {
  2: 400,
  3: 404,
  4: 503,
  5: 423,
  6: 503,
  7: 403,
  8: 403,
  9: 409,
};

/** The HTTP status that goes with an error. Wrong or absent tokens are 401. */
export function httpStatusOf(name: ErrorName): number {
  return name === 'unauthorised' ? 401 : (HTTP_STATUS[ERRORS[name].exit] ?? 500);
}

export function isErrorName(name: string): name is ErrorName {
  return Object.hasOwn(ERRORS, name);
}

/** The sentence as the terminal shows it. Errors of a newer daemon keep the daemon's own. */
export function terminalMessage(body: ApiErrorBody): string {
  const entry = isErrorName(body.reason) ? ERRORS[body.reason] : undefined;
  return entry?.terminal === undefined ? body.message : fill(entry.terminal, body.detail);
}

/** A sentence with its values. */
export function fill(template: string, detail: ErrorDetail | undefined): string {
  return template.replace(/\{(\w+)\}/g, (_, key: string) => valueText(detail?.[key]));
}

/** Scripts may run hints, and names come from other people: a name must stay one word there. */
export function fillHint(template: string, detail: ErrorDetail | undefined): string {
  return template.replace(/\{(\w+)\}/g, (_, key: string) => {
    const value = valueText(detail?.[key]);
    // The whole hint is one value: it was made here and not by a person.
    return template === `{${key}}` ? value : shellWord(value);
  });
}

/** Absent values stay visible as `?` rather than break the sentence. */
function valueText(value: ErrorDetail[string] | undefined): string {
  return typeof value === 'object' ? value.join(', ') : String(value ?? '?');
}

/** One word for a POSIX shell that no program takes for an option. */
export function shellWord(text: string): string {
  if (/^[\w@%+=:,./][\w@%+=:,./-]*$/.test(text)) return text;
  const quoted = `'${text.replaceAll("'", `'\\''`)}'`;
  return text.startsWith('-') ? `-- ${quoted}` : quoted;
}
