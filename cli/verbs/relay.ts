/**
 * `relay`: this computer as a relay of others, and the text by which they name it.
 * @module
 */
import type { Session } from '../session.ts';

const WHOM = { off: 'Nobody.', contacts: 'Your contacts.', public: 'Everybody.' } as const;
const UNKNOWN = 'Not known: this computer has no public address of its own.';

export async function relay({ daemon, out }: Session): Promise<void> {
  const { clients, serve, text } = await daemon.call('relay.show', {});
  if (out.look.mode === 'json') return out.json({ serve, clients, text });
  if (out.look.mode === 'plain') return out.record('relay', serve, clients, text);
  out.table([
    ['Serves', WHOM[serve]],
    ['Now', clients === 1 ? '1 computer' : `${clients} computers`],
    ['Relay', text ?? UNKNOWN],
  ]);
}
