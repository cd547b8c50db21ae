/**
 * Why a daemon could not start, in the words of the error registry. Whoever started it reads this
 * as the last line of its standard error:
 *
 *   {"v":1,"ok":false,"error":{"code":"already-running","detail":{"pid":4711}}}
 *
 * Spec: docs/spec/local-api.md API-3.
 * @module
 */

export type StartFailureCode =
  | 'already-running' // detail: pid
  | 'data-folder' // detail: path, reason
  | 'bad-config' // detail: key, reason
  | 'port-taken' // detail: port
  | 'locked' // the vault does not open with this key
  | 'newer-version' // the vault was written by a newer program
  | 'damaged' // the vault is no database of ours
  | 'disk-error'
  | 'no-space';

export type FailureDetail = Readonly<Record<string, string | number>>;

/** Stops the start; carries no secret, so that it may be printed whole. */
export class StartFailure extends Error {
  override readonly name = 'StartFailure';

  constructor(
    readonly code: StartFailureCode,
    readonly detail: FailureDetail = {},
  ) {
    super(`${code} ${JSON.stringify(detail)}`);
  }

  /** One line of JSON, as programs read it. */
  line(): string {
    const error = { code: this.code, detail: this.detail };
    return `${JSON.stringify({ v: 1, ok: false, error })}\n`;
  }
}
