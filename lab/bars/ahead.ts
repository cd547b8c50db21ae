/**
 * A bar that measures time is put before other work of this machine while it does.
 * @module
 */
import { writeFileSync } from 'node:fs';
import type { Report } from './bar.ts';

/** Of the session's processes against others (sched(7), autogroup): as `nice`, for all of them. */
const AHEAD = '-12';

export async function ahead(report: Report, work: () => Promise<void>): Promise<void> {
  if (goAhead(AHEAD)) report.say('other work on this machine is put behind meanwhile');
  try {
    await work();
  } finally {
    goAhead('0');
  }
}

/** False where the system does not know or not allow it: then everything competes alike. */
function goAhead(value: string): boolean {
  try {
    writeFileSync('/proc/self/autogroup', value);
    return true;
  } catch {
    return false;
  }
}
