/**
 * Friendly names: what a new profile is called until its person says otherwise, such as
 * "Quiet Otter". Words that are kind in whatever pair they make.
 * @module
 */

const ADJECTIVES = [
  'Amber', 'Bold', 'Brave', 'Bright', 'Brisk', 'Calm', 'Clear', 'Clever', 'Copper', 'Cosy',
  'Dapper', 'Deft', 'Eager', 'Early', 'Fleet', 'Fond', 'Gentle', 'Glad', 'Golden', 'Happy',
  'Hazel', 'Honest', 'Humble', 'Jolly', 'Keen', 'Kind', 'Lively', 'Lucky', 'Mellow', 'Merry',
  'Mild', 'Misty', 'Nimble', 'Noble', 'Olive', 'Patient', 'Playful', 'Proud', 'Quick', 'Quiet',
  'Ready', 'Russet', 'Serene', 'Silver', 'Snowy', 'Steady', 'Sunny', 'Swift', 'Tidy', 'Trusty',
  'Velvet', 'Violet', 'Warm', 'Wise', 'Witty',
] as const; // prettier-ignore

const ANIMALS = [
  'Badger', 'Beaver', 'Bison', 'Bunting', 'Capybara', 'Cricket', 'Crane', 'Curlew', 'Deer',
  'Dolphin', 'Dormouse', 'Dove', 'Egret', 'Falcon', 'Ferret', 'Finch', 'Firefly', 'Fox', 'Gecko',
  'Hare', 'Hedgehog', 'Heron', 'Ibex', 'Jay', 'Kestrel', 'Kiwi', 'Koala', 'Lark', 'Lemur',
  'Linnet', 'Lynx', 'Magpie', 'Marmot', 'Marten', 'Mole', 'Moth', 'Newt', 'Otter', 'Owl', 'Panda',
  'Pangolin', 'Plover', 'Puffin', 'Quail', 'Quokka', 'Raven', 'Robin', 'Seal', 'Sparrow', 'Stoat',
  'Swallow', 'Swan', 'Tern', 'Turtle', 'Vole', 'Wombat', 'Wren',
] as const; // prettier-ignore

/** A whole number from 0 to `below` - 1, each as likely as the next. */
export type Pick = (below: number) => number;

/** @param before the name that stands there: another one comes. */
export function friendlyName(pick: Pick = securePick, before = ''): string {
  for (;;) {
    const name = `${ADJECTIVES[pick(ADJECTIVES.length)]!} ${ANIMALS[pick(ANIMALS.length)]!}`;
    if (name !== before) return name;
  }
}

const RANGE = 2 ** 32;

/** @param fill random bits. Numbers past the last whole multiple are drawn anew. */
export function securePick(
  below: number,
  fill: (into: Uint32Array<ArrayBuffer>) => unknown = (into) => crypto.getRandomValues(into),
): number {
  const drawn = new Uint32Array(1);
  const fair = RANGE - (RANGE % below);
  do fill(drawn);
  while (drawn[0]! >= fair);
  return drawn[0]! % below;
}
