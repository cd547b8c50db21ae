/**
 * What was said last in a chat; or what is more urgent to know: that they are blocked, what was
 * written and not sent, how far a request is. And how far my last message is, in shape and word.
 * @module
 */
import type { Conversation, MessageState } from '@sotto/api/contract.ts';
import type { ReactNode } from 'react';
import { useText, type Text } from '../../text/text.ts';
import { shownName } from '../../words/name.ts';
import style from './chat-row.module.css';

/** What a row has room for; a message may be as long as a book. */
const PREVIEW_CHARS = 160;

interface Props {
  readonly conversation: Conversation;
  /** What is being written stands in the open chat itself. */
  readonly isOpen: boolean;
}

export function LastLine({ conversation, isOpen }: Props) {
  const t = useText();
  const draft = isOpen ? undefined : conversation.draft;
  return <span className={style['last']}>{wordsOf(t, conversation, draft)}</span>;
}

function wordsOf(
  t: Text,
  { state, asking, last }: Conversation,
  draft: string | undefined,
): ReactNode {
  if (state === 'blocked') return t('chats.blocked');
  if (draft !== undefined) {
    return (
      <>
        <span className={style['draft']}>{t('chats.draft')}</span> <bdi>{previewOf(draft)}</bdi>
      </>
    );
  }
  if (asking !== undefined) return t(`chats.asking.${asking}`);
  if (last === undefined) return t(state === 'added' ? 'chats.added' : 'chats.no-message');
  if (last.kind !== 'text') return t('chats.unknown-kind');
  return <bdi>{previewOf(last.text)}</bdi>;
}

function previewOf(text: string): string {
  const line = text
    .slice(0, 2 * PREVIEW_CHARS)
    .trim()
    .replace(/\s+/g, ' ');
  // By whole characters: half of a pair is shown as an escape.
  return shownName([...line].slice(0, PREVIEW_CHARS).join(''));
}

const MARKS: Readonly<Record<Exclude<MessageState, 'received'>, string>> = {
  waiting: '◌',
  delivered: '✓',
  cancelled: '!',
};

/** Of my last message, where the last one is mine. */
export function OwnState({ conversation, isOpen }: Props) {
  const t = useText();
  const { last, draft, state } = conversation;
  if (!last?.outgoing || last.state === 'received' || state === 'blocked') return null;
  if (draft !== undefined && !isOpen) return null;
  return (
    <span className={style['state']} data-state={last.state}>
      <span aria-hidden="true">{MARKS[last.state]} </span>
      {t(`chats.state.${last.state}`)}
    </span>
  );
}
