/**
 * What is said of the door, wherever it stands: a promise about what those who have the ID can see.
 * @module
 */
import type { Door } from '@sotto/api/contract.ts';
import type { TextKey } from '../text/text.ts';

/** @param door `hidden` is undefined until the app has said whether relays hide the address. */
export function doorLine({
  open,
  hidden,
}: {
  readonly open: boolean;
  readonly hidden: Door['hidden'] | undefined;
}) {
  if (!open) return 'door.shut' satisfies TextKey;
  if (hidden === undefined) return 'door.is-open' satisfies TextKey;
  return hidden ? 'door.open.hidden' : 'door.open';
}
