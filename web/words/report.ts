/**
 * Report: what the doctor found, as text that can be shown around. It is redacted before anybody
 * sees it, so that what is read is what is copied. What is said of a person is said anew without
 * the name: a name may be one letter, or a word of the sentence, so it cannot be looked for.
 * @module
 */
import { sentenceOf } from '@sotto/api/checks.ts';
import type { Check } from '@sotto/api/contract.ts';
import { redact } from './redact.ts';

const MARKS: Readonly<Record<Check['state'], string>> = {
  ok: 'ok  ',
  warn: 'warn',
  fail: 'FAIL',
  skipped: '-   ',
};
const NAME = '[name]';
const BLANK = /\{(\w+)\}/g;

export interface ReportParts {
  readonly verdict: string;
  readonly version: string;
  readonly checks: readonly Check[];
  /** The way to a person: these name them. */
  readonly way: readonly Check[];
}

export function reportOf({ verdict, version, checks, way }: ReportParts): string {
  const lines = [`Sotto ${version}`, verdict, '', ...checks.map(lineOf)];
  if (way.length > 0) {
    const nameless = way.map((check) => ({ ...check, message: withoutName(check) }));
    lines.push('', 'With a person:', ...nameless.map(lineOf));
  }
  return `${redact(lines.join('\n'))}\n`;
}

function lineOf({ code, message, state, title }: Check): string {
  return `${MARKS[state]}  ${title}: ${message}${code === undefined ? '' : ` [${code}]`}`;
}

/** The sentence with all that was filled in but the name; else what the finding is called. */
function withoutName({ check, finding, message }: Check): string {
  const sentence = sentenceOf(check, finding);
  if (sentence === undefined) return finding;
  const filled = filledOf(sentence).exec(message);
  if (!filled) return finding;
  let at = 0;
  return sentence.replace(BLANK, (_, blank: string) => {
    at++;
    return blank === 'name' ? NAME : filled[at]!;
  });
}

/** Finds what stands in the blanks. The name takes all that it can: it may hold anything. */
function filledOf(sentence: string): RegExp {
  // Every other part is the name of a blank.
  const parts = sentence.split(BLANK).map((part, at) => {
    if (at % 2 === 0) return part.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
    return part === 'name' ? '([^]*)' : '([^]*?)';
  });
  return new RegExp(`^${parts.join('')}$`);
}
