/**
 * Policy picker: by which rule a chat connects, with what follows from each. It can be set at any
 * time, with or without a network.
 * @module
 */
import type { Conversation, Route } from '@sotto/api/contract.ts';
import { useState } from 'react';
import { Choice } from '../../parts/choice.tsx';
import { ErrorNote } from '../../parts/error-note.tsx';
import { useText } from '../../text/text.ts';
import { nameIn } from '../../words/name.ts';
import { isTighter, POLICIES, policyName } from '../../words/route.ts';
import { LooserDialog } from './looser-dialog.tsx';
import style from './route.module.css';
import { usePolicy } from './use-policy.ts';

export function PolicyPicker({
  conversation,
  shown,
}: {
  readonly conversation: Conversation;
  readonly shown: Route | undefined;
}) {
  const t = useText();
  const { name, policy } = conversation;
  const choosing = usePolicy(conversation.conversation);
  const { chosen, error } = choosing;
  const [before, setBefore] = useState(policy);
  const values = { name: nameIn(name) };
  const theirs = shown?.theirPolicy;
  const isOther = theirs !== undefined && theirs !== 'auto' && theirs !== policy;
  return (
    <section className={style['picker']}>
      <Choice
        legend={t('route.policy')}
        value={chosen ?? policy}
        options={POLICIES.map((value) => ({
          value,
          label: policyName(t, value),
          line: t(`route.policy.${value}.line`, values),
        }))}
        onChoose={(value) => {
          setBefore(policy);
          choosing.choose(value);
        }}
        deliberate
      />
      <div role="status">
        {isTighter(before, policy) && <p className={style['note']}>{t('route.tighter', values)}</p>}
      </div>
      {isOther && shown?.held !== 'conflict' && (
        <p className={style['note']}>
          {t('route.theirs', { ...values, policy: policyName(t, theirs) })}
        </p>
      )}
      {error && <ErrorNote error={error} />}
      <p className={style['promise']}>{t('route.promise')}</p>
      <LooserDialog choosing={choosing} name={name} />
    </section>
  );
}
