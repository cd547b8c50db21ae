/**
 * Draft: what is typed into the field of a chat, as model/drafts.ts keeps it.
 * @module
 */
import { useCallback, useEffect, useState } from 'react';
import { useModel } from '../../model/context.ts';
import { draftOf } from '../../model/drafts.ts';
import { useStore } from '../../model/store.ts';

export function useDraft(conversation: string) {
  const model = useModel();
  const [draft] = useState(() => draftOf(model, conversation));
  const text = useStore(draft.text);
  useEffect(() => {
    draft.shown = true;
    window.addEventListener('pagehide', draft.save);
    return () => {
      draft.shown = false;
      window.removeEventListener('pagehide', draft.save);
      draft.save();
    };
  }, [draft]);
  const setText = useCallback((next: string) => draft.change(next), [draft]);
  const clear = useCallback(() => {
    draft.change('');
    draft.save();
  }, [draft]);
  return { text, setText, clear, save: draft.save };
}
