/**
 * Found line: what a pasted text is and whom it names, in one sentence that is also spoken.
 * @module
 */
import type { Found } from '../../model/peek.ts';
import { useText } from '../../text/text.ts';
import { fromOf } from '../../words/invite-words.ts';
import { nameIn } from '../../words/name.ts';
import style from './add.module.css';

export function FoundLine({ found }: { readonly found: Found }) {
  return (
    <div role="status" className={style['found']}>
      {found.state === 'found' && <Sentence found={found} />}
    </div>
  );
}

function Sentence({ found }: { readonly found: Extract<Found, { state: 'found' }> }) {
  const t = useText();
  const { peek, text } = found;
  const given = peek.name ?? fromOf(text);
  const name = given === undefined ? undefined : nameIn(given);
  if (peek.known !== undefined) {
    return <p dir="auto">{t('add.known', { name: name ?? nameIn(peek.id) })}</p>;
  }
  if (peek.kind === 'id') {
    return (
      <>
        <p>{name === undefined ? t('add.found.id.nameless') : t('add.found.id', { name })}</p>
        <p className={style['more']}>{t('add.found.id.line')}</p>
      </>
    );
  }
  const until = peek.expiresAt;
  return (
    <>
      <p>{name === undefined ? t('add.found.invite.nameless') : t('add.found.invite', { name })}</p>
      <p className={style['more']}>
        {until !== undefined && t('add.found.until', { until: new Date(until) })}
      </p>
    </>
  );
}
