/**
 * Handed: an ID or an invite that one page hands to the page that adds people. It is forgotten
 * when that page is left: it may be a secret.
 * @module
 */
import { go, place } from './place.ts';
import { Store } from './store.ts';

export const handed = new Store<string | undefined>(undefined);

export function addWith(text: string): void {
  handed.set(text);
  go('/add');
}

place.watch(() => {
  if (place.value.page !== 'add') handed.set(undefined);
});
