/**
 * Person test: is it known where somebody is, do they answer, and what waits for them; step by
 * step, in the order of the way.
 * @module
 */
import { useEffect, useRef, useState, type FormEvent } from 'react';
import { useModel } from '../../model/context.ts';
import type { Doctor } from '../../model/doctor.ts';
import { useStore } from '../../model/store.ts';
import { Button } from '../../parts/button.tsx';
import { SelectField } from '../../parts/field.tsx';
import { useText } from '../../text/text.ts';
import { nameIn, shownName } from '../../words/name.ts';
import { CheckRow } from './check-row.tsx';
import style from './network.module.css';

export function PersonTest({ doctor }: { readonly doctor: Doctor }) {
  const t = useText();
  const conversations = useStore(useModel().conversations);
  const people = [...conversations.values()]
    .filter(({ state }) => state !== 'blocked')
    .sort((a, b) => a.name.localeCompare(b.name));
  const [chosen, setChosen] = useState('');
  const way = doctor.findings?.way;
  const result = useRef<HTMLDivElement>(null);
  // It comes some seconds later, and may be out of sight.
  useEffect(() => result.current?.scrollIntoView({ block: 'nearest' }), [way]);
  const who = conversations.get(chosen) ?? people[0];
  const test = (event: FormEvent): void => {
    event.preventDefault();
    if (who) doctor.run(who);
  };
  return (
    <section className={style['person']}>
      <h2>{t('network.person')}</h2>
      {who === undefined ? (
        <p className={style['hint']}>{t('network.person.nobody')}</p>
      ) : (
        <form onSubmit={test}>
          <SelectField
            label={t('network.person.who')}
            value={who.conversation}
            onChange={(event) => setChosen(event.target.value)}
            beside={
              <Button type="submit">
                {doctor.isRunning ? t('network.person.testing') : t('network.person.test')}
              </Button>
            }
          >
            {people.map(({ conversation, name }) => (
              <option key={conversation} value={conversation}>
                {shownName(name)}
              </option>
            ))}
          </SelectField>
        </form>
      )}
      <div role="status">
        {way && (
          <div ref={result}>
            <h3 className={style['way']}>
              {t('network.person.result', { name: nameIn(way.name) })}
            </h3>
            <ol>
              {way.checks.map((check) => (
                <CheckRow key={check.check} check={check} />
              ))}
            </ol>
          </div>
        )}
      </div>
    </section>
  );
}
