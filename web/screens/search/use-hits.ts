/**
 * Messages that are found while one types: asked when the fingers rest for a moment, and only the
 * answer to the last question counts. What was found before stays until then.
 * @module
 */
import type { ApiErrorBody, Hit, Params } from '@sotto/api/contract.ts';
import { useEffect, useState } from 'react';
import { useClient } from '../../model/context.ts';
import { errorOf } from '../../model/failure.ts';
import type { Query } from './query.ts';

const SETTLE_MS = 60;
const HITS = 50;
/** Once all is wanted that one answer can hold. */
const HITS_MORE = 100;

export interface Hits {
  readonly hits: readonly Hit[];
  /** Not all of them are here. */
  readonly more: boolean;
  /** What they are the answer to; undefined while nothing is looked for. */
  readonly wanted: string | undefined;
  readonly error: ApiErrorBody | undefined;
}

const NONE: Hits = { hits: [], more: false, wanted: undefined, error: undefined };

export function useHits(query: Query, wantsMore: boolean): Hits {
  const client = useClient();
  const [found, setFound] = useState(NONE);
  const { text } = query;
  const wish = JSON.stringify(paramsOf(query, wantsMore));
  useEffect(() => {
    if (text === '') {
      setFound(NONE);
      return;
    }
    const stop = new AbortController();
    const { signal } = stop;
    const timer = window.setTimeout(() => {
      const params = JSON.parse(wish) as Params<'messages.find'>;
      client.call('messages.find', params, { signal }).then(
        ({ hits, more }) => {
          if (!signal.aborted) setFound({ hits, more, wanted: text, error: undefined });
        },
        (fault: unknown) => {
          if (!signal.aborted) setFound({ ...NONE, wanted: text, error: errorOf(fault) });
        },
      );
    }, SETTLE_MS);
    return () => {
      stop.abort();
      window.clearTimeout(timer);
    };
  }, [client, text, wish]);
  return text === '' ? NONE : found;
}

function paramsOf({ text, from, within, before, after }: Query, wantsMore: boolean) {
  return {
    text,
    limit: wantsMore ? HITS_MORE : HITS,
    ...(from === undefined ? {} : { from }),
    ...(within === undefined ? {} : { in: within.conversation }),
    ...(before === undefined ? {} : { before: before.toISOString() }),
    ...(after === undefined ? {} : { after: after.toISOString() }),
  };
}
