/**
 * Reads test data for tests; a missing or empty file fails the test that wants it.
 * @module
 */
import { readFileSync } from 'node:fs';

/** The parsed JSON file of that path below vectors/. */
export function loadVectors<T>(path: string): T {
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as T;
}

/** Bytes of a hex text. */
export function unhex(text: string): Uint8Array<ArrayBuffer> {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(text)) throw new Error('not hex');
  return new Uint8Array(Buffer.from(text, 'hex'));
}

/** A Wycheproof file: groups that share parameters, cases with a verdict each. */
export interface Wycheproof<Case, Group = object> {
  readonly numberOfTests: number;
  readonly testGroups: readonly (Group & { readonly tests: readonly (Case & Verdict)[] })[];
}
export interface Verdict {
  readonly tcId: number;
  readonly comment: string;
  readonly flags: readonly string[];
  readonly result: 'valid' | 'invalid' | 'acceptable';
}

/** Every case of a file with its group; throws where the count is not the one the file states. */
export function casesOf<Case, Group>(path: string): { group: Group; item: Case & Verdict }[] {
  const file = loadVectors<Wycheproof<Case, Group>>(`wycheproof/${path}`);
  const cases = file.testGroups.flatMap((group) => group.tests.map((item) => ({ group, item })));
  if (cases.length !== file.numberOfTests || cases.length === 0) throw new Error(`${path} is cut`);
  return cases;
}
