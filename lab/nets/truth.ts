/**
 * Whether what two people are told of the way between them is so.
 * @module
 */
import type { Said } from './couple.ts';
import { KINDS, type HomeKind } from './kinds.ts';

/** Everything in what they are told that is not so; empty where all of it is. */
export function untruths(
  pair: readonly [HomeKind, HomeKind],
  said: readonly [Said, Said],
): string[] {
  const wrong = pair.flatMap((kind, i) => untruthsOf(kind, said[i]!));
  if (said[0].online !== said[1].online) wrong.push('one is linked and the other is not');
  return wrong;
}

function untruthsOf(
  kind: HomeKind,
  { endpoint, findings, online, route, verdict }: Said,
): string[] {
  const wrong: string[] = [];
  const isWay = route !== 'waiting';
  if (isWay !== online) wrong.push(`${kind}: the way is ${route}, linked is ${online}`);
  if (isWay !== (endpoint !== undefined)) wrong.push(`${kind}: ${route} to ${endpoint}`);
  if ((findings['answers'] === 'linked') !== online) {
    wrong.push(`${kind}: the doctor finds ${findings['answers']}, linked is ${online}`);
  }
  const { four } = KINDS[kind];
  const hasHelpers = !four || four.out === 'everything';
  const isWell = verdict === 'well-connected' || verdict === 'hard-to-reach';
  if (!hasHelpers && isWell) wrong.push(`${kind}: "${verdict}" where no helper can be asked`);
  // Behind a proxy that is said instead.
  const isOpen = four?.out !== 'nothing';
  const isOnlyRelays = verdict === 'only-relays' || verdict === 'starting';
  if (!hasHelpers && isOpen && route === 'relay' && !isOnlyRelays) {
    wrong.push(`${kind}: "${verdict}" where a relay leads past it`);
  }
  if (hasHelpers && !isWell && verdict !== 'starting') wrong.push(`${kind}: "${verdict}"`);
  if (four?.mapping === 'dependent' && verdict === 'well-connected') {
    wrong.push(`${kind}: "well-connected" behind a symmetric router`);
  }
  return wrong;
}
