/**
 * List of emoji over the composer while `:smile` is typed. The focus stays in the field: arrows
 * choose, Enter or Tab takes, Esc closes.
 * @module
 */
import { useEffect, useId, useRef, useState, type KeyboardEvent, type RefObject } from 'react';
import { useText } from '../../text/text.ts';
import type { Emoji } from './emoji-data.ts';
import { matchesOf, wantedAt, type Wanted } from './emoji-match.ts';
import style from './emoji.module.css';
import { insertText } from './insert-text.ts';

export function useEmojiMatches(field: RefObject<HTMLTextAreaElement | null>, text: string) {
  const id = useId();
  const [wanted, setWanted] = useState<Wanted>();
  const [all, setAll] = useState<readonly Emoji[]>();
  const [at, setAt] = useState(0);
  const closed = useRef<string>(undefined);
  const look = (): void => {
    const { current } = field;
    const next = current ? wantedAt(current.value, current.selectionStart) : undefined;
    if (next?.query === wanted?.query && next?.from === wanted?.from) return;
    if (!next) closed.current = undefined;
    setAt(0);
    setWanted(next);
  };
  useEffect(look, [text]);
  const isWanted = wanted !== undefined;
  useEffect(() => {
    if (!isWanted || all) return;
    // Without the list nothing is offered: the word stays as it was typed.
    import('./emoji-data.ts').then((data) => data.emojiByCode()).then(setAll, () => undefined);
  }, [isWanted, all]);
  const isClosed = wanted !== undefined && closed.current === String(wanted.from);
  const list = wanted && all && !isClosed ? matchesOf(all, wanted.query) : [];
  const take = (emoji: Emoji): void => {
    if (!wanted || !field.current) return;
    insertText(field.current, `${emoji.emoji} `, wanted.from, wanted.to);
    setWanted(undefined);
  };
  const onKeyDown = (event: KeyboardEvent): boolean => {
    if (list.length === 0) return false;
    const { key } = event;
    if (key === 'ArrowDown') setAt((at + 1) % list.length);
    else if (key === 'ArrowUp') setAt((at + list.length - 1) % list.length);
    else if ((key === 'Enter' || key === 'Tab') && !event.shiftKey) take(list[at]!);
    else if (key === 'Escape') {
      closed.current = String(wanted!.from);
      setWanted({ ...wanted! });
    } else return false;
    event.preventDefault();
    return true;
  };
  const aria =
    list.length === 0
      ? {}
      : {
          'aria-autocomplete': 'list' as const,
          'aria-controls': id,
          'aria-activedescendant': `${id}-${at}`,
        };
  return { id, query: wanted?.query ?? '', list, at, take, look, onKeyDown, aria };
}

export function EmojiMatches({
  matches,
}: {
  readonly matches: ReturnType<typeof useEmojiMatches>;
}) {
  const t = useText();
  const { id, query, list, at, take } = matches;
  if (list.length === 0) return null;
  return (
    <ul
      id={id}
      role="listbox"
      className={style['matches']}
      aria-label={t('emoji.matches', { query })}
    >
      {list.map((emoji, i) => (
        <li
          key={emoji.emoji}
          id={`${id}-${i}`}
          role="option"
          aria-selected={i === at}
          className={style['match']}
          // The field keeps the focus.
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => take(emoji)}
        >
          <span aria-hidden="true">{emoji.emoji}</span> {emoji.codes[0]}
        </li>
      ))}
    </ul>
  );
}
