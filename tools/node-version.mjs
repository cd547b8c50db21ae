/**
 * Says so where this Node.js is too old, before anything fails in words that help nobody. Imported
 * before all else.
 * @module
 */
import { readFileSync } from 'node:fs';

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const wanted = manifest.engines.node.replace('>=', '');
if (isOlder(process.versions.node, wanted)) {
  console.error(`Sotto needs Node.js ${wanted} or newer; this is ${process.versions.node}.`);
  console.error('hint: Debian 13 has it (apt-get install nodejs), or see https://nodejs.org');
  process.exit(1);
}

function isOlder(version, other) {
  const [a, b] = [version, other].map((text) => text.split('.').map(Number));
  return a[0] === b[0] ? a[1] < b[1] : a[0] < b[0];
}
