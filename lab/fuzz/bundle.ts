/**
 * Bundles of the fuzz targets: our own sources, decoders with counters in them, and where wanted
 * with one planted bug. The sources on disk stay as they are.
 * @module
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { ROOT } from '../bars/bar.ts';
import { instrument, type Branch } from './instrument.ts';

/** A bug as somebody could have written it: `find` stands once in `file` and becomes `put`. */
export interface Patch {
  readonly file: string;
  readonly find: string;
  readonly put: string;
}

export interface Bundle {
  readonly program: string;
  readonly branches: readonly Branch[];
}

const NATIVE = [
  '@signalapp/libsignal-client',
  'sodium-native',
  'udx-native',
  'better-sqlite3-multiple-ciphers',
];
/** Primitives that are not what is fuzzed, with a memory or quicker. */
const INSTEAD = new Map([
  ['core/crypto/dh.ts', 'lab/fuzz/remembered-dh.ts'],
  ['core/crypto/sign.ts', 'lab/fuzz/remembered-sign.ts'],
  ['core/crypto/hash.ts', 'lab/fuzz/fast-hash.ts'],
  ['core/crypto/mac.ts', 'lab/fuzz/fast-mac.ts'],
  ['core/crypto/mlkem.ts', 'lab/fuzz/remembered-mlkem.ts'],
]);
/** Runs before any module: what the counters in the sources refer to. */
const BANNER = `
import { createRequire as $require } from 'node:module';
const require = $require(import.meta.url);
const $hit = new Uint8Array(65536);
const $state = { fresh: 0, allocated: 0 };
const $first = (n) => { $hit[n] = 1; $state.fresh++; };
globalThis.fuzz = {
  hit: $hit,
  state: $state,
  first: $first,
  and: (n, v) => { if (!v) $hit[n] || $first(n); return v; },
  or: (n, v) => { if (v) $hit[n] || $first(n); return v; },
  nil: (n, v) => { if (v !== undefined && v !== null) $hit[n] || $first(n); return v; },
  bytes: (first, ...rest) => {
    if (typeof first === 'number') $state.allocated += first;
    return new Uint8Array(first, ...rest);
  },
};`;

/**
 * @param folder where the program goes; inside the clone, so that packages are found from there.
 * @param files the sources to count branches in, relative to the root.
 */
export async function bundle(
  folder: string,
  name: string,
  files: readonly string[],
  patches: readonly Patch[] = [],
): Promise<Bundle> {
  const branches: Branch[] = [];
  const program = join(folder, `${name}.mjs`);
  const result = await build({
    absWorkingDir: ROOT,
    entryPoints: ['lab/fuzz/program.ts'],
    outfile: program,
    write: false,
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    logLevel: 'error',
    sourcemap: 'inline',
    sourcesContent: false,
    external: NATIVE,
    banner: { js: BANNER },
    plugins: [sources(new Set(files), patches, branches)],
  });
  writeFileSync(program, result.outputFiles[0]!.contents);
  return { program, branches };
}

function sources(counted: Set<string>, patches: readonly Patch[], branches: Branch[]): Plugin {
  const wanted = new Set([...counted, ...patches.map(({ file }) => file)]);
  return {
    name: 'fuzz',
    setup({ onEnd, onLoad, onResolve }) {
      const seen = new Set<string>();
      onResolve({ filter: /\/(dh|sign|hash|mac|mlkem)\.ts$/ }, ({ importer, path, resolveDir }) => {
        const file = path.replace('@sotto/', `${ROOT}/`);
        const inside = relative(ROOT, resolve(resolveDir, file));
        const instead = INSTEAD.get(inside);
        if (instead === undefined || importer.endsWith(instead)) return undefined;
        return { path: join(ROOT, instead) };
      });
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const file = relative(ROOT, path);
        if (!wanted.has(file)) return undefined;
        seen.add(file);
        let contents = readFileSync(path, 'utf8');
        for (const patch of patches) if (patch.file === file) contents = apply(patch, contents);
        if (counted.has(file)) contents = instrument(file, contents, branches);
        return { contents, loader: 'ts' };
      });
      onEnd(() => {
        const absent = [...wanted].filter((file) => !seen.has(file));
        if (absent.length > 0) throw new Error(`not in the bundle: ${absent.join(', ')}`);
      });
    },
  };
}

/** @throws Error where the source has changed: a plant that is not there proves nothing. */
function apply({ file, find, put }: Patch, contents: string): string {
  if (contents.split(find).length !== 2) throw new Error(`cannot plant a bug in ${file}`);
  return contents.replace(find, () => put);
}
