/**
 * What is measured in the small internet, in one run: meetings beside hyperdht, items beside
 * libtorrent. The bar B6 and `npm run bench` measure with this same code.
 * @module
 */
import { join } from 'node:path';
import { type ItemFigures, measureItems } from './items.ts';
import { measureMeetings, type MeetingFigures } from './meetings.ts';
import { Place } from './place.ts';

export interface LabFigures {
  readonly meetings: MeetingFigures;
  readonly items: ItemFigures;
}

/** @param count samples of each kind, of ours and of theirs. */
export async function measureLab(folder: string, count: number): Promise<LabFigures> {
  const place = await Place.build();
  try {
    const items = await measureItems(place, count);
    const meetings = await measureMeetings(place, join(folder, 'people'), count);
    return { items, meetings };
  } finally {
    await place.close();
  }
}
