/**
 * The doctor, as a page asks it: what the running app says of the network, and what only a page can
 * say of itself. The last verdict is kept for the mark on the rail.
 * @module
 */
import { checkOf, verdictOf, type Verdict } from '@sotto/api/checks.ts';
import type { ApiErrorBody, Check } from '@sotto/api/contract.ts';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useModel } from './context.ts';
import { errorOf } from './failure.ts';
import { lastVerdict } from './verdict.ts';
import { WAY } from './way.ts';

export interface Findings {
  readonly checks: readonly Check[];
  /** The way to one person, where one was asked about. */
  readonly way: readonly Check[];
  readonly verdict: Verdict;
  readonly at: Date;
}

export interface Doctor {
  readonly findings: Findings | undefined;
  readonly error: ApiErrorBody | undefined;
  readonly isRunning: boolean;
  /**
   * @param to a conversation: also the way to that person.
   * @param asks the router is asked once more to open a port.
   */
  readonly run: (to?: string, asks?: boolean) => void;
}

export function useDoctor(): Doctor {
  const model = useModel();
  const [findings, setFindings] = useState<Findings>();
  const [error, setError] = useState<ApiErrorBody>();
  const [isRunning, setRunning] = useState(false);
  const running = useRef<AbortController>(undefined);
  const run = useCallback(
    (to?: string, asks = false): void => {
      running.current?.abort();
      const { signal } = (running.current = new AbortController());
      setRunning(true);
      setError(undefined);
      const params = {
        ...(to === undefined ? {} : { with: to }),
        ...(asks ? { ask: true as const } : {}),
      };
      model.client
        .call('doctor.run', params, { signal })
        .then(
          ({ checks }) => setFindings(findingsOf(checks, model.status.value?.version ?? '?')),
          (fault: unknown) => {
            if (!signal.aborted) setError(errorOf(fault));
          },
        )
        .finally(() => {
          if (!signal.aborted) setRunning(false);
        });
    },
    [model],
  );
  useEffect(() => () => running.current?.abort(), []);
  return { findings, error, isRunning, run };
}

function findingsOf(told: readonly Check[], version: string): Findings {
  const checks = [
    checkOf('app', 'running', { version }),
    ...told.filter(({ check }) => !WAY.includes(check)),
  ];
  const way = told.filter(({ check }) => WAY.includes(check));
  const verdict = verdictOf(checks);
  lastVerdict.set(verdict);
  return { checks, way, verdict, at: new Date() };
}
