/**
 * `door open|shut|status`: whether people who have your ID alone can ask to chat.
 * @module
 */
import type { Door } from '@sotto/api/contract.ts';
import { failure } from '../failure.ts';
import { confirm } from '../prompt.ts';
import type { Session } from '../session.ts';
import { dayAndClock } from '../time.ts';

/** What an open door costs while no relay hides the address; a promise, word for word. */
export const SHOWS_ADDRESS = 'Someone who has your ID could find your IP address.';
/** What it is where they do. */
export const HIDES_ADDRESS = 'Relays keep your IP address from those who have your ID.';

export async function open(session: Session, options: { anyway?: true }): Promise<void> {
  const { daemon, out } = session;
  const { hidden, open: isOpen } = await daemon.call('door.status', {});
  const isAgreed = options.anyway === true || (!isOpen && !hidden);
  if (!isOpen && !hidden && !options.anyway) {
    if (!session.mayAsk) throw failure('shows-address');
    if (!(await confirm(`${SHOWS_ADDRESS} Open anyway?`))) throw failure('declined');
  }
  const door = await daemon.call('door.open', { anyway: isAgreed });
  if (printed(out, door)) return;
  out.note('The door is open. People who have your ID can ask to chat: sotto requests list');
  out.note(`${costOf(door)} Shut it: sotto door shut`);
}

export async function shut({ out, daemon }: Session): Promise<void> {
  const door = await daemon.call('door.shut', {});
  if (!printed(out, door)) out.note('The door is shut. Nobody can ask by your ID alone.');
}

export async function status({ out, daemon }: Session): Promise<void> {
  const door = await daemon.call('door.status', {});
  if (printed(out, door)) return;
  if (!door.open) {
    out.line('The door is shut. Nobody can ask by your ID alone; invites work as always.');
    return out.note(`Open it: sotto door open   (${costOf(door)})`);
  }
  out.line(`The door is open. ${costOf(door)}`);
  const { copies, lookedAt, putAt, signedUntil, slots, slotsTaken } = door;
  out.table([
    ['Signed until', when(signedUntil)],
    ['Last put', putAt === undefined ? 'not yet' : `${when(putAt)}, held by ${copies}`],
    ['Last look', when(lookedAt)],
    ['Slots', `${slotsTaken} of ${slots} taken`],
  ]);
}

function costOf({ hidden }: Door): string {
  return hidden ? HIDES_ADDRESS : SHOWS_ADDRESS;
}

function when(time: string | undefined): string {
  return time === undefined ? 'not yet' : dayAndClock(time);
}

/** For programs; true where that was all. */
function printed(out: Session['out'], door: Door): boolean {
  if (out.look.mode === 'human') return false;
  if (out.look.mode === 'json') {
    out.json(door);
    return true;
  }
  const { copies, hidden, lookedAt, open: isOpen, putAt, signedUntil, slots, slotsTaken } = door;
  const state = isOpen ? 'open' : 'shut';
  out.record(state, signedUntil, putAt, copies, lookedAt, slotsTaken, slots, hidden);
  return true;
}
