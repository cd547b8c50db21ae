/**
 * The doctor, as a page asks it: what the running app says of the network, and what only a page can
 * say of itself. The last verdict is kept for the mark on the rail.
 * @module
 */
import { checkOf, verdictOf, type Verdict } from '@sotto/api/checks.ts';
import type { ApiErrorBody, Check, Conversation } from '@sotto/api/contract.ts';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useModel } from './context.ts';
import { errorOf } from './failure.ts';
import { WAY } from './way.ts';

type Person = Pick<Conversation, 'conversation' | 'name'>;

export interface Findings {
  readonly checks: readonly Check[];
  /** The way to one person, where one was asked about. */
  readonly way: { readonly name: string; readonly checks: readonly Check[] } | undefined;
  readonly verdict: Verdict;
  readonly at: Date;
}

export interface Doctor {
  readonly findings: Findings | undefined;
  readonly error: ApiErrorBody | undefined;
  readonly isRunning: boolean;
  /**
   * @param to also the way to that person.
   * @param asks the router is asked once more to open a port.
   */
  readonly run: (to?: Person, asks?: boolean) => void;
}

export function useDoctor(): Doctor {
  const model = useModel();
  const [findings, setFindings] = useState<Findings>();
  const [error, setError] = useState<ApiErrorBody>();
  const [isRunning, setRunning] = useState(false);
  const running = useRef<AbortController>(undefined);
  const run = useCallback(
    (to?: Person, asks = false): void => {
      running.current?.abort();
      const { signal } = (running.current = new AbortController());
      setRunning(true);
      setError(undefined);
      const params = {
        ...(to === undefined ? {} : { with: to.conversation }),
        ...(asks ? { ask: true as const } : {}),
      };
      model.client
        .call('doctor.run', params, { signal })
        .then(
          ({ checks }) => {
            const version = model.status.value?.version ?? '?';
            const found = findingsOf(checks, version, to?.name);
            setFindings(found);
            model.verdict.set(found.verdict);
          },
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

/** @param name of the person who was asked about: what was found stays theirs. */
export function findingsOf(told: readonly Check[], version: string, name?: string): Findings {
  const checks = [
    checkOf('app', 'running', { version }),
    ...told.filter(({ check }) => !WAY.includes(check)),
  ];
  const steps = told.filter(({ check }) => WAY.includes(check));
  const way = name === undefined ? undefined : { name, checks: steps };
  return { checks, way, verdict: verdictOf(checks), at: new Date() };
}
