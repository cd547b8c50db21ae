/**
 * What the button under their invite does. An invite of somebody who was added and not met yet is
 * what they were asked for: it is used (CON-13).
 *
 *   found --new, an invite--> add      --known, not met, an invite--> use
 *      \--new, an ID--> ask             \--known else--> open
 *
 * @module
 */
import type { Conversation, Params, Peek } from '@sotto/api/contract.ts';
import type { Policy } from '../../words/route.ts';

export type Deed = 'add' | 'ask' | 'use' | 'open';

/** What stands in the fields. */
export interface Typed {
  readonly text: string;
  readonly name: string;
  readonly hello: string;
  /** What a person chose; undefined for what the settings say. */
  readonly policy: Policy | undefined;
}

/** @param state of whom the text names, where they are in the chats already. */
export function deedOf(
  { kind, known }: Pick<Peek, 'kind' | 'known'>,
  state: Conversation['state'] | undefined,
): Deed {
  if (known === undefined) return kind === 'id' ? 'ask' : 'add';
  return kind === 'invite' && state === 'added' ? 'use' : 'open';
}

/** Who is there already keeps their name and their rule. */
export function wishOf(
  deed: Exclude<Deed, 'open'>,
  { hello, name, policy, text }: Typed,
): Params<'contacts.add'> {
  const wish = { text: text.trim() };
  if (deed === 'use') return wish;
  return {
    ...wish,
    ...(policy === undefined ? {} : { policy }),
    ...(name.trim() === '' ? {} : { name: name.trim() }),
    ...(deed === 'ask' && hello.trim() !== '' ? { hello: hello.trim() } : {}),
  };
}
