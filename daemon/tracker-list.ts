/**
 * What `trackers.list` may name (TRK-15). The schema of the settings knows the length of the list
 * alone; core leaves out in silence what is no tracker, so a person hears of a mistake here or
 * never.
 * @module
 */
import { parts as listOf } from '@sotto/api/settings.ts';
import { parseTracker } from '@sotto/core/discovery/tracker-url.ts';

/** What is wrong with the first part that can be no tracker; undefined where all can be. */
export function faultOfTrackers(list: string): string | undefined {
  const wrong = listOf(list).find((part) => !parseTracker(part));
  if (wrong === undefined) return undefined;
  return `${wrong} is no tracker: http://NAME/announce, https://NAME/announce or udp://NAME:PORT`;
}
