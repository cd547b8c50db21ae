/**
 * Draft: what is typed and not sent is kept by the daemon, encrypted, so that it is there again
 * after anything. Saved when the hand rests, and when the field or the chat is left.
 * @module
 */
import { useCallback, useEffect, useRef, useState } from 'react';
import { useModel } from '../../model/context.ts';
import type { Model } from '../../model/model.ts';

const REST_MS = 500;
const AGAIN_MS = 2_000;

export function useDraft(conversation: string) {
  const model = useModel();
  const [saver] = useState(() => new Saver(model, conversation));
  const [text, show] = useState(saver.text);
  useEffect(() => {
    const leave = (): void => saver.save();
    window.addEventListener('pagehide', leave);
    return () => {
      window.removeEventListener('pagehide', leave);
      leave();
    };
  }, [saver]);
  const latest = useRef(saver);
  const setText = useCallback((next: string) => {
    show(next);
    latest.current.change(next);
  }, []);
  const clear = useCallback(() => {
    show('');
    latest.current.change('');
    latest.current.save();
  }, []);
  return { text, setText, clear, save: saver.save };
}

class Saver {
  text: string;
  #saved: string;
  #timer: number | undefined;

  constructor(
    readonly model: Model,
    readonly conversation: string,
  ) {
    this.text = model.conversations.value.get(conversation)?.draft ?? '';
    this.#saved = this.text;
  }

  change(text: string): void {
    this.text = text;
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(this.save, REST_MS);
  }

  readonly save = (): void => {
    window.clearTimeout(this.#timer);
    const { model, conversation, text } = this;
    if (text === this.#saved) return;
    const before = this.#saved;
    this.#saved = text;
    model.putDraft(conversation, text);
    model.client.call('drafts.set', { to: conversation, text }).catch(() => {
      // What is typed stays in the field; it is saved once the daemon answers again.
      if (this.#saved !== text) return;
      this.#saved = before;
      this.#timer = window.setTimeout(this.save, AGAIN_MS);
    });
  };
}
