/**
 * `relay`: this computer as a relay of others, and the text by which they name it.
 * @module
 */
import type { Session } from '../session.ts';

const WHOM = { off: 'Nobody.', contacts: 'Your contacts.', public: 'Everybody.' } as const;
const PORT_443 = {
  open: 'Open: people whose network passes only the web can use it.',
  denied: 'Not open: the system keeps it for programs that have the right to low ports.',
  taken: 'Not open: another program has it.',
} as const;
const UNKNOWN = 'Not known: this computer has no public address of its own.';

export async function relay({ daemon, out }: Session): Promise<void> {
  const { clients, port443, serve, text } = await daemon.call('relay.show', {});
  if (out.look.mode === 'json') return out.json({ serve, clients, text, port443 });
  if (out.look.mode === 'plain') return out.record('relay', serve, clients, text, port443);
  out.table([
    ['Serves', WHOM[serve]],
    ['Now', clients === 1 ? '1 computer' : `${clients} computers`],
    ['Relay', text ?? UNKNOWN],
    ...(port443 === 'off' ? [] : [['Port 443', PORT_443[port443]]]),
  ]);
}
