/**
 * Relays as text (RLY-16), as far as a page reads them; whether one can be a relay the app says.
 *
 *   sotto-relay:KEY@ADDRESS:PORT[+443]
 *
 * @module
 */

const PASTED = /sotto-relay:[^\s,;"'<>]+/gi;

/** The relays of the setting, in its order. */
export function relaysOf(list: string): readonly string[] {
  return list
    .split(',')
    .map((relay) => relay.trim())
    .filter((relay) => relay !== '');
}

/** Every relay in a text, once; words and commands around them are not meant. */
export function relaysIn(text: string): readonly string[] {
  const found = [...text.matchAll(PASTED)].map(([relay]) =>
    // The end of a sentence is not its own.
    relay.toLowerCase().replace(/[^0-9a-z]+$/, ''),
  );
  return [...new Set(found)].filter((relay) => relay !== 'sotto-relay');
}

/** Where it is, as `address:port`; of an odd text all of it. */
export function placeOf(relay: string): string {
  return relay.slice(relay.indexOf('@') + 1).replace(/\+443$/, '');
}
