/**
 * The version of this program: put in by the bundler, or read from the source tree.
 * @module
 */
import { readFileSync } from 'node:fs';

declare const __SOTTO_VERSION__: string | undefined;

export function version(): string {
  if (typeof __SOTTO_VERSION__ === 'string') return __SOTTO_VERSION__;
  const manifest = new URL('package.json', import.meta.url);
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}
