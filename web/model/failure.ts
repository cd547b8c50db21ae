/**
 * Failures as people read them: always an entry of the error registry.
 * @module
 */
import { ApiError } from '@sotto/api/client.ts';
import type { ApiErrorBody } from '@sotto/api/contract.ts';
import { errorBody } from '@sotto/api/errors.ts';

/** What is no answer of the daemon means that nobody answers. */
export function errorOf(error: unknown): ApiErrorBody {
  return error instanceof ApiError ? error.body : errorBody('not-running');
}
