import { expect, test } from 'vitest';
import { IpVote, VOTE_MS, VOTES_MAX } from './ip-vote.ts';

const us = { host: '5.6.7.8', port: 4000 };
const moved = { host: '5.6.9.9', port: 4000 };
const voter = (i: number) => ({ host: `20.${i}.0.1`, port: 6881 });

test('[DHT-14] the first address needs two voters that agree', () => {
  const votes = new IpVote();
  expect(votes.add(voter(1), us, 0)).toBe(false);
  expect(votes.elected).toBeUndefined();
  expect(votes.add(voter(1), us, 1)).toBe(false);
  expect(votes.add(voter(2), us, 2)).toBe(true);
  expect(votes.elected).toEqual(us);
});

test('[DHT-14] two against two is no election', () => {
  const votes = new IpVote();
  votes.add(voter(1), us, 0);
  votes.add(voter(2), moved, 0);
  expect(votes.elected).toBeUndefined();
  votes.add(voter(3), us, 0);
  expect(votes.elected).toEqual(us);
});

test('[DHT-14] a network of liars has one vote', () => {
  const votes = new IpVote(us);
  for (let i = 0; i < 200; i++) votes.add({ host: `66.1.1.${i}`, port: 6881 }, moved, i);
  for (let i = 0; i < 200; i++) votes.add({ host: `2a00:1:1::${i + 1}`, port: 6881 }, moved, i);
  expect(votes.elected).toEqual(us);
  expect(votes.size).toBe(2);
});

test('[DHT-14] another address needs three votes and more than 3/2 of the next', () => {
  const votes = new IpVote(us);
  for (let i = 0; i < 4; i++) votes.add(voter(i), us, 0);
  for (let i = 10; i < 16; i++) expect(votes.add(voter(i), moved, 0)).toBe(false); // 6 to 4
  expect(votes.add(voter(16), moved, 0)).toBe(true); // 7 to 4
  expect(votes.elected).toEqual(moved);
});

test('[DHT-14] votes grow old, and the newest count', () => {
  const votes = new IpVote(us);
  for (let i = 0; i < VOTES_MAX; i++) votes.add(voter(i), us, 0);
  expect(votes.size).toBe(VOTES_MAX);
  for (let i = 0; i < 3; i++) votes.add(voter(100 + i), moved, VOTE_MS + 1);
  expect(votes.elected).toEqual(moved);
  expect(votes.size).toBe(3);
});

test('[DHT-14] behind a symmetric NAT the port does not flap', () => {
  const votes = new IpVote();
  votes.add(voter(1), us, 0);
  votes.add(voter(2), { ...us, port: 5000 }, 0);
  const { port } = votes.elected!;
  for (let i = 3; i < 20; i++)
    expect(votes.add(voter(i), { ...us, port: 5000 + i }, 0)).toBe(false);
  expect(votes.elected!.port).toBe(port);
  expect(new Set(votes.votes().map((vote) => vote.seen.port)).size).toBeGreaterThan(15);
});

test('[DHT-14] a port that three voters see replaces one that nobody sees', () => {
  const votes = new IpVote(us);
  for (let i = 0; i < 3; i++) votes.add(voter(i), { ...us, port: 9 }, 0);
  expect(votes.elected).toEqual({ ...us, port: 9 });
});

test('[DHT-14] after a move nobody has seen us yet, and three who do elect another address', () => {
  const votes = new IpVote();
  for (let i = 0; i < 20; i++) votes.add(voter(i), us, 0);
  votes.forget();
  expect([votes.elected, votes.size]).toEqual([us, 0]);
  const { changes } = votes;
  expect(votes.add(voter(1), us, 1)).toBe(false);
  expect(votes.changes).toBe(changes + 1); // the same as before, and news all the same
  votes.forget();
  for (let i = 0; i < 2; i++) expect(votes.add(voter(i), moved, 2)).toBe(false);
  expect(votes.add(voter(2), moved, 2)).toBe(true);
  expect(votes.elected).toEqual(moved);
});
