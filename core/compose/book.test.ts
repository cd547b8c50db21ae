import { expect, test } from 'vitest';
import { Prng } from '../base/prng.ts';
import { newContact, type Contact } from '../people/contact.ts';
import { Book } from './book.ts';

const { bytes } = new Prng(5);

/** A book of people who all call themselves Ana. */
function anas(count: number): { book: Book; people: Contact[]; names: () => string[] } {
  const book = new Book(bytes(32), []);
  const people = Array.from({ length: count }, () => {
    const contact = newContact(bytes(32), book.freeName('Ana'));
    book.put(contact);
    return contact;
  });
  return { book, people, names: () => people.map(({ name }) => name) };
}

test('[CON-3] people of one name keep theirs however often they say it', () => {
  const { book, people, names } = anas(3);
  expect(names()).toEqual(['Ana', 'Ana 2', 'Ana 3']);
  for (const contact of people) contact.name = book.freeName('Ana', contact);
  expect(names()).toEqual(['Ana', 'Ana 2', 'Ana 3']);
});

test('[CON-3] nobody moves up to a name that somebody else had', () => {
  const { book, people, names } = anas(3);
  book.remove(people[0]!);
  people[1]!.name = book.freeName('Bo', people[1]);
  people[2]!.name = book.freeName('Ana', people[2]);
  expect(names().slice(1)).toEqual(['Bo', 'Ana 3']);
});

test('[CON-3] a name that is no form of the new one gives way, and so does one that is taken', () => {
  const { book, people, names } = anas(2);
  people[1]!.name = 'Ana Ruiz';
  people[1]!.name = book.freeName('Ana', people[1]);
  expect(names()).toEqual(['Ana', 'Ana 2']);
  people[1]!.name = book.freeName('ana', people[1]);
  expect(names()).toEqual(['Ana', 'ana 2']);
  people[0]!.name = 'ana 2';
  people[1]!.name = book.freeName('Ana', people[1]);
  expect(names()).toEqual(['ana 2', 'Ana']);
});
