/**
 * Report: what the doctor found, as text that can be shown around. It is redacted before anybody
 * sees it, so that what is read is what is copied.
 * @module
 */
import type { Check } from '@sotto/api/contract.ts';
import { redact } from './redact.ts';

const MARKS: Readonly<Record<Check['state'], string>> = {
  ok: 'ok  ',
  warn: 'warn',
  fail: 'FAIL',
  skipped: '-   ',
};

export interface ReportParts {
  readonly verdict: string;
  readonly version: string;
  readonly checks: readonly Check[];
  readonly way: readonly Check[];
  /** Of people, ours among them. */
  readonly names: readonly string[];
}

export function reportOf({ verdict, version, checks, way, names }: ReportParts): string {
  const line = ({ code, message, state, title }: Check): string =>
    `${MARKS[state]}  ${title}: ${message}${code === undefined ? '' : ` [${code}]`}`;
  const lines = [`Sotto ${version}`, verdict, '', ...checks.map(line)];
  if (way.length > 0) lines.push('', 'With a person:', ...way.map(line));
  return `${redact(lines.join('\n'), names)}\n`;
}
