/**
 * `requests list|accept|decline|block`: people who have your ID and ask to chat.
 * @module
 */
import type { Policy, Request } from '@sotto/api/contract.ts';
import { shellWord } from '@sotto/api/errors.ts';
import type { Session } from '../session.ts';
import { dayAndClock } from '../time.ts';

export async function list({ out, daemon }: Session, options: { look: boolean }): Promise<void> {
  if (options.look) out.note('Looking who has knocked...');
  const { requests, doorOpen } = await daemon.call('requests.list', { look: options.look });
  if (out.look.mode === 'json') return out.json({ requests, doorOpen });
  if (out.look.mode === 'plain') {
    for (const { conversation, name, id, time, knownName, text } of requests) {
      out.record(conversation, name, id, time, knownName, text);
    }
    return;
  }
  for (const request of requests) tell(out, request);
  if (requests.length > 0) {
    return out.note('Answer: sotto requests accept NAME, or decline, or block');
  }
  out.note('No requests. People who have your ID can ask to chat; you decide.');
  if (!doorOpen) out.note('Your door is shut, so nobody can ask. See: sotto door status');
}

function tell(out: Session['out'], request: Request): void {
  const { conversation, id, knownName, text, time } = request;
  const name = nameOf(request);
  out.line({ text: name, style: 'bold' }, `  ${conversation}  ${dayAndClock(time)}`);
  out.line(`  ${id}`);
  out.block(['  '], text);
  if (!knownName) return;
  out.line(`  This is a new ID that says it is ${name}. It is not the ${name} you know.`);
}

function nameOf({ name }: Request): string {
  return name ?? 'Somebody without a name';
}

export async function accept(
  { out, daemon }: Session,
  who: string,
  { route: policy }: { readonly route?: Policy },
): Promise<void> {
  const wish = policy === undefined ? { who } : { who, policy };
  const contact = await daemon.call('requests.accept', wish);
  const { conversation, name, state } = contact;
  if (out.look.mode === 'json') return out.json(contact);
  if (out.look.mode === 'plain') return out.record(conversation, name, state);
  out.line(name);
  out.note(`Accepted. Write now: sotto send ${shellWord(name)} "Hello"`);
}

export async function decline({ out, daemon }: Session, who: string): Promise<void> {
  await daemon.call('requests.decline', { who });
  if (out.look.mode === 'json') return out.json({ declined: true });
  if (out.look.mode === 'plain') return out.record(who, 'declined');
  out.note('Declined. They are not told.');
}

export async function block({ out, daemon }: Session, who: string): Promise<void> {
  const contact = await daemon.call('requests.block', { who });
  const { conversation, name, state } = contact;
  if (out.look.mode === 'json') return out.json(contact);
  if (out.look.mode === 'plain') return out.record(conversation, name, state);
  const undo = `Undo: sotto contacts block --undo ${shellWord(name)}`;
  out.note(`${name} is blocked and is not told. ${undo}`);
}
