/**
 * Connect field: by which rule a chat that begins will connect. Until somebody chooses it is what
 * the settings say for new people.
 * @module
 */
import { useState } from 'react';
import { useModel } from '../../model/context.ts';
import { useStorePart } from '../../model/store.ts';
import { SelectField } from '../../parts/field.tsx';
import { useText } from '../../text/text.ts';
import { POLICIES, policyName, type Policy } from '../../words/route.ts';

export interface Connect {
  /** As the field shows it. */
  readonly policy: Policy;
  /** What a person chose; else the settings hold, and no call has to say so. */
  readonly chosen: Policy | undefined;
  readonly choose: (policy: Policy) => void;
}

export function useConnect(): Connect {
  const { settings } = useModel();
  const kept = useStorePart(settings, (all) => all.get('routes.default')?.value);
  const [chosen, choose] = useState<Policy>();
  const usual = POLICIES.find((policy) => policy === kept) ?? 'auto';
  return { policy: chosen ?? usual, chosen, choose };
}

export function ConnectField({ connect: { policy, choose } }: { readonly connect: Connect }) {
  const t = useText();
  return (
    <SelectField
      label={t('route.connect')}
      hint={t(`route.connect.${policy}`)}
      value={policy}
      onChange={(event) => choose(event.target.value as Policy)}
    >
      {POLICIES.map((value) => (
        <option key={value} value={value}>
          {policyName(t, value)}
        </option>
      ))}
    </SelectField>
  );
}
