/**
 * Avatar: the first letters of a name on a colour that comes from the ID, so that two people of
 * one name look different.
 * @module
 */
import { shownName } from '../words/name.ts';
import style from './avatar.module.css';

const COLOURS = 8;

export function Avatar({ name, id }: { readonly name: string; readonly id: string }) {
  return (
    <span className={style['avatar']} data-colour={colourOf(id)} aria-hidden="true" dir="auto">
      {initials(name)}
    </span>
  );
}

function initials(name: string): string {
  const words = shownName(name).trim().split(/\s+/).slice(0, 2);
  const first = words.map((word) => [...new Intl.Segmenter().segment(word)][0]?.segment ?? '');
  return first.join('').toLocaleUpperCase();
}

function colourOf(id: string): number {
  let sum = 0;
  for (const char of id) sum = (sum * 31 + char.codePointAt(0)!) % 65_521;
  return sum % COLOURS;
}
