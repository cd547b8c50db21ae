/**
 * Check row: one thing that was looked at. Its state is a shape and a word.
 * @module
 */
import type { Check } from '@sotto/api/contract.ts';
import { CircleAlert, CircleCheck, CircleDashed, CircleX } from 'lucide-react';
import type { ReactNode } from 'react';
import { go } from '../../model/place.ts';
import { Button } from '../../parts/button.tsx';
import { useText } from '../../text/text.ts';
import { fixOf } from './fixes.ts';
import style from './network.module.css';

const SHAPES: Readonly<Record<Check['state'], ReactNode>> = {
  ok: <CircleCheck aria-hidden="true" />,
  warn: <CircleAlert aria-hidden="true" />,
  fail: <CircleX aria-hidden="true" />,
  skipped: <CircleDashed aria-hidden="true" />,
};

export function CheckRow({
  check,
  onAsk,
}: {
  readonly check: Check;
  /** Has the router asked once more; undefined where that is not done. */
  readonly onAsk?: () => void;
}) {
  const t = useText();
  const { asks, hint, places = [], say } = fixOf(check);
  const advice = say === undefined ? hint : t(say);
  return (
    <li className={style['check']} data-state={check.state}>
      <span className={style['state']}>
        {SHAPES[check.state]}
        <span className={style['word']}>{t(`network.state.${check.state}`)}</span>
      </span>
      <div className={style['said']}>
        <h3>{check.title}</h3>
        <p dir="auto">
          {check.message}
          {check.code !== undefined && <span className={style['code']}> {check.code}</span>}
        </p>
        {advice !== undefined && check.state !== 'ok' && (
          <p className={style['hint']} dir="auto">
            {advice}
          </p>
        )}
      </div>
      {asks && onAsk && <Button onClick={onAsk}>{t('network.fix.ask')}</Button>}
      {places.map(({ label, path }) => (
        <Button key={label} onClick={() => go(path)}>
          {t(label)}
        </Button>
      ))}
    </li>
  );
}
