/**
 * A7: how fast, and at what cost. Four measurements on loopback and in the small internet, each
 * with a control. See docs/spec/delivery.md and vault.md for what a delivered message has passed.
 * @module
 */
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { ahead } from './ahead.ts';
import { measureFlow } from './a7-flow.ts';
import { measureIdle } from './a7-idle.ts';
import { measureStart } from './a7-start.ts';
import type { Bar, Report } from './bar.ts';

export const bar: Bar = {
  id: 'A7',
  title: 'start to online, round trip, messages per second, and what idling costs',
  async run(report, { folder, short }) {
    await ahead(report, async () => {
      sayLoad(report);
      await measureStart(report, { folder: join(folder, 'start'), theirs: short ? 1 : 3 });
      sayLoad(report);
      const amounts = short ? { trips: 500, seconds: 5 } : { trips: 2_000, seconds: 30 };
      await measureFlow(report, { folder: join(folder, 'flow'), ...amounts });
    });
    sayLoad(report);
    await measureIdle(report, { folder: join(folder, 'idle'), seconds: short ? 60 : 600 });
    sayLoad(report);
  },
};

function sayLoad(report: Report): void {
  report.say(`load of this machine: ${loadavg()[0]!.toFixed(1)}`);
}
