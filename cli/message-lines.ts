/**
 * A message as lines on the terminal. Its text is indented under itself, so that no text can
 * look like the line of another message; gaps and doubtful messages say what they are.
 * @module
 */
import type { Message, MessageState } from '@sotto/api/contract.ts';
import type { Output, Part } from './output.ts';
import { padded, truncated } from './safe-text.ts';
import { clock } from './time.ts';

const NAME_COLUMNS = 16;

interface Mark {
  readonly utf8: string;
  readonly word: string;
}
const MARKS: Readonly<Record<MessageState, Mark | undefined>> = {
  waiting: { utf8: '◌', word: 'Waiting' },
  delivered: { utf8: '✓', word: 'Delivered' },
  cancelled: { utf8: '!', word: 'Not sent' },
  received: undefined,
};

/** @param where precedes the author: the conversation, where several are shown. */
export function messageLines(out: Output, message: Message, where = ''): void {
  const { author, outgoing } = message;
  if (message.gapBefore) {
    const text = `Earlier messages of ${author} have not arrived yet.`;
    out.line({ text: `  ${out.utf8 ? '…' : '...'} ${text}`, style: 'dim' });
  }
  if (message.fork) {
    const text = `${author} wrote two different messages in this place; both are shown.`;
    out.line({ text: `  ! ${text}`, style: 'dim' });
  }
  const name = truncated(out.clean(outgoing ? 'You' : author), NAME_COLUMNS, out.utf8);
  const head: Part[] = [
    { text: clock(message.time), style: 'dim' },
    `  ${where}`,
    { text: padded(name, Math.min(NAME_COLUMNS, 8)), style: 'bold' },
    '  ',
  ];
  out.block(head, textOf(message), markOf(out, message.state));
}

/** @param first fields before those of the message. */
export function messageRecord(out: Output, message: Message, ...first: readonly string[]): void {
  const { cursor, event, conversation, time, outgoing, author, state, kind, text } = message;
  out.record(...first, cursor, event, conversation, time, outgoing, author, state, kind, text);
}

/** ` ✓ Delivered`, to stand after a text of ours. */
export function markOf(out: Output, state: MessageState): Part[] {
  const mark = MARKS[state];
  if (!mark) return [];
  const text = out.utf8 ? `${mark.utf8} ${mark.word}` : `[${mark.word}]`;
  return ['  ', { text, style: 'dim' }];
}

function textOf(message: Message): string {
  return message.kind === 'text' ? message.text : '(This needs a newer version of the app.)';
}
