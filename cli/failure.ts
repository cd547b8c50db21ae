/**
 * How a verb fails: with an entry of the error registry, thrown as one kind of exception that
 * `main` turns into words and an exit code (CLI-11).
 * @module
 */
import { ApiError, BadAnswerError } from '@sotto/api/client.ts';
import type { ApiErrorBody } from '@sotto/api/contract.ts';
import { errorBody, exitCodeOf } from '@sotto/api/errors.ts';
import type { ErrorDetail, ErrorName } from '@sotto/api/errors.ts';

export class Failure extends Error {
  readonly body: ApiErrorBody;

  constructor(body: ApiErrorBody, cause?: unknown) {
    super(body.message, { cause });
    this.name = 'Failure';
    this.body = body;
  }

  get exit(): number {
    return exitCodeOf(this.body);
  }

  /** The same, with more that programs may want to know. */
  with(detail: Readonly<Record<string, string>>): Failure {
    return new Failure({ ...this.body, detail: { ...this.body.detail, ...detail } }, this.cause);
  }
}

/** What is wrong stands in what the verb has printed; only the exit code is left to say. */
export class Told extends Error {
  constructor(readonly exit: number) {
    super('told already');
  }
}

export function failure(name: ErrorName, detail?: ErrorDetail, cause?: unknown): Failure {
  return new Failure(errorBody(name, detail), cause);
}

/** A mistake in the command line; `help` is what to type instead. */
export function usage(what: string, help = 'See: sotto --help'): Failure {
  return failure('usage', { what, help });
}

/** Whatever was thrown, as a failure; what nobody foresaw is a fault of ours. */
export function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof ApiError) return new Failure(error.body, error);
  if (error instanceof BadAnswerError) return failure('bad-answer', undefined, error);
  return failure('internal', undefined, error);
}
