import { expect, test } from 'vitest';
import { EN } from '../text/en/index.ts';
import { doorLine } from './door.ts';

test('an open door hides the address only where relays do', () => {
  expect(EN[doorLine({ open: true, hidden: false })]).toBe(
    'The door is open. Someone who has your ID could find your IP address.',
  );
  expect(EN[doorLine({ open: true, hidden: true })]).toBe(
    'The door is open. Relays keep your IP address from those who have your ID.',
  );
});

test('a shut door is shut, with relays and without', () => {
  for (const hidden of [true, false]) {
    expect(doorLine({ open: false, hidden })).toBe('door.shut');
  }
});

test('of an open door nothing is promised before the app has said what hides it', () => {
  expect(EN[doorLine({ open: true, hidden: undefined })]).toBe('The door is open.');
  expect(doorLine({ open: false, hidden: undefined })).toBe('door.shut');
});
