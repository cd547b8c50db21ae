/**
 * Verify: two people compare their safety number, and each remembers that it was the same.
 *
 *   not verified --mark, or digits that are the same and mark--> verified at a time --unmark--> not
 *
 * The number belongs to the two IDs, so nothing that a contact does later changes it or unmarks
 * it: a new device is theirs by their own signature, and a new ID is another person. Digits that
 * differ change nothing here. Spec: docs/spec/identity.md IDN-19, docs/spec/contacts.md CON-10.
 * @module
 */
import type { VaultFault } from '../base/vault.ts';
import type { Contact } from '../people/contact.ts';
import { readSafetyNumber, SAFETY_DIGITS, safetyNumber } from '../people/safety-number.ts';
import type { Runtime } from './runtime.ts';

interface Wish {
  /** What the other person's screen shows. */
  readonly digits?: string;
  readonly mark?: boolean;
}

type Verified =
  | { readonly ok: true; readonly number: string }
  | {
      readonly ok: false;
      readonly reason: 'not-met-yet' | 'numbers-differ' | 'bad-input';
      readonly detail?: Readonly<Record<string, string>>;
    }
  | { readonly ok: false; readonly fault: VaultFault };

/** Tells the number, compares it, and marks the contact, as far as it is wished. */
export function verify(
  runtime: Runtime,
  contact: Contact,
  { digits, mark }: Wish,
  done: (verified: Verified) => void,
): void {
  if (contact.devices.length === 0) return done({ ok: false, reason: 'not-met-yet' });
  const number = safetyNumber(runtime.me.identity, contact.identity);
  if (digits !== undefined) {
    const typed = readSafetyNumber(digits);
    if (typed?.length !== SAFETY_DIGITS) {
      const what = `a safety number has ${SAFETY_DIGITS} digits, and ${found(typed)}`;
      return done({ ok: false, reason: 'bad-input', detail: { what } });
    }
    if (typed !== number) return done({ ok: false, reason: 'numbers-differ' });
  }
  if (mark === undefined) return done({ ok: true, number });
  store(runtime, contact, mark, (fault) =>
    done(fault === undefined ? { ok: true, number } : { ok: false, fault }),
  );
}

function found(typed: string | undefined): string {
  return typed === undefined ? 'here is something else too' : `here are ${typed.length}`;
}

/** Remembers the mark; a mark that stands already keeps its time. */
function store(
  { book, context }: Runtime,
  contact: Contact,
  mark: boolean,
  done: (fault: VaultFault | undefined) => void,
): void {
  const before = contact.verifiedMs;
  if (mark === (before !== undefined)) return done(undefined);
  contact.verifiedMs = mark ? context.now.wallMs : undefined;
  context.vault({ op: 'put', docs: [book.contactDoc(contact)] }, (answer) => {
    if (answer.op === 'failed') {
      contact.verifiedMs = before;
      return done(answer.reason);
    }
    context.notify({ topic: 'contact', conversation: book.conversationText(contact) });
    done(undefined);
  });
}
