/**
 * A6: whatever comes in, every decoder says yes or no. Coverage-guided fuzzing of each, inside
 * valid gates and keys, and calls of the API that must not get in. See docs/HACKING.md.
 * @module
 */
import { fuzzing } from './a6-fuzz.ts';
import { unauthorisedApi } from './a6-api.ts';
import type { Bar } from './bar.ts';

export const bar: Bar = {
  id: 'A6',
  title: '1 M hostile inputs into each decoder, 20,000 calls of the API that must not get in',
  async run(report, options) {
    await unauthorisedApi(report, options);
    await fuzzing(report, options);
  },
};
