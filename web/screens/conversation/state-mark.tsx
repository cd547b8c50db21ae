/**
 * How far a message of ours is: shape and word. The word stands under the newest one only; the
 * shape has it as its name, and the sentence as its tooltip.
 *
 *   dashed ring  Waiting      check  Delivered      exclamation  Not sent, Held
 *
 * @module
 */
import type { Message } from '@sotto/api/contract.ts';
import { Check, CircleAlert, CircleDashed } from 'lucide-react';
import { useText, type Text, type TextKey } from '../../text/text.ts';
import { nameIn } from '../../words/name.ts';
import { routeWords, wayOfMessage } from '../../words/route.ts';
import { clockTime } from '../../words/when.ts';
import style from './state-mark.module.css';

/** `sending`, `failed` and `held` are of this page; the rest are states of the daemon. */
export type Shown = 'sending' | 'failed' | 'held' | Message['state'];

const SHAPES = {
  sending: CircleDashed,
  waiting: CircleDashed,
  delivered: Check,
  cancelled: CircleAlert,
  held: CircleAlert,
  failed: CircleAlert,
  received: undefined,
} as const satisfies Readonly<Record<Shown, unknown>>;

export function StateMark({
  state,
  tip,
  withWord,
  isFresh,
}: {
  readonly state: Shown;
  readonly tip: string;
  readonly withWord: boolean;
  /** Just sent: it is not said to wait before it had the time to arrive. */
  readonly isFresh: boolean;
}) {
  const t = useText();
  const Shape = SHAPES[state];
  if (!Shape) return null;
  const word = stateWord(t, state);
  return (
    <span className={style['mark']} data-state={state} data-late={isFresh} title={tip}>
      <Shape className={style['shape']} aria-hidden="true" />
      <span className={withWord ? undefined : 'visually-hidden'}>{word}</span>
    </span>
  );
}

export function stateWord(t: Text, state: Shown): string {
  // A newer daemon may name a state that this page does not know.
  return state in SHAPES ? t(`message.state.${state}` as TextKey) : String(state);
}

/** One sentence on how far it is. */
export function stateTip(t: Text, message: Message, name: string): string {
  const { state, deliveredAt } = message;
  const way = wayOfMessage(message);
  if (state !== 'delivered') {
    return t(`message.tip.${state}` as TextKey, { time: clockTime(new Date(message.storedAt)) });
  }
  const values = {
    name: nameIn(name),
    time: deliveredAt === undefined ? '' : clockTime(new Date(deliveredAt)),
  };
  if (way === undefined) return t('message.tip.delivered.no-route', values);
  return t('message.tip.delivered', { ...values, route: routeWords(t, way, 'chip', name) });
}
