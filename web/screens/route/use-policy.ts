/**
 * Choosing the rule of a conversation. What shows more of us than before is asked about first; the
 * daemon judges that, so that no screen can forget to.
 *
 *   choose --stricter or alike--> set
 *      \--looser--> asked --Switch--> set      \--Cancel--> as before
 *
 * @module
 */
import type { ApiErrorBody } from '@sotto/api/contract.ts';
import { useState } from 'react';
import { useModel } from '../../model/context.ts';
import { errorOf } from '../../model/failure.ts';
import { setPolicy } from '../../model/routes.ts';
import { announce } from '../../parts/announcer.tsx';
import { useText } from '../../text/text.ts';
import { policyName, type Policy } from '../../words/route.ts';

export interface Choosing {
  readonly choose: (policy: Policy) => void;
  /** On its way to the daemon. */
  readonly chosen: Policy | undefined;
  /** Waits for a yes or a no. */
  readonly asked: Policy | undefined;
  readonly answer: (isAgreed: boolean) => void;
  readonly error: ApiErrorBody | undefined;
}

export function usePolicy(to: string): Choosing {
  const t = useText();
  const model = useModel();
  const [chosen, setChosen] = useState<Policy>();
  const [asked, setAsked] = useState<Policy>();
  const [error, setError] = useState<ApiErrorBody>();
  const set = async (policy: Policy, isAgreed: boolean): Promise<void> => {
    setError(undefined);
    setChosen(policy);
    try {
      await setPolicy(model, to, policy, isAgreed);
      announce(t('route.changed', { policy: policyName(t, policy) }));
    } catch (fault) {
      const told = errorOf(fault);
      if (told.reason === 'route-looser' && !isAgreed) setAsked(policy);
      else setError(told);
    } finally {
      setChosen(undefined);
    }
  };
  return {
    choose: (policy) => {
      if (chosen === undefined) void set(policy, false);
    },
    chosen,
    asked,
    answer: (isAgreed) => {
      setAsked(undefined);
      if (isAgreed && asked !== undefined) void set(asked, true);
    },
    error,
  };
}
