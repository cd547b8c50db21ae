/**
 * A5: nothing acknowledged is lost when a daemon dies or the power fails (VLT-29).
 * @module
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildLibrary } from '../kills/board.ts';
import { Campaign, IN_FLIGHT_MIN, type CampaignOptions } from '../kills/campaign.ts';
import type { Outcome } from '../kills/campaign.ts';
import { copyBundles, plantLateCommit } from '../kills/planted.ts';
import { oracleNotices, requirementsOf, together } from '../kills/verdict.ts';
import { quantile, ROOT, type Bar, type BarOptions, type Report } from './bar.ts';

const KILLS = 500;
/** Side by side: a death is mostly waiting. */
const CAMPAIGNS = 2;
const KILLS_SHORT = 40;
const KILLS_PLANTED = 40;
const IMAGES = 5_000;
const IMAGES_SHORT = 200;
/** Everything that waits is delivered by then, also behind a gap. */
const REST_MS = 120_000;
const REST_PLANTED_MS = 15_000;
const SEED = 1;

export const bar: Bar = {
  id: 'A5',
  title: 'deaths and power cuts: nothing acknowledged is lost, doubled or out of order',
  async run(report, options) {
    const dist = join(options.folder, 'dist');
    copyBundles(join(ROOT, 'dist'), dist); // others may build meanwhile
    await deaths(report, options, dist);
    await planted(report, options, dist);
    powerCuts(report, options);
  },
};

async function deaths(report: Report, options: BarOptions, dist: string): Promise<void> {
  const kills = options.short ? KILLS_SHORT : KILLS;
  const campaigns = Array.from({ length: CAMPAIGNS }, (_, index) =>
    campaignIn(report, options, {
      name: `deaths-${index + 1}`,
      dist,
      kills: kills / CAMPAIGNS,
      share: { index, of: CAMPAIGNS },
      seed: SEED + index,
      restMs: REST_MS,
    }),
  );
  const done = await Promise.all(campaigns);
  const outcome = together(done.map((one) => one.outcome));
  tell(report, outcome);
  const kth = [...outcome.kth.values()].reduce((sum, count) => sum + count, 0);
  const halves = `${outcome.random} at random moments, ${kth} at the k-th write or sync`;
  const enough = outcome.random + kth >= kills && kth >= kills / 2;
  report.require(enough, `≥ ${kills} kills: ${halves} of ${outcome.kth.size} operations`);
  for (const { met, what } of requirementsOf(outcome, IN_FLIGHT_MIN)) report.require(met, what);
  for (const { met, what } of oracleNotices(done[0]!.campaign)) report.control(met, what);
}

/** The same oracle over daemons that answer before they commit. */
async function planted(report: Report, options: BarOptions, dist: string): Promise<void> {
  const lying = join(options.folder, 'dist-planted');
  copyBundles(dist, lying);
  plantLateCommit(lying);
  const { outcome } = await campaignIn(report, options, {
    name: 'planted',
    dist: lying,
    kills: KILLS_PLANTED,
    restMs: REST_PLANTED_MS,
    restEvery: 4,
    seed: SEED,
  });
  const { lost } = outcome.faults;
  report.control(lost > 0, `a vault that replies before it commits (${lost} lost)`);
}

type Part = Omit<CampaignOptions, 'folder' | 'library' | 'say'> & { name: string };

function campaignIn(
  report: Report,
  options: BarOptions,
  { name, ...part }: Part,
): Promise<{ outcome: Outcome; campaign: Campaign }> {
  const folder = join(options.folder, name);
  mkdirSync(folder);
  const say = (line: string): void => report.say(line);
  return Campaign.run({ folder, library: buildLibrary(folder), say, ...part });
}

function tell(report: Report, outcome: Outcome): void {
  const { acknowledged, inFlight, kth, linkedMs, logs, readyMs, where } = outcome;
  const list = (counts: ReadonlyMap<string, number>): string =>
    [...counts].map(([name, count]) => `${name} ${count}`).join(', ');
  report.say(`letters acknowledged: ${acknowledged}`);
  report.say(`killed at the k-th call of: ${list(kth)}`);
  report.say(`those calls: ${list(where)}`);
  if (logs.others.size > 0) report.say(`in the logs: ${list(logs.others)}`);
  report.figures('letters in flight at a kill', inFlight, '');
  report.figures('restart until the API answers', readyMs, 'ms');
  report.figures('restart until both are linked', linkedMs, 'ms');
  const p99 = [readyMs, linkedMs].map((times) => Math.round(quantile(times, 0.99)));
  report.say(`p99: ${p99[0]} ms, ${p99[1]} ms`);
}

function powerCuts(report: Report, { folder, short }: BarOptions): void {
  const images = short ? IMAGES_SHORT : IMAGES;
  const program = join(ROOT, 'lab', 'power-cut', 'main.ts');
  const args = ['--import', 'tsx', program, '--images', String(images)];
  const env = { ...process.env, TMPDIR: folder };
  const { status, stderr, stdout } = spawnSync(process.execPath, args, {
    cwd: ROOT,
    encoding: 'utf8',
    env,
  });
  for (const line of `${stdout}${stderr}`.trim().split('\n')) report.say(`  ${line}`);
  report.require(status === 0, `${images} power cuts: 0 lost, integrity ok`);
  const control = /NORMAL\b[^\n]*\n\s*(\d+) images lost/.exec(stdout)?.[1] ?? '0';
  report.control(control !== '0', `synchronous=NORMAL loses (in ${control} images)`);
}
