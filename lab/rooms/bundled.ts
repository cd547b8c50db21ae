/**
 * Programs of the lab, each made one file as a release is: node starts them without a loader, which
 * pays where there are many, and their code is as fast as that of a release. The loader gives every
 * function its name each time it is made, which costs a lookup a fourth of its time.
 * @module
 */
import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { ROOT } from '../bars/bar.ts';

/** They stay outside and are loaded from node_modules. */
const NATIVE_PACKAGES = ['sodium-native', 'udx-native'];

const built = new Map<string, string>();
process.on('exit', () => {
  for (const path of built.values()) rmSync(path, { force: true });
});

/** @returns the path of the program, which is there as long as this process. */
export function bundled(source: URL): string {
  const from = fileURLToPath(source);
  let path = built.get(from);
  if (path === undefined) {
    path = join(ROOT, '.cache', `${basename(from, '.ts')}-${process.pid}.mjs`);
    buildSync({
      entryPoints: [from],
      outfile: path,
      bundle: true,
      platform: 'node',
      target: 'node20.19',
      format: 'esm',
      logLevel: 'error',
      external: NATIVE_PACKAGES,
    });
    built.set(from, path);
  }
  return path;
}
