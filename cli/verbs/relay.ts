/**
 * `relay`: this computer as a relay of others, the text by which they name it, and the relays that
 * it uses itself.
 * @module
 */
import type { Result } from '@sotto/api/contract.ts';
import type { Session } from '../session.ts';

const WHOM = { off: 'Nobody.', contacts: 'Your contacts.', public: 'Everybody.' } as const;
const PORT_443 = {
  open: 'Open: people whose network passes only the web can use it.',
  denied: 'Not open: the system keeps it for programs that have the right to low ports.',
  taken: 'Not open: another program has it.',
} as const;
const UNKNOWN = 'Not known: this computer has no public address of its own.';
const LISTED = "Yes: everybody can find it through the helpers of BitTorrent's network.";
const UNLISTED = 'Not yet: helpers have not been told, or nobody can reach it from outside.';
const SOURCES = {
  own: 'yours',
  contact: "a contact's",
  public: 'a public relay, run by a stranger',
} as const;

type Used = Result<'relay.show'>['uses'][number];

export async function relay({ daemon, out }: Session): Promise<void> {
  const { clients, listed, port443, serve, text, uses } = await daemon.call('relay.show', {});
  const shown = { serve, clients, text, port443, listed, uses };
  if (out.look.mode === 'json') return out.json(shown);
  if (out.look.mode === 'plain') {
    out.record('relay', serve, clients, text, port443, listed);
    for (const used of uses) {
      const { address, answers, ms, reserved, source } = used;
      out.record('used', address, source, reserved, ms, answers);
    }
    return;
  }
  out.table([
    ['Serves', WHOM[serve]],
    ['Now', clients === 1 ? '1 computer' : `${clients} computers`],
    ...(serve === 'off' ? [] : [['Relay', text ?? UNKNOWN] as const]),
    ...(port443 === 'off' ? [] : [['Port 443', PORT_443[port443]]]),
    ...(serve === 'public' ? [['Listed', listed ? LISTED : UNLISTED] as const] : []),
    ...uses.map((used) => ['Uses', usedText(used)] as const),
  ]);
}

function usedText(used: Used): string {
  return [used.address, SOURCES[used.source], ...stateOf(used)].join(', ');
}

function stateOf({ answers, ms, reserved }: Used): string[] {
  if (!answers) return ['does not answer'];
  if (!reserved) return ['answers and has given no place so far'];
  return ms === undefined ? [] : [`${ms} ms`];
}
