/**
 * Find in this chat: what the browser's own find cannot see, because most rows are not drawn. A
 * hit is shown where it stands.
 *
 *   Enter  older hit      Shift+Enter  newer hit      Esc  close
 *
 * @module
 */
import type { ApiErrorBody, Hit } from '@sotto/api/contract.ts';
import { HITS_MAX } from '@sotto/api/wire.ts';
import { ArrowDown, ArrowUp, X } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useClient } from '../../model/context.ts';
import { errorOf } from '../../model/failure.ts';
import { go } from '../../model/place.ts';
import { IconButton } from '../../parts/button.tsx';
import { ErrorNote } from '../../parts/error-note.tsx';
import { useText } from '../../text/text.ts';
import style from './find-bar.module.css';

const REST_MS = 120;

interface Props {
  readonly conversation: string;
  readonly onClose: () => void;
}

export function FindBar({ conversation, onClose }: Props) {
  const t = useText();
  const [text, setText] = useState('');
  const { hits, more, at, error, step } = useHits(conversation, text.trim());
  const close = (): void => {
    onClose();
    go(`/c/${conversation}`, { replace: true });
  };
  return (
    <div
      role="search"
      className={style['bar']}
      data-region=""
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.preventDefault();
        close();
      }}
    >
      <input
        type="search"
        className={style['field']}
        autoFocus
        dir="auto"
        value={text}
        placeholder={t('find.label')}
        aria-label={t('find.label')}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter') return;
          event.preventDefault();
          step(event.shiftKey ? -1 : 1);
        }}
      />
      <span className={style['count']} role="status">
        {hits.length > 0 && t(more ? 'find.count.more' : 'find.count', countOf(at, hits))}
        {hits.length === 0 && at === 0 && text.trim() !== '' && !error && (
          <>{t('find.none', { query: text.trim() })}</>
        )}
      </span>
      <IconButton
        icon={<ArrowUp aria-hidden="true" />}
        label={t('find.previous')}
        disabled={at + 1 >= hits.length}
        onClick={() => step(1)}
      />
      <IconButton
        icon={<ArrowDown aria-hidden="true" />}
        label={t('find.next')}
        disabled={at <= 0 || hits.length === 0}
        onClick={() => step(-1)}
      />
      <IconButton icon={<X aria-hidden="true" />} label={t('find.close')} onClick={close} />
      {error && <ErrorNote error={error} />}
    </div>
  );
}

function countOf(at: number, hits: readonly Hit[]): { at: number; count: number } {
  return { at: at + 1, count: hits.length };
}

interface Hits {
  readonly text: string;
  readonly hits: readonly Hit[];
  readonly more: boolean;
  /** Which one is shown; -1 while nothing was looked for. */
  readonly at: number;
  readonly error: ApiErrorBody | undefined;
}

const NONE: Hits = { text: '', hits: [], more: false, at: -1, error: undefined };

function useHits(conversation: string, text: string) {
  const client = useClient();
  const [found, setFound] = useState(NONE);
  const show = (next: Hits): void => {
    setFound(next);
    const cursor = next.hits[next.at]?.message.cursor;
    if (cursor !== undefined) go(`/c/${conversation}/at/${cursor}`, { replace: true });
  };
  useEffect(() => {
    if (text === '') {
      setFound(NONE);
      return;
    }
    const stop = new AbortController();
    const { signal } = stop;
    const timer = window.setTimeout(() => {
      const params = { text, in: conversation, limit: HITS_MAX };
      client.call('messages.find', params, { signal }).then(
        ({ hits, more }) => show({ text, hits, more, at: 0, error: undefined }),
        (fault: unknown) => {
          if (!signal.aborted) setFound({ ...NONE, text, error: errorOf(fault) });
        },
      );
    }, REST_MS);
    return () => {
      stop.abort();
      window.clearTimeout(timer);
    };
  }, [client, conversation, text]);
  /** Hits are newest first: forward is into the past. */
  const step = (by: 1 | -1): void => {
    const at = found.at + by;
    if (at >= 0 && at < found.hits.length) show({ ...found, at });
  };
  return { ...found, step };
}
