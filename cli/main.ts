/**
 * `sotto`: the terminal program. Only what every command needs is loaded here; each verb loads
 * itself, so that `sotto --version` and every other start are quick (CLI-23).
 * @module
 */
import { handleStreamEnds } from './streams.ts';

handleStreamEnds();
const argv = process.argv.slice(2);
if (argv.length === 1 && argv[0] === '--version') {
  const { version } = await import('./version.ts');
  process.stdout.write(`${version()}\n`);
} else {
  const { run } = await import('./program.ts');
  const exit = await run(argv);
  // Kept-alive connections would hold the process for some seconds more.
  process.stdout.write('', () => process.exit(exit));
}
