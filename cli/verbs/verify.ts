/**
 * `contacts verify`: the safety number of two people, as digits and as a QR code; compared here,
 * or by eye, and then marked.
 * @module
 */
import { shellWord } from '@sotto/api/errors.ts';
import { failure, usage } from '../failure.ts';
import type { Session } from '../session.ts';
import { stdinText } from '../stdin-text.ts';
import { dayAndClock } from '../time.ts';

export interface VerifyOptions {
  readonly qr?: true;
  readonly compare?: string;
  readonly mark?: true;
  readonly unmark?: true;
}

const GROUP_DIGITS = 5;
const GROUPS_IN_A_ROW = 4;
const DIGITS_BYTES_MAX = 4096;

export async function verify(session: Session, to: string, options: VerifyOptions): Promise<void> {
  const { out, daemon } = session;
  const digits = await digitsOf(session, options);
  const { contact, safetyNumber } = await daemon.call('contacts.verify', {
    to,
    ...(digits === undefined ? {} : { digits }),
    ...(options.mark || options.unmark ? { mark: options.mark === true } : {}),
  });
  const { conversation, name, verifiedAt } = contact;
  if (out.look.mode === 'json') return out.json({ contact, safetyNumber });
  if (out.look.mode === 'plain') return out.record(conversation, safetyNumber, verifiedAt, name);
  if (options.qr) {
    const { printQr } = await import('../qr.ts');
    printQr(out, safetyNumber);
  }
  for (const row of rowsOf(safetyNumber)) out.line(row);
  if (digits !== undefined) out.note('They match.');
  out.note(
    verifiedAt === undefined ? 'Not verified yet.' : `Verified on ${dayAndClock(verifiedAt)}.`,
  );
  if (verifiedAt === undefined) tellHow(session, name, digits !== undefined);
  out.note(
    `The number belongs to your two IDs: it never changes, not even when ${name} adds a device. ` +
      `A new ID that says it is ${name} has another number. ` +
      `It is not the ${name} you know until you compare.`,
  );
}

function tellHow({ out }: Session, name: string, compared: boolean): void {
  const again = `sotto contacts verify ${shellWord(name)}`;
  if (!compared) {
    out.note(`Compare it with the number on ${name}'s screen, face to face or on a call.`);
    out.note("They don't match: don't share anything private here yet.");
  }
  out.note(`They match: ${again} --mark`);
}

/** What to compare with, as it was typed; undefined for nothing. @throws Failure */
async function digitsOf(
  session: Session,
  { compare, mark, unmark }: VerifyOptions,
): Promise<string | undefined> {
  if (unmark && (mark || compare !== undefined)) {
    throw usage('--unmark stands alone.', 'See: sotto contacts verify --help');
  }
  if (compare !== '-') return compare;
  const read = await stdinText(DIGITS_BYTES_MAX, session.signal);
  if ('text' in read) return read.text;
  throw failure('unreadable-input', { what: 'A safety number so long' });
}

/** 12 groups of 5 digits, 4 in a row. */
function rowsOf(number: string): string[] {
  const rows: string[] = [];
  const rowDigits = GROUP_DIGITS * GROUPS_IN_A_ROW;
  for (let at = 0; at < number.length; at += rowDigits) {
    const row = number.slice(at, at + rowDigits);
    rows.push(row.match(new RegExp(`\\d{1,${GROUP_DIGITS}}`, 'g'))!.join(' '));
  }
  return rows;
}
