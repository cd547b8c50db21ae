/**
 * A4: the simulator over many seeds, and the bugs planted in it.
 * @module
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ROOT, type Bar, type Report } from './bar.ts';

const SEEDS = 2_000;
const SEEDS_SHORT = 40;

export const bar: Bar = {
  id: 'A4',
  title: 'the simulator: 2,000 seeds of 3 to 12 people with every fault; six planted bugs caught',
  async run(report, { short }) {
    const seeds = short ? SEEDS_SHORT : SEEDS;
    const runs = await simulate(report, '--seeds', String(seeds));
    report.say(`seeds, repeats and the canary: ${runs.last}`);
    report.require(runs.met, `${seeds} seeds: all delivered, none twice, equal hashes on repeat`);
    const planted = await simulate(report, '--planted');
    report.say(`planted bugs: ${planted.last}`);
    report.control(planted.met, 'six planted bugs, each within 200 seeds');
  },
};

/** Runs the simulator, showing its lines; its last one says how it went. */
function simulate(report: Report, ...args: string[]): Promise<{ met: boolean; last: string }> {
  const command = ['--import', 'tsx', join(ROOT, 'sim', 'main.ts'), ...args];
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve) => {
    child.once('close', (code) => {
      const lines = output.trim().split('\n');
      for (const line of lines.filter((text) => /FAILED|caught/.test(text))) report.say(line);
      const last = lines.at(-1) ?? '';
      resolve({ met: code === 0 && / passed, 0 failed$/.test(last), last });
    });
  });
}
