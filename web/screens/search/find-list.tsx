/**
 * What was found, in groups. The active one is in sight.
 * @module
 */
import { useEffect, useId, type ReactNode } from 'react';
import { Button } from '../../parts/button.tsx';
import { useText } from '../../text/text.ts';
import { FindRow } from './find-row.tsx';
import type { Find } from './finds.ts';
import style from './search.module.css';

export function FindList({
  id,
  finds,
  active,
  wanted,
  hasMore,
  onMore,
  onChoose,
}: {
  readonly id: string;
  readonly finds: readonly Find[];
  /** Index of the one that Enter opens. */
  readonly active: number;
  readonly wanted: string;
  /** There are more messages than these. */
  readonly hasMore: boolean;
  /** Absent where no more can be shown. */
  readonly onMore: (() => void) | undefined;
  readonly onChoose: (find: Find) => void;
}) {
  const t = useText();
  const activeId = `${id}-${active}`;
  const activeKey = finds[active]?.key;
  useEffect(() => {
    document.getElementById(activeId)?.scrollIntoView({ block: 'nearest' });
  }, [activeId, activeKey]);
  return (
    <>
      <div id={id} role="listbox" aria-label={t('search.found')} className={style['finds']}>
        {groupsOf(finds).map(({ kind, from, to }) => (
          <Group key={kind} title={t(`search.group.${kind}`)}>
            {finds.slice(from, to).map((find, at) => (
              <FindRow
                key={find.key}
                find={find}
                id={`${id}-${from + at}`}
                isActive={from + at === active}
                wanted={wanted}
                onChoose={onChoose}
              />
            ))}
          </Group>
        ))}
      </div>
      {hasMore && (
        <div className={style['more']}>
          {onMore ? (
            <Button onClick={onMore}>{t('search.more')}</Button>
          ) : (
            <p>{t('search.narrow')}</p>
          )}
        </div>
      )}
    </>
  );
}

function Group({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  const titleId = useId();
  return (
    <div role="group" aria-labelledby={titleId} className={style['group']}>
      <div id={titleId} className={style['title']} role="presentation">
        {title}
      </div>
      {children}
    </div>
  );
}

/** Finds of one kind stand together. */
function groupsOf(finds: readonly Find[]) {
  const groups: { kind: Find['kind']; from: number; to: number }[] = [];
  for (const [at, { kind }] of finds.entries()) {
    const last = groups.at(-1);
    if (last?.kind === kind) last.to = at + 1;
    else groups.push({ kind, from: at, to: at + 1 });
  }
  return groups;
}
