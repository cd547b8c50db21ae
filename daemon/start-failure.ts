/**
 * Why a daemon could not start, by its name in the error registry. Whoever started it reads the
 * envelope as one line on standard error, and then the exit code of that error (API-3):
 *
 *   {"v":1,"ok":false,"error":{"code":"E33","reason":"already-running",...}}
 * @module
 */
import { API_VERSION } from '@sotto/api/contract.ts';
import { errorBody, exitCodeOf } from '@sotto/api/errors.ts';
import type { ErrorDetail, ErrorName } from '@sotto/api/errors.ts';

/** Stops the start; carries no secret, so that it may be printed whole. */
export class StartFailure extends Error {
  override readonly name = 'StartFailure';

  constructor(
    readonly reason: ErrorName,
    readonly detail: ErrorDetail = {},
  ) {
    super(errorBody(reason, detail).message);
  }

  /** One line of JSON, as programs read it. */
  line(): string {
    const error = errorBody(this.reason, this.detail);
    return `${JSON.stringify({ v: API_VERSION, ok: false, error })}\n`;
  }

  exitCode(): number {
    return exitCodeOf(this);
  }
}

/** What the system said, in the words of the registry; undefined for errors of our own making. */
export function startFailureFrom(error: unknown): StartFailure | undefined {
  if (error instanceof StartFailure) return error;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOSPC' || code === 'EDQUOT') return new StartFailure('no-space');
  if (typeof code !== 'string' || !/^(EIO|EROFS|EACCES|EPERM|EMFILE|ENFILE)$/.test(code)) {
    return undefined;
  }
  return new StartFailure('disk-error');
}
