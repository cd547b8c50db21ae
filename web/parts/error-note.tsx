/**
 * Error note: what happened, what is safe, what to do; in the words of the registry, with the same
 * code as in the terminal and the log.
 * @module
 */
import type { ApiErrorBody } from '@sotto/api/contract.ts';
import type { ReactNode } from 'react';
import style from './error-note.module.css';

export function ErrorNote({
  error,
  children,
}: {
  readonly error: ApiErrorBody;
  /** What can be done: buttons. */
  readonly children?: ReactNode;
}) {
  return (
    <div className={style['note']} role="alert">
      <p dir="auto">
        {error.message} <span className={style['code']}>{error.code}</span>
      </p>
      {children}
    </div>
  );
}
