/**
 * The list of files that the service worker keeps, put into it while building, with a hash over
 * all of them: another build makes another worker, which browsers notice.
 * @module
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';

const WORKER = 'sw.js';
/** Texts for tests, which nobody needs while the daemon does not run. */
const LEFT_OUT = /(^|\/)pseudo|\.map$/;

/** @param publicFolder files that are copied as they are. */
export function shell(publicFolder: string): Plugin {
  return {
    name: 'sotto-shell',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        const worker = bundle[WORKER];
        if (worker?.type !== 'chunk') return;
        const hash = createHash('sha256');
        const paths: string[] = [];
        for (const [name, file] of Object.entries(bundle).sort(byName)) {
          if (name === WORKER || LEFT_OUT.test(name)) continue;
          hash.update(name).update(file.type === 'chunk' ? file.code : file.source);
          if (name !== 'index.html') paths.push(`/${name}`);
        }
        for (const name of readdirSync(publicFolder).sort()) {
          hash.update(name).update(readFileSync(join(publicFolder, name)));
          paths.push(`/${name}`);
        }
        worker.code = worker.code
          .replaceAll('__BUILD__', JSON.stringify(hash.digest('hex').slice(0, 16)))
          .replaceAll('__SHELL__', JSON.stringify(paths));
      },
    },
  };
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
