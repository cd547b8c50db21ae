/**
 * What happens when a find is chosen: one goes there. What completes a filter goes nowhere.
 * @module
 */
import { addWith } from '../../model/handed.ts';
import { keyList } from '../../model/keys.ts';
import { go } from '../../model/place.ts';
import type { Find } from './finds.ts';

export function openFind(find: Exclude<Find, { kind: 'filter' }>): void {
  switch (find.kind) {
    case 'pasted':
      if (find.deed === 'open') go(`/c/${find.peek.known}`);
      else addWith(find.text);
      break;
    case 'person':
      go(`/c/${find.person.conversation}`);
      break;
    case 'command':
      if (find.command.path === undefined) keyList.set(true);
      else go(find.command.path);
      break;
    case 'message':
      go(`/c/${find.hit.message.conversation}/at/${find.hit.message.cursor}`);
      break;
  }
}
