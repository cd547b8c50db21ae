/**
 * What `sotto` prints. Data goes to stdout, talk to stderr (CLI-10). Every string passes the
 * cleaner of safe-text.ts right here, at the last step, so that no verb can forget it; styles
 * are objects, not escape codes, for the same reason.
 * @module
 */
import type { ApiErrorBody } from '@sotto/api/contract.ts';
import { terminalMessage } from '@sotto/api/errors.ts';
import { columnsOf, isolated, padded, plainField, safeJson, visible } from './safe-text.ts';

export type Mode = 'human' | 'json' | 'plain';

/** What the two streams can show. */
export interface Look {
  readonly mode: Mode;
  readonly quiet: boolean;
  readonly debug: boolean;
  /** Locale of the terminal. */
  readonly utf8: boolean;
  readonly colorOut: boolean;
  readonly colorErr: boolean;
}

/** A piece of a line: text as it came, or with a style of ours. */
export type Part = string | { readonly text: string; readonly style: Style };
export type Style = 'bold' | 'dim' | 'dark on light';

const SGR: Readonly<Record<Style, readonly [string, string]>> = {
  bold: ['\u001b[1m', '\u001b[22m'],
  dim: ['\u001b[2m', '\u001b[22m'],
  'dark on light': ['\u001b[30;107m', '\u001b[0m'],
};
/** Continuation lines of a text stand at least so far in: nobody can imitate a line of ours. */
const BLOCK_INDENT = 2;

export class Output {
  readonly look: Look;

  constructor(look: Look) {
    this.look = look;
  }

  get utf8(): boolean {
    return this.look.utf8;
  }

  /** The result in `--json`. */
  json(data: object): void {
    write(process.stdout, safeJson({ v: 1, ok: true, data }, this.utf8));
  }

  /** One line of a `--json` stream; resolves once the reader keeps up. */
  event(event: object): Promise<void> {
    return writeWhenRead(safeJson(event, this.utf8));
  }

  /** One record in `--plain`. */
  record(...fields: readonly (string | number | boolean | undefined)[]): void {
    const texts = fields.map((field) => plainField(String(field ?? ''), this.utf8));
    write(process.stdout, texts.join('\t'));
  }

  /** One line of data for people. */
  line(...parts: readonly Part[]): void {
    write(process.stdout, this.#render(parts, this.look.colorOut));
  }

  /** A text of several lines after `head`; its further lines are indented to stand under it. */
  block(head: readonly Part[], text: string, tail: readonly Part[] = []): void {
    const [first = '', ...rest] = text.replaceAll('\t', '    ').split(/\r\n|[\n\r\u2028\u2029]/);
    const lines = [[...head, first], ...rest.map((line) => [this.#indent(head), line])];
    lines.at(-1)!.push(...tail);
    for (const line of lines) this.line(...line);
  }

  /** Rows with aligned columns; the last column is as long as it likes. */
  table(rows: readonly (readonly string[])[]): void {
    const clean = rows.map((row) => row.map((cell) => this.clean(cell)));
    const widths = (clean[0] ?? []).map((_, column) =>
      Math.max(...clean.map((row) => columnsOf(row[column] ?? ''))),
    );
    for (const row of clean) {
      const cells = row.map((cell, i) => (i === row.length - 1 ? cell : padded(cell, widths[i]!)));
      this.line(cells.join('  ').trimEnd());
    }
  }

  /** Talk: progress, states, what to do next. Not data: `-q`, `--json` and `--plain` go without. */
  note(...parts: readonly Part[]): void {
    if (this.look.quiet || this.look.mode !== 'human') return;
    write(process.stderr, this.#render(parts, this.look.colorErr));
  }

  debug(text: string): void {
    if (this.look.debug) write(process.stderr, this.#render([`debug: ${text}`], false));
  }

  failure(error: ApiErrorBody): void {
    const message = terminalMessage(error);
    if (this.look.mode === 'json') {
      const body = { ...error, message };
      write(process.stderr, safeJson({ v: 1, ok: false, error: body }, this.utf8));
      return;
    }
    const { colorErr } = this.look;
    const text: Part = { text: message, style: 'bold' };
    write(process.stderr, this.#render([text, ` [${error.code}]`], colorErr));
    write(process.stderr, this.#render([`hint: ${error.hint}`], colorErr));
  }

  /** A string as it will be shown, for those who must know its length. */
  clean(text: string): string {
    const safe = visible(text, this.utf8);
    return this.utf8 ? isolated(safe) : safe;
  }

  #render(parts: readonly Part[], color: boolean): string {
    return parts
      .map((part) => {
        if (typeof part === 'string') return this.#cleanOnce(part);
        const text = this.#cleanOnce(part.text);
        const [on, off] = SGR[part.style];
        return color ? on + text + off : text;
      })
      .join('');
  }

  /** Cells of a table are clean already; isolates that `clean` put around them must survive. */
  #cleanOnce(text: string): string {
    return text
      .split(/(\u2068[^\u2068\u2069]*\u2069)/u)
      .map((piece, i) => (i % 2 === 1 ? this.clean(piece.slice(1, -1)) : this.clean(piece)))
      .join('');
  }

  #indent(head: readonly Part[]): string {
    const texts = head.map((part) => (typeof part === 'string' ? part : part.text));
    return ' '.repeat(Math.max(BLOCK_INDENT, columnsOf(this.clean(texts.join('')))));
  }
}

function write(stream: NodeJS.WriteStream, text: string): void {
  stream.write(`${text}\n`);
}

function writeWhenRead(text: string): Promise<void> {
  return new Promise((resolve) => {
    if (process.stdout.write(`${text}\n`)) resolve();
    else process.stdout.once('drain', resolve);
  });
}
