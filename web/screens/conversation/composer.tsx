/**
 * Composer: what is being written. It knows its own text only, so that a key press draws this one
 * field and nothing else. Works offline: what is sent waits in the daemon.
 * @module
 */
import type { Conversation } from '@sotto/api/contract.ts';
import { errorBody } from '@sotto/api/errors.ts';
import { TEXT_BYTES_MAX } from '@sotto/api/wire.ts';
import { SendHorizontal } from 'lucide-react';
import {
  memo,
  useEffect,
  useId,
  useRef,
  useState,
  type KeyboardEvent,
  type RefObject,
} from 'react';
import { useModel } from '../../model/context.ts';
import { hasMod } from '../../model/keys.ts';
import { useStorePart } from '../../model/store.ts';
import type { Timeline } from '../../model/timeline.ts';
import { IconButton } from '../../parts/button.tsx';
import { ErrorNote } from '../../parts/error-note.tsx';
import { useText } from '../../text/text.ts';
import { nameIn } from '../../words/name.ts';
import { Blocked } from './blocked.tsx';
import style from './composer.module.css';
import { EmojiButton } from './emoji-button.tsx';
import { EmojiMatches, useEmojiMatches } from './emoji-matches.tsx';
import { insertText } from './insert-text.ts';
import { useDraft } from './use-draft.ts';
import type { Reach } from './use-roving.ts';

/** From here on the room that is left is told. */
const NEARLY_FULL_BYTES = TEXT_BYTES_MAX - 2_048;

interface Props {
  readonly field: RefObject<HTMLTextAreaElement | null>;
  readonly conversation: Conversation;
  readonly timeline: Timeline;
  readonly reach: RefObject<Reach | null>;
}

export function Composer({ field, conversation, timeline, reach }: Props) {
  const { conversation: id, name, state } = conversation;
  if (state === 'blocked') return <Blocked conversation={conversation} />;
  return <Field key={id} field={field} name={name} timeline={timeline} reach={reach} />;
}

interface FieldProps {
  readonly field: RefObject<HTMLTextAreaElement | null>;
  readonly name: string;
  readonly timeline: Timeline;
  readonly reach: RefObject<Reach | null>;
}

const Field = memo(function Field({ field, name, timeline, reach }: FieldProps) {
  const t = useText();
  const hintId = useId();
  const { settings } = useModel();
  const enterSends = useStorePart(settings, (all) => all.get('app.enterSends')?.value !== false);
  const draft = useDraft(timeline.conversation);
  const { text, setText } = draft;
  const matches = useEmojiMatches(field, text);
  const bytes = bytesOf(text);
  const label = t('composer.label', { name: nameIn(name) });
  const isReady = text.trim() !== '' && bytes <= TEXT_BYTES_MAX;
  const send = (): void => {
    if (!isReady) return;
    void timeline.send(text);
    draft.clear();
    field.current?.focus();
  };
  useFocusAtFirst(field);
  useGrowing(field, text);
  return (
    <form
      className={style['composer']}
      data-region=""
      aria-label={t('composer.region')}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <EmojiMatches matches={matches} />
      <div className={style['row']}>
        <textarea
          ref={field}
          className={style['field']}
          rows={1}
          dir="auto"
          value={text}
          placeholder={label}
          aria-label={label}
          aria-describedby={hintId}
          aria-invalid={bytes > TEXT_BYTES_MAX || undefined}
          {...matches.aria}
          onChange={(event) => setText(event.target.value)}
          onSelect={matches.look}
          onBlur={draft.save}
          onKeyDown={(event) => {
            if (event.nativeEvent.isComposing || matches.onKeyDown(event)) return;
            if (sends(event, enterSends)) {
              event.preventDefault();
              send();
            } else toMessages(event, text === '', reach);
          }}
        />
        <Buttons field={field} isReady={isReady} />
      </div>
      <span id={hintId} className="visually-hidden">
        {t(enterSends ? 'composer.keys.enter' : 'composer.keys.mod')}
      </span>
      <Room bytes={bytes} />
    </form>
  );
});

function Buttons({
  field,
  isReady,
}: {
  readonly field: RefObject<HTMLTextAreaElement | null>;
  /** There is something to send. */
  readonly isReady: boolean;
}) {
  const t = useText();
  return (
    <>
      <EmojiButton
        onPick={(emoji) => field.current && insertText(field.current, emoji)}
        onClose={() => field.current?.focus()}
      />
      <IconButton
        type="submit"
        kind="primary"
        className={style['send']}
        icon={<SendHorizontal aria-hidden="true" />}
        label={t('composer.send')}
        disabled={!isReady}
      />
    </>
  );
}

/** How much still fits, where it is little; an error where it is too much. */
function Room({ bytes }: { readonly bytes: number }) {
  const t = useText();
  if (bytes <= NEARLY_FULL_BYTES) return null;
  if (bytes > TEXT_BYTES_MAX) {
    return <ErrorNote error={errorBody('text-too-long', { bytes, max: TEXT_BYTES_MAX })} />;
  }
  return (
    <p className={style['left']} role="status">
      {t('composer.left', { count: TEXT_BYTES_MAX - bytes })}
    </p>
  );
}

const encoder = new TextEncoder();

/** In UTF-8. Short texts are not measured: they fit in any case. */
function bytesOf(text: string): number {
  return text.length * 3 < NEARLY_FULL_BYTES ? 0 : encoder.encode(text).length;
}

/** Enter, or Mod+Enter where Enter breaks the line. */
function sends(event: KeyboardEvent, enterSends: boolean): boolean {
  if (event.key !== 'Enter' || event.shiftKey || event.altKey) return false;
  return hasMod(event) || enterSends;
}

/** Shift+Tab leads to the newest message; Up, where nothing is written, to the last of ours. */
function toMessages(event: KeyboardEvent, isEmpty: boolean, reach: RefObject<Reach | null>): void {
  const { key, shiftKey } = event;
  if (hasMod(event) || event.altKey) return;
  const isUp = key === 'ArrowUp' && isEmpty && !shiftKey;
  if (!isUp && !(key === 'Tab' && shiftKey)) return;
  if (reach.current?.(isUp ? 'own' : 'newest')) event.preventDefault();
}

/** Who opens a chat wants to write. A keyboard on the screen would hide what is to be read. */
function useFocusAtFirst(field: RefObject<HTMLTextAreaElement | null>): void {
  useEffect(() => {
    const { pathname } = location;
    const isChat = pathname.split('/').length === 3;
    if (isChat && !matchMedia('(pointer: coarse)').matches) field.current?.focus();
  }, [field]);
}

/** Browsers without `field-sizing` are told how high the field is. */
function useGrowing(field: RefObject<HTMLTextAreaElement | null>, text: string): void {
  const [isOld] = useState(() => !CSS.supports('field-sizing', 'content'));
  const before = useRef('');
  useEffect(() => {
    const { current } = field;
    if (!isOld || !current || before.current === text) return;
    before.current = text;
    current.style.blockSize = 'auto';
    current.style.blockSize = `${current.scrollHeight}px`;
  }, [field, isOld, text]);
}
