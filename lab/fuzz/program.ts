/**
 * The program inside a fuzz bundle: `program.mjs '{"targets":["event"],"inputs":1000,...}'`. One
 * line of JSON per result on stdout; a dot now and then, so that a hang is noticed.
 * @module
 */
import { fuzzTarget } from './loop.ts';
import { TARGETS } from './targets.ts';

export interface Order {
  readonly targets: readonly string[];
  readonly inputs: number;
  readonly seed: number;
  readonly untilFound: boolean;
}

const order = JSON.parse(process.argv[2]!) as Order;
for (const name of order.targets) {
  const target = TARGETS.find((one) => one.name === name)!;
  const progress = (): void => void process.stdout.write('.\n');
  const result = fuzzTarget(target, { ...order, progress });
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
