/**
 * `doctor`: a plain verdict first, then each check with what to do. What the app cannot say
 * itself, because it does not run or is the thing in doubt, is looked at from outside.
 * Spec: docs/spec/cli.md CLI-30, CLI-31.
 * @module
 */
import type { Check } from '@sotto/api/contract.ts';
import { checkOf, VERDICT_EXITS, VERDICTS, verdictOf } from '@sotto/api/checks.ts';
import { Failure, Told } from '../failure.ts';
import { localChecks } from '../local-checks.ts';
import type { Session } from '../session.ts';
import { version } from '../version.ts';

interface DoctorOptions {
  readonly with?: string;
  readonly fix?: true;
}

export async function doctor(session: Session, options: DoctorOptions): Promise<void> {
  const { out, folder } = session;
  const local = localChecks(folder, options.fix === true);
  const [app, ...running] = await runningChecks(session, options);
  // What the app tells of its disk is as true as what is seen from here.
  const told = new Set(running.map(({ check }) => check));
  const checks = [app, ...local.filter(({ check }) => !told.has(check)), ...running];
  const verdict = verdictOf(checks);
  if (out.look.mode === 'json') out.json({ verdict, message: VERDICTS[verdict], checks });
  else if (out.look.mode === 'plain') {
    out.record('verdict', verdict, '', VERDICTS[verdict]);
    for (const { check, hint, message, state, title } of checks) {
      out.record(check, state, title, message, hint);
    }
  } else print(session, VERDICTS[verdict], checks);
  const exit = VERDICT_EXITS[verdict];
  if (exit !== undefined) throw new Told(exit);
}

/** Of the app itself first, then what it says. @throws Failure where the person is not known */
async function runningChecks(
  { daemon }: Session,
  { fix, with: to }: DoctorOptions,
): Promise<[Check, ...Check[]]> {
  try {
    const status = await daemon.call('status.get', {});
    const { checks } = await daemon.call('doctor.run', {
      ...(to === undefined ? {} : { with: to }),
      ...(fix ? { ask: true } : {}),
    });
    const own = version();
    const app =
      status.version === own
        ? checkOf('app', 'running', { version: own })
        : checkOf('app', 'other-version', { version: status.version, own });
    return [app, ...checks];
  } catch (error) {
    const reason = error instanceof Failure ? error.body.reason : undefined;
    if (reason === 'not-running' || reason === 'no-answer') return [checkOf('app', reason)];
    throw error;
  }
}

const MARKS: Readonly<Record<Check['state'], readonly [utf8: string, ascii: string]>> = {
  ok: ['✓', 'ok'],
  warn: ['!', '!'],
  fail: ['✗', 'X'],
  skipped: ['–', '-'],
};

function print({ out }: Session, verdict: string, checks: readonly Check[]): void {
  out.line({ text: verdict, style: 'bold' });
  const mark = ({ state }: Check): string => {
    const [utf8, ascii] = MARKS[state] ?? MARKS.skipped;
    return out.utf8 ? utf8 : ascii;
  };
  out.table(
    checks.flatMap((check) => {
      const { code, hint, message, title } = check;
      const text = code === undefined ? message : `${message} [${code}]`;
      const row = [mark(check), title, text];
      return hint === undefined || check.state === 'ok' ? [row] : [row, ['', '', `-> ${hint}`]];
    }),
  );
  out.note('Nothing here names you, a contact or an address, unless you asked --with somebody.');
}
