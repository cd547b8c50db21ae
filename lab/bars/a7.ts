/**
 * A7: how fast, and at what cost. Four measurements on loopback and in the small internet, each
 * with a control. See docs/spec/delivery.md and vault.md for what a delivered message has passed.
 * @module
 */
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { measureFlow } from './a7-flow.ts';
import { measureIdle } from './a7-idle.ts';
import { measureStart } from './a7-start.ts';
import type { Bar, Report } from './bar.ts';

/** Of the session's processes against others (sched(7), autogroup): as `nice`, for all of them. */
const AHEAD = '-12';

export const bar: Bar = {
  id: 'A7',
  title: 'start to online, round trip, messages per second, and what idling costs',
  async run(report, { folder, short }) {
    if (goAhead(AHEAD)) report.say('other work on this machine is put behind meanwhile');
    try {
      sayLoad(report);
      await measureStart(report, { folder: join(folder, 'start'), theirs: short ? 1 : 3 });
      sayLoad(report);
      const amounts = short ? { trips: 500, seconds: 5 } : { trips: 2_000, seconds: 30 };
      await measureFlow(report, { folder: join(folder, 'flow'), ...amounts });
    } finally {
      goAhead('0');
    }
    sayLoad(report);
    await measureIdle(report, { folder: join(folder, 'idle'), seconds: short ? 60 : 600 });
    sayLoad(report);
  },
};

/** False where the system does not know or not allow it: then everything competes alike. */
function goAhead(value: string): boolean {
  try {
    writeFileSync('/proc/self/autogroup', value);
    return true;
  } catch {
    return false;
  }
}

function sayLoad(report: Report): void {
  report.say(`load of this machine: ${loadavg()[0]!.toFixed(1)}`);
}
