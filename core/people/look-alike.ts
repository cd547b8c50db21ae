/**
 * Look-alikes: do two names look the same, although they are written differently? `Аna` with a
 * Cyrillic А, `PauI` with a capital i, `ana` in wide letters.
 *
 *   name --NFKC--> --each character's skeleton--> --lower case, no spaces--> key
 *
 * The skeleton is that of UTS #39 section 4 over normalised text. Two keys are made, one before
 * and one after lower case, for a capital may look like another letter than its small one does.
 * Names look alike where they share a key. Spec: docs/spec/contacts.md CON-11.
 * @module
 */
import { CONFUSABLES } from './confusables.ts';

/** Made at the first use: most programs that load this never compare names. */
let skeletons: ReadonlyMap<string, string> | undefined;

/** The keys of a name: at most two, equal for names that look alike. */
export function lookKeys(name: string): readonly string[] {
  const plain = name.normalize('NFKC');
  const asWritten = skeleton(plain).toLowerCase();
  const small = skeleton(plain.toLowerCase());
  return asWritten === small ? [small] : [small, asWritten];
}

/** Who is known by which look. */
export class Looks<Person extends { readonly name: string }> {
  readonly #byKey = new Map<string, Set<Person>>();
  /** Under which keys somebody is known: their name may have changed since. */
  readonly #keys = new Map<Person, readonly string[]>();

  /** Takes somebody in, or notes their new name. */
  put(person: Person): void {
    this.remove(person);
    const keys = lookKeys(person.name);
    this.#keys.set(person, keys);
    for (const key of keys) {
      const known = this.#byKey.get(key);
      if (known) known.add(person);
      else this.#byKey.set(key, new Set([person]));
    }
  }

  remove(person: Person): void {
    for (const key of this.#keys.get(person) ?? []) {
      const known = this.#byKey.get(key);
      known?.delete(person);
      if (known?.size === 0) this.#byKey.delete(key);
    }
    this.#keys.delete(person);
  }

  /** Somebody else whose name looks like theirs. */
  like(person: Person): Person | undefined {
    return this.named(person.name, person);
  }

  /** Somebody whose name looks like this one. */
  named(name: string, except?: Person): Person | undefined {
    for (const key of lookKeys(name)) {
      for (const person of this.#byKey.get(key) ?? []) if (person !== except) return person;
    }
    return undefined;
  }
}

function skeleton(text: string): string {
  skeletons ??= read();
  let shown = '';
  for (const char of text.normalize('NFD')) shown += skeletons.get(char) ?? char;
  return shown.normalize('NFD').replace(/\s+/g, '').toLowerCase();
}

function read(): Map<string, string> {
  const map = new Map<string, string>();
  for (const word of CONFUSABLES.split(' ')) {
    const [target = '', ...sources] = word.split(',');
    const shown = target.split('+').map(charOf).join('');
    for (const source of sources) map.set(charOf(source), shown);
  }
  return map;
}

function charOf(hex: string): string {
  return String.fromCodePoint(parseInt(hex, 16));
}
