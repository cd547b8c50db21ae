/**
 * A1: a clean clone on a machine without a network: two commands, and nothing else touched.
 *
 * The clone runs in a network namespace with loopback alone and in a mount namespace where all
 * but the clone, an empty HOME and temporary folders is read-only, so that a stray write fails.
 * @module
 */
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT, type Bar, type BarOptions, type Report } from './bar.ts';

const START_MS = 5_000;
const TEST_RUNS = 2;
const TEST_MS = 25 * 60_000;
const INSTALL_MS = 10 * 60_000;

export const bar: Bar = {
  id: 'A1',
  title: 'a clean clone without a network: two commands, twice, and no file elsewhere',
  async run(report, options) {
    const machine = new Machine(options.folder);
    machine.install();
    starts(report, machine);
    strays(report, machine);
    if (!options.short) tests(report, machine, options);
    await Promise.resolve();
  },
};

/** The clean clone and the walls around it. */
class Machine {
  readonly clone: string;
  readonly home: string;
  readonly #walls: string;

  constructor(folder: string) {
    this.clone = join(folder, 'clone');
    this.home = join(folder, 'home');
    mkdirSync(this.home);
    this.#walls = join(folder, 'walls.sh');
    const writable = [this.clone, this.home].map(
      (path) => `mount --bind '${path}' '${path}' && mount -o remount,rw,bind '${path}'`,
    );
    const lines = [
      'set -e',
      'mount --make-rprivate /',
      'mount -o remount,ro,bind /',
      'mount -t tmpfs tmpfs /tmp',
      'mount -t tmpfs tmpfs /run',
      ...writable,
      'ip link set lo up',
      'exec "$@"',
    ];
    writeFileSync(this.#walls, `${lines.join('\n')}\n`);
  }

  /** The one step that needs the registry: packages, and the database compiled. */
  install(): void {
    must(spawnSync('git', ['clone', '-q', ROOT, this.clone], { encoding: 'utf8' }), 'git clone');
    const cache = join(dirname(this.home), 'npm-cache');
    const args = ['ci', '--cache', cache];
    const headers = dirname(dirname(process.execPath));
    const env = { ...process.env, HOME: this.home, npm_config_nodedir: headers };
    const options = { cwd: this.clone, env, encoding: 'utf8' as const, timeout: INSTALL_MS };
    must(spawnSync('npm', args, options), 'npm ci');
  }

  /** Runs a command in the clone, behind the walls. */
  run(command: string, args: readonly string[], timeout = 60_000): SpawnSyncReturns<string> {
    const env: NodeJS.ProcessEnv = { ...process.env, HOME: this.home };
    delete env['XDG_DATA_HOME'];
    const walled = ['--net', '--mount', '--', 'bash', this.#walls, command, ...args];
    const options = { cwd: this.clone, env, encoding: 'utf8' as const, timeout };
    return spawnSync('unshare', walled, { ...options, maxBuffer: 256 * 1024 * 1024 });
  }

  /** Several commands in one room, so that they find the same daemon. */
  script(lines: readonly string[]): SpawnSyncReturns<string> {
    return this.run('bash', ['-c', lines.join('\n')], 180_000);
  }
}

function must(run: SpawnSyncReturns<string>, what: string): void {
  if (run.status !== 0) throw new Error(`${what}: ${run.stderr.trim().split('\n').at(-1)}`);
}

function starts(report: Report, machine: Machine): void {
  const time = 'date +%s%3N';
  const { stderr, stdout } = machine.script([
    'node tools/build.mjs',
    `${time}; npm start; echo "first $?"; ${time}`,
    'bin/sotto send echo hi --wait delivered --timeout 20s; echo "send $?"; sleep 1',
    'bin/sotto read echo',
    'npm start; echo "second $?"',
    'bin/sotto stop; echo "stop $?"',
  ]);
  const said = stdout + stderr;
  const stamps = [...stdout.matchAll(/^(\d{13})$/gm)].map((match) => Number(match[1]));
  const tookMs = (stamps[1] ?? NaN) - (stamps[0] ?? NaN);
  report.say(`npm start after the build: ${tookMs} ms`);
  report.require(tookMs <= START_MS && stdout.includes('first 0'), 'npm start ends in ≤ 5 s');
  report.require(/sotto:[a-z2-7]{56}/.test(stdout), 'it shows the ID');
  report.require(/wait here|offline/i.test(said), 'offline is said, not an error');
  const answered = stdout.includes('send 0') && /Echo\s+You said: hi/.test(stdout);
  report.require(answered, 'sotto send echo hi, and its answer');
  report.require(stdout.includes('second 0') && /already/i.test(said), 'a second start says so');
  report.require(stdout.includes('stop 0'), 'sotto stop');
}

function strays(report: Report, machine: Machine): void {
  const home = readdirSync(machine.home);
  report.say(`in HOME afterwards: ${home.join(', ')}`);
  report.require(
    home.every((name) => name === '.local'),
    'nothing in HOME but .local',
  );
  const stray = machine.run('touch', [join(ROOT, 'stray')]);
  report.control(stray.status !== 0, 'a write outside the clone and HOME');
  const out = machine.run('bash', ['-c', 'exec 3<>/dev/tcp/198.51.100.1/80'], 5_000);
  report.control(out.status !== 0, 'a connection to anywhere else');
}

function tests(report: Report, machine: Machine, options: BarOptions): void {
  for (let round = 1; round <= TEST_RUNS; round++) {
    const startedMs = performance.now();
    const { status, stdout } = machine.run('npm', ['test'], TEST_MS);
    const last = stdout.trim().split('\n').at(-1) ?? '';
    const minutes = ((performance.now() - startedMs) / 60_000).toFixed(1);
    report.say(`npm test, round ${round}: ${last} (${minutes} min)`);
    if (status !== 0) writeFileSync(join(dirname(options.folder), 'a1-test.log'), stdout);
    report.require(status === 0 && /^\d+ passed, 0 failed$/.test(last), `npm test, round ${round}`);
  }
}
