/**
 * Look-alike: this name looks like that of another contact. Nothing is said of somebody who was
 * verified: a person has looked closer than letters do.
 * @module
 */
import { TriangleAlert } from 'lucide-react';
import { useText } from '../text/text.ts';
import { nameIn } from '../words/name.ts';
import style from './look-alike.module.css';
import { Tip } from './tip.tsx';

interface Person {
  readonly looksLike?: string | undefined;
  readonly verifiedAt?: string | undefined;
}

/** Beside a name. */
export function LookAlikeMark({ person }: { readonly person: Person }) {
  const t = useText();
  if (person.looksLike === undefined || person.verifiedAt !== undefined) return null;
  const label = t('app.look-alike', { name: nameIn(person.looksLike) });
  return (
    <Tip label={label}>
      <TriangleAlert className={style['mark']} role="img" aria-label={label} />
    </Tip>
  );
}

/** In whole sentences, where there is room. */
export function LookAlikeLine({ person }: { readonly person: Person }) {
  const t = useText();
  if (person.looksLike === undefined || person.verifiedAt !== undefined) return null;
  return (
    <p className={style['line']}>
      <TriangleAlert className={style['mark']} aria-hidden="true" />
      <span>{t('app.look-alike.line', { name: nameIn(person.looksLike) })}</span>
    </p>
  );
}
