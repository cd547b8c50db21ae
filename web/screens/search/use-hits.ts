/**
 * Messages that are found while one types: asked at once, one question at a time, and only the
 * answer to the last one counts. What was found before stays until then.
 * @module
 */
import type { ApiErrorBody, Hit, Params } from '@sotto/api/contract.ts';
import { useEffect, useRef, useState } from 'react';
import { useClient } from '../../model/context.ts';
import { errorOf } from '../../model/failure.ts';
import type { Query } from './query.ts';

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
  const underWay = useRef<Promise<void>>(Promise.resolve());
  useEffect(() => {
    if (text === '') {
      setFound(NONE);
      return;
    }
    let isWanted = true;
    const ask = async (): Promise<void> => {
      const params = JSON.parse(wish) as Params<'messages.find'>;
      try {
        const { hits, more } = await client.call('messages.find', params);
        if (isWanted) setFound({ hits, more, wanted: text, error: undefined });
      } catch (fault) {
        if (isWanted) setFound({ ...NONE, wanted: text, error: errorOf(fault) });
      }
    };
    // Who types faster than is answered does not heap up questions: the newest one waits alone.
    void underWay.current.then(() => {
      if (isWanted) underWay.current = ask();
    });
    return () => {
      isWanted = false;
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
