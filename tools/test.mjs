/**
 * `npm test`: every check of the house, one after the other, with one closing line
 * `N passed, N failed`. A test that skips itself counts as failed. Needs no input.
 *
 *   packages   Debian packages that the lab needs; root installs the missing ones
 *   static     build, types, lint, format
 *   unit       vitest, every *.test.ts
 *   e2e        node:test, every lab/**.e2e.ts, one file at a time (they make their own networks)
 *   sim        the simulator over 40 seeds; beside e2e, which mostly waits, it has what is left of
 *              the processor
 *
 * Name stages to run only these: `npm test -- unit sim`.
 * @module
 */
import './node-version.mjs';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './build.mjs';

const TOTAL_MS = 22 * 60_000;
const STAGE_MS = {
  packages: 8 * 60_000,
  static: 4 * 60_000,
  unit: 8 * 60_000,
  e2e: 15 * 60_000,
  sim: 18 * 60_000,
};
const KILL_AFTER_MS = 5_000;
/** The lowest there is, for a process and for the group that Linux makes of its session. */
const BEHIND = 19;
const SIM_SEEDS = 40;
/** Each with the programs of it that tests start. */
const packages = Object.keys(
  JSON.parse(readFileSync(join(root, 'tools/debian-packages.json'), 'utf8')),
);

const deadlineMs = performance.now() + TOTAL_MS;
const scratch = mkdtempSync(join(tmpdir(), 'sotto-test-'));
const total = { passed: 0, failed: 0 };
const failures = [];

function count(name, passed, failed) {
  total.passed += passed;
  total.failed += failed;
  if (failed > 0) failures.push(`${name}: ${failed} failed`);
}

/**
 * Runs a program to its end, or until the stage's time is up; then its whole process group goes.
 * @param options.quiet keeps the output until the end, so that parallel checks do not mix.
 * @param options.tee shows the output and keeps it.
 * @param options.behind gives way to whatever else runs.
 */
function run(stage, command, args, options = {}) {
  const limitMs = Math.max(1, Math.min(STAGE_MS[stage], deadlineMs - performance.now()));
  const out = options.quiet || options.tee ? 'pipe' : 'inherit';
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      detached: true,
      stdio: ['ignore', out, out],
      // No cache outside the clone.
      env: { ...process.env, TSX_DISABLE_CACHE: '1', ...options.env },
    });
    if (options.behind) putBehind(child.pid);
    let output = '';
    const keep = (chunk) => {
      if (options.tee) process.stdout.write(chunk);
      output += chunk;
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    let timedOut = false;
    const end = (signal) => {
      try {
        process.kill(-child.pid, signal);
      } catch {
        // It has ended meanwhile.
      }
    };
    let killTimer;
    const timer = setTimeout(() => {
      timedOut = true;
      end('SIGTERM');
      killTimer = setTimeout(() => end('SIGKILL'), KILL_AFTER_MS);
    }, limitMs);
    const finish = (code, message = '') => {
      clearTimeout(timer);
      clearTimeout(killTimer);
      if (timedOut) output += `\nstopped after ${Math.round(limitMs / 1000)} s\n`;
      if (timedOut && !options.quiet) console.log(`${stage}: stopped, its time is up`);
      resolve({ ok: code === 0 && !timedOut, output: output + message });
    };
    child.on('error', (error) => finish(1, error.message));
    child.on('close', (code) => finish(code ?? 1));
  });
}

function putBehind(pid) {
  try {
    setPriority(pid, BEHIND);
    writeFileSync(`/proc/${pid}/autogroup`, String(BEHIND));
  } catch {
    // Where it may not, or there are no such groups, it competes a little.
  }
}

function tool(name) {
  return join(root, 'node_modules', '.bin', name);
}

function heading(text) {
  console.log(`\n=== ${text}`);
}

function missingPackages() {
  const query = spawnSync('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\n'], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (query.error) return packages;
  const installed = new Set(
    query.stdout.split('\n').flatMap((line) => {
      const [name, status] = line.split(' ');
      return status === 'installed' ? [name] : [];
    }),
  );
  return packages.filter((name) => !installed.has(name));
}

async function packagesStage() {
  heading('packages');
  let missing = missingPackages();
  if (missing.length > 0 && process.getuid?.() === 0) {
    console.log(`installing ${missing.join(' ')}`);
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    await run('packages', 'apt-get', ['update', '-qq'], { env });
    const install = ['install', '-y', '-qq', '--no-install-recommends', ...missing];
    await run('packages', 'apt-get', install, { env });
    missing = missingPackages();
  }
  const ok = missing.length === 0;
  console.log(ok ? 'all there' : `missing, install them as root: ${missing.join(' ')}`);
  count('packages', ok ? 1 : 0, ok ? 0 : 1);
}

async function staticStage() {
  heading('static: build, types, lint, format');
  const check = async (name, command, args) => {
    const startedMs = performance.now();
    const { ok, output } = await run('static', command, args, { quiet: true });
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    console.log(`--- ${name}: ${ok ? 'ok' : 'FAILED'} (${seconds} s)`);
    if (!ok || name === 'build') console.log(output.trimEnd());
    count(name, ok ? 1 : 0, ok ? 0 : 1);
  };
  await check('build', process.execPath, ['tools/build.mjs']);
  const core = check('types', tool('tsc'), ['-p', 'tsconfig.json']).then(() =>
    check('types of core', tool('tsc'), ['-p', 'core/tsconfig.json']).then(() =>
      check('types of web', tool('tsc'), ['-p', 'web/tsconfig.json']),
    ),
  );
  const lint = check('lint', tool('eslint'), ['--max-warnings', '0', '.']).then(() =>
    check('format', tool('prettier'), ['--check', '--log-level', 'warn', '.']),
  );
  await Promise.all([core, lint]);
}

async function unitStage() {
  heading('unit: vitest');
  const report = join(scratch, 'vitest.json');
  const args = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const { ok } = await run('unit', tool('vitest'), args, { env: { CI: '1' } });
  if (!existsSync(report)) return count('vitest', 0, 1);
  const result = JSON.parse(readFileSync(report, 'utf8'));
  const idle = result.numPendingTests + result.numTodoTests;
  if (idle > 0) console.log(`${idle} tests were skipped; here that is a failure`);
  // A file that cannot be loaded is a failed suite without a failed test.
  const broken = result.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every((t) => t.status !== 'failed'),
  ).length;
  let failed = result.numFailedTests + idle + broken;
  if (!ok && failed === 0) failed = 1;
  if (result.numPassedTests === 0 && failed === 0) failed = 1;
  count('vitest', result.numPassedTests, failed);
}

function e2eFiles(folder = join(root, 'lab')) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.e2e.ts'))
    .map((name) => join('lab', name))
    .sort();
}

async function e2eStage() {
  heading('e2e: node:test');
  const files = e2eFiles();
  if (files.length === 0) return console.log('no files');
  if (isWanted('sim')) simulating = simulate({ quiet: true, behind: true });
  const report = join(scratch, 'e2e.tap');
  const args = ['--import', 'tsx', '--test', '--test-concurrency=1'];
  args.push('--test-reporter=spec', '--test-reporter-destination=stdout');
  args.push('--test-reporter=tap', `--test-reporter-destination=${report}`, ...files);
  const { ok } = await run('e2e', process.execPath, args);
  const tap = existsSync(report) ? readFileSync(report, 'utf8') : '';
  const last = (name) =>
    Number([...tap.matchAll(new RegExp(`^# ${name} (\\d+)$`, 'gm'))].at(-1)?.[1]);
  const passed = last('pass') || 0;
  const idle = (last('skipped') || 0) + (last('todo') || 0);
  if (idle > 0) console.log(`${idle} tests were skipped; here that is a failure`);
  let failed = (last('fail') || 0) + (last('cancelled') || 0) + idle;
  if (failed === 0 && (!ok || passed === 0)) failed = 1;
  count('e2e', passed, failed);
}

/** The simulator, where it is under way. */
let simulating;

function simulate(options) {
  const args = ['--import', 'tsx', 'sim/main.ts', '--seeds', String(SIM_SEEDS)];
  return run('sim', process.execPath, args, options);
}

async function simStage() {
  heading(`sim: ${SIM_SEEDS} seeds`);
  const { ok, output } = await (simulating ?? simulate({ tee: true }));
  if (simulating) console.log(output.trimEnd());
  const [, passed, failed] = /^(\d+) passed, (\d+) failed$/m.exec(output.slice(-2000)) ?? [];
  const bad = Number(failed ?? 0);
  count('sim', Number(passed ?? 0), !ok && bad === 0 ? 1 : bad + (passed === undefined ? 1 : 0));
}

const STAGES = {
  packages: packagesStage,
  static: staticStage,
  unit: unitStage,
  e2e: e2eStage,
  sim: simStage,
};

const wanted = process.argv.slice(2);
const isWanted = (name) => wanted.length === 0 || wanted.includes(name);
const unknown = wanted.filter((name) => !(name in STAGES));
if (unknown.length > 0) {
  console.error(`no such stage: ${unknown.join(' ')}; there are: ${Object.keys(STAGES).join(' ')}`);
  process.exit(2);
}
for (const [name, stage] of Object.entries(STAGES)) {
  if (!isWanted(name)) continue;
  const startedMs = performance.now();
  await stage();
  console.log(`(${name} took ${((performance.now() - startedMs) / 1000).toFixed(1)} s)`);
}
rmSync(scratch, { recursive: true, force: true });
console.log('');
for (const line of failures) console.log(line);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 ? 1 : 0;
