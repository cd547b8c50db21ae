/**
 * The bytes of a query that names a target: nearly all that we send. Somebody waits for them, so
 * they are written in one go and not by the codec, whose code is cold after a while of silence.
 *
 *   d1:ad2:id20:<id> [3:seqi<seq>e] 6:target20:<target> [4:wantl...e] e
 *   1:q<method> [2:roi1e] 1:t<transaction> 1:y1:qe
 *
 * @module
 */
import { writeLatin1 } from '../base/bytes.ts';
import type { Query } from './krpc.ts';

export type TargetQuery = Extract<Query, { method: 'find_node' | 'get' | 'sample_infohashes' }>;

export function isTargetQuery(query: Query): query is TargetQuery {
  const { method } = query;
  return method === 'get' || method === 'find_node' || method === 'sample_infohashes';
}

/** What `encode` would make of it. */
export function encodeTargetQuery(
  transaction: Uint8Array,
  id: Uint8Array,
  readOnly: boolean,
  query: TargetQuery,
): Uint8Array {
  const { method, target, want } = query;
  const seq = method === 'get' && query.seq !== undefined ? `3:seqi${query.seq}e` : '';
  let wanted = '';
  for (const family of want) wanted += family === 'v4' ? '2:n4' : '2:n6';
  if (wanted !== '') wanted = `4:wantl${wanted}e`;
  const flag = readOnly ? '2:roi1e' : '';
  const head = `d1:ad2:id${id.length}:`;
  const middle = `${seq}6:target${target.length}:`;
  const tail = `${wanted}e1:q${method.length}:${method}${flag}1:t${transaction.length}:`;
  const texts = head.length + middle.length + tail.length + END.length;
  const bytes = new Uint8Array(texts + id.length + target.length + transaction.length);
  let at = writeLatin1(bytes, 0, head);
  bytes.set(id, at);
  at = writeLatin1(bytes, at + id.length, middle);
  bytes.set(target, at);
  at = writeLatin1(bytes, at + target.length, tail);
  bytes.set(transaction, at);
  writeLatin1(bytes, at + transaction.length, END);
  return bytes;
}

const END = '1:y1:qe';
