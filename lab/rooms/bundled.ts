/**
 * Programs of the lab that run in namespaces, each made one file, so that node starts them without
 * a loader: there are many, and most are short.
 * @module
 */
import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { ROOT } from '../bars/bar.ts';

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
    });
    built.set(from, path);
  }
  return path;
}
