/**
 * Narrow: whether the window has room for one pane only, as app.module.css has it.
 * @module
 */
import { useSyncExternalStore } from 'react';

const narrow = matchMedia('(width < 720px)');

export function useNarrow(): boolean {
  return useSyncExternalStore(watch, () => narrow.matches);
}

function watch(changed: () => void): () => void {
  narrow.addEventListener('change', changed);
  return () => narrow.removeEventListener('change', changed);
}
