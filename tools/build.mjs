/**
 * Build: bundles each program of the house into one file under dist/, with esbuild, and the browser
 * app into a folder of files, with Vite.
 *
 *   daemon/main.ts   -> dist/daemon.mjs
 *   vault/worker.ts  -> dist/vault-worker.mjs
 *   cli/main.ts      -> dist/sotto.mjs, and what it says of itself as dist/sotto.1
 *   web/index.html   -> dist/web/, which the daemon serves; built only where a source is newer
 *
 * Native packages stay outside and are loaded from node_modules. Run it by itself
 * (`npm run build`; `node tools/build.mjs programs` leaves the browser app out), or call
 * `buildIfStale()` as bin/sotto does.
 * @module
 */
import './node-version.mjs';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, existsSync, statSync } from 'node:fs';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');

const PROGRAMS = {
  'daemon.mjs': 'daemon/main.ts',
  'vault-worker.mjs': 'vault/worker.ts',
  'sotto.mjs': 'cli/main.ts',
};
const MANUAL = 'sotto.1';
const WEB = 'web';
const WEB_ENTRY = join(root, WEB, 'index.html');
/** Of the browser app: its own folder, and the contract. */
const WEB_SOURCE_FOLDERS = [WEB, 'api'];
const SOURCE_FOLDERS = ['core', 'vault', 'api', 'daemon', 'cli'];
const NATIVE_PACKAGES = [
  '@signalapp/libsignal-client',
  'sodium-native',
  'udx-native',
  'better-sqlite3-multiple-ciphers',
];

// CommonJS packages inside an ESM bundle call `require`, which ESM does not have.
const BANNER =
  "import { createRequire as __createRequire } from 'node:module';\n" +
  'const require = __createRequire(import.meta.url);';

/** Programs whose entry point exists: bundle name and source path. */
function programs() {
  return Object.entries(PROGRAMS).filter(([, entry]) => existsSync(join(root, entry)));
}

/** Builds everything. It appears whole: a program started meanwhile sees the old or the new. */
export async function buildAll() {
  const built = await buildPrograms();
  if (isWebStale()) built.push(await buildWeb());
  return built;
}

async function buildPrograms() {
  const { build } = await import('esbuild');
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  mkdirSync(dist, { recursive: true });
  const builds = programs().map(async ([output, entry]) => {
    const result = await build({
      absWorkingDir: root,
      entryPoints: [entry],
      outfile: join('dist', output),
      write: false,
      bundle: true,
      platform: 'node',
      target: 'node20.19',
      format: 'esm',
      sourcemap: 'linked',
      sourcesContent: false,
      legalComments: 'none',
      // Node keeps the source text of a program in memory: comments and indents are left out.
      minifyWhitespace: true,
      logLevel: 'error',
      external: NATIVE_PACKAGES,
      banner: { js: BANNER },
      define: { __SOTTO_VERSION__: JSON.stringify(version) },
    });
    for (const file of result.outputFiles) {
      const partial = `${file.path}.${process.pid}.partial`;
      writeFileSync(partial, file.contents);
      renameSync(partial, file.path);
    }
    return output;
  });
  const built = await Promise.all(builds);
  if (built.includes('sotto.mjs')) built.push(writeManual());
  return built;
}

/** Files of one build belong together, so the folder is made beside and takes its place whole. */
async function buildWeb() {
  const { build } = await import('vite');
  const outDir = join(dist, `${WEB}.${process.pid}.partial`);
  const before = join(dist, `${WEB}.${process.pid}.old`);
  const configFile = join(root, WEB, 'vite.config.ts');
  try {
    await build({ configFile, logLevel: 'error', build: { outDir, emptyOutDir: true } });
    if (existsSync(join(dist, WEB))) renameSync(join(dist, WEB), before);
    renameSync(outDir, join(dist, WEB));
  } finally {
    for (const folder of [outDir, before]) rmSync(folder, { recursive: true, force: true });
  }
  return `${WEB}/`;
}

/** The manual page, as the program just built prints it. */
function writeManual() {
  const page = execFileSync(process.execPath, [join(dist, 'sotto.mjs'), 'man']);
  const partial = join(dist, `${MANUAL}.${process.pid}.partial`);
  writeFileSync(partial, page);
  renameSync(partial, join(dist, MANUAL));
  return MANUAL;
}

const PROGRAM_SOURCES = /(?<!\.test)\.ts$|^package\.json$/;
const WEB_SOURCES = /^(?!.*\.test\.tsx?$)(?!.*\.md$)/;

/** The newest change below `path`, in milliseconds; tests and installed packages do not count. */
function newestChangeMs(path, sources) {
  let newestMs = 0;
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.name === 'node_modules') continue;
    const below = join(path, entry.name);
    if (entry.isDirectory()) newestMs = Math.max(newestMs, newestChangeMs(below, sources));
    else if (sources.test(entry.name)) {
      newestMs = Math.max(newestMs, statSync(below).mtimeMs);
    }
  }
  return newestMs;
}

/** True where a bundle is missing or a source is newer; never for a release without sources. */
export function isStale() {
  return areProgramsStale() || isWebStale();
}

function areProgramsStale() {
  const outputs = [...programs().map(([name]) => name), MANUAL];
  return isOlder(outputs, SOURCE_FOLDERS, PROGRAM_SOURCES);
}

function isWebStale() {
  const outputs = [join(WEB, 'index.html')];
  return existsSync(WEB_ENTRY) && isOlder(outputs, WEB_SOURCE_FOLDERS, WEB_SOURCES);
}

/** Is one of these files of dist/ missing, or older than what it is made of? */
function isOlder(outputs, sourceFolders, sources) {
  const folders = sourceFolders.map((folder) => join(root, folder)).filter(existsSync);
  if (folders.length === 0) return false;
  let builtMs = Infinity;
  for (const output of outputs) {
    const file = join(dist, output);
    if (!existsSync(file)) return true;
    builtMs = Math.min(builtMs, statSync(file).mtimeMs);
  }
  const self = statSync(fileURLToPath(import.meta.url)).mtimeMs;
  return Math.max(self, ...folders.map((folder) => newestChangeMs(folder, sources))) > builtMs;
}

export async function buildIfStale() {
  if (isStale()) await buildAll();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const startedMs = performance.now();
  try {
    const built = process.argv[2] === 'programs' ? await buildPrograms() : await buildAll();
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    console.log(`built ${built.join(', ') || 'nothing: no program is there yet'} in ${seconds} s`);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
