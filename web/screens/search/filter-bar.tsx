/**
 * Filters as buttons: each writes what could be typed as well.
 * @module
 */
import { useId, useState, type ReactNode } from 'react';
import { Button } from '../../parts/button.tsx';
import { useText } from '../../text/text.ts';
import { nameIn } from '../../words/name.ts';
import type { FilterName } from '@sotto/api/find-words.ts';
import type { Query } from './query.ts';
import style from './search.module.css';

interface Props {
  readonly query: Query;
  /** Without a value the filter goes; the empty value is to be finished in the field. */
  readonly onFilter: (filter: FilterName, value: string | undefined) => void;
}

export function FilterBar({ query, onFilter }: Props) {
  const t = useText();
  const { from, within, before, after } = query;
  const [wantsDates, setWantsDates] = useState(false);
  const showsDates = wantsDates || before !== undefined || after !== undefined;
  const toggle = (side: 'me' | 'them'): void => onFilter('from', from === side ? undefined : side);
  return (
    <div className={style['filters']} role="group" aria-label={t('search.filters')}>
      <Toggle pressed={from === 'me'} onToggle={() => toggle('me')}>
        {t('search.from.me')}
      </Toggle>
      <Toggle pressed={from === 'them'} onToggle={() => toggle('them')}>
        {t('search.from.them')}
      </Toggle>
      <Toggle
        pressed={within !== undefined}
        onToggle={() => onFilter('in', within === undefined ? '' : undefined)}
      >
        {within === undefined ? t('search.in') : t('search.in.name', { name: nameIn(within.name) })}
      </Toggle>
      <Button
        className={style['filter']}
        aria-expanded={showsDates}
        onClick={() => {
          setWantsDates(!showsDates);
          if (before) onFilter('before', undefined);
          if (after) onFilter('after', undefined);
        }}
      >
        {t('search.dates')}
      </Button>
      {showsDates && (
        <>
          <Day label={t('search.after')} day={after} onDay={(day) => onFilter('after', day)} />
          <Day label={t('search.before')} day={before} onDay={(day) => onFilter('before', day)} />
        </>
      )}
    </div>
  );
}

function Toggle({
  pressed,
  onToggle,
  children,
}: {
  readonly pressed: boolean;
  readonly onToggle: () => void;
  readonly children: ReactNode;
}) {
  return (
    <Button className={style['filter']} aria-pressed={pressed} onClick={onToggle}>
      {children}
    </Button>
  );
}

function Day({
  label,
  day,
  onDay,
}: {
  readonly label: string;
  readonly day: Date | undefined;
  readonly onDay: (day: string | undefined) => void;
}) {
  const id = useId();
  return (
    <span className={style['day']}>
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type="date"
        className={style['date']}
        value={day === undefined ? '' : dayText(day)}
        onChange={({ target }) => onDay(target.value === '' ? undefined : target.value)}
      />
    </span>
  );
}

/** 2026-11-03, by the calendar of this computer. */
function dayText(day: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}
