/**
 * `cancel`: holds back a message that has not reached anybody. The other side never learns of it;
 * one that was delivered stays as it is.
 * @module
 */
import { usage } from '../failure.ts';
import type { Session } from '../session.ts';

/** @param event the id of the message, as `send` printed it. @throws Failure `too-late`. */
export async function cancel({ out, daemon }: Session, event: string): Promise<void> {
  if (!/^[0-9a-f]{32}$/.test(event)) {
    throw usage(`"${event}" is no id of a message.`, 'sotto send prints it; so does read --plain.');
  }
  await daemon.call('messages.cancel', { event });
  if (out.look.mode === 'json') return out.json({ event, state: 'cancelled' });
  if (out.look.mode === 'plain') return out.record(event, 'cancelled');
  out.note('It is held back and goes to nobody.');
}
