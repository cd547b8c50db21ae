import { expect, test } from 'vitest';
import { Gathering, Lanes, type Done } from './receiving.ts';

test('[DEL-13] few tasks of one key run at a time, in their order, and others beside them', () => {
  const lanes = new Lanes(2);
  const begun: string[] = [];
  const ends: Done[] = [];
  const task =
    (name: string) =>
    (done: Done): void => {
      begun.push(name);
      ends.push(done);
    };
  for (const name of ['a1', 'a2', 'a3', 'a4']) lanes.run('a', task(name));
  lanes.run('b', task('b1'));
  expect(begun).toEqual(['a1', 'a2', 'b1']);
  ends[1]!();
  ends[0]!();
  expect(begun.slice(3)).toEqual(['a3', 'a4']);
});

test('[DEL-13] any number of tasks that end at once follow one that did not', () => {
  const lanes = new Lanes(1);
  let end: Done = () => undefined;
  let ran = 0;
  lanes.run('a', (done) => (end = done));
  for (let i = 0; i < 50_000; i++) {
    lanes.run('a', (done) => {
      ran++;
      done();
    });
  }
  expect(ran).toBe(0);
  end();
  expect(ran).toBe(50_000);
});

test('[DEL-13] what comes while one of a key is dealt with is dealt with together', () => {
  const dealt: string[] = [];
  const ends: Done[] = [];
  const gathering = new Gathering<string>((messages, done) => {
    dealt.push(messages.join(''));
    ends.push(done);
  });
  for (const letter of 'abc') gathering.add('key', letter);
  gathering.add('other', 'x');
  expect(dealt).toEqual(['a', 'x']);
  ends[0]!();
  expect(dealt).toEqual(['a', 'x', 'bc']);
  ends[2]!();
  gathering.add('key', 'd');
  expect(dealt.at(-1)).toBe('d');
});
