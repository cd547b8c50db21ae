/**
 * Settings as a file: the form of the profile's own config.json, so that it can be put there.
 * @module
 */
import type { ConfigEntry } from '@sotto/api/contract.ts';

export function settingsFile(entries: Iterable<Pick<ConfigEntry, 'key' | 'value'>>): string {
  const sorted = [...entries].sort((a, b) => (a.key < b.key ? -1 : 1));
  const values = Object.fromEntries(sorted.map(({ key, value }) => [key, value]));
  return `${JSON.stringify(values, null, 2)}\n`;
}
