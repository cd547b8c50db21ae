import { describe, expect, test } from 'vitest';
import { SEARCH_MS } from './calls.ts';
import { ANEW_MS_MIN, REFUSED_AGAIN_MS } from './contract.ts';
import { CHECK_EVERY_MS, DECIDE_MS, LOOK_MS } from './site.ts';
import { both, Home, home, HOUR_MS, open, type Abilities } from './test-router.ts';
import { LEASES_S } from './upnp.ts';

describe('[MAP-10] leases of UPnP', () => {
  const leases = (here: Home): number[] =>
    here.requests
      .map(({ body }) => /<NewLeaseDuration>(\d+)</.exec(body)?.[1])
      .filter((lease) => lease !== undefined)
      .map(Number);

  test('725: a lease for good, taken back on a stop', () => {
    const here = home({ upnp: true, refuses: (leaseS) => (leaseS === 0 ? undefined : 725) });
    expect(open(here)).toEqual(both('upnp'));
    expect(leases(here)).toEqual([7_200, 0, 7_200, 0]);
    here.stop();
    expect([here.table.size, here.isStopped]).toEqual([0, true]);
  });

  test('402: the next lease, until none is left', () => {
    const some = home({ upnp: true, refuses: (leaseS) => (leaseS === 3_600 ? undefined : 402) });
    expect(open(some)).toEqual(both('upnp'));
    expect(leases(some).slice(0, 4)).toEqual([...LEASES_S]);
    const none = home({ upnp: true, refuses: () => 402 });
    none.pass(LOOK_MS);
    expect([open(none), none.mapper.state(none.nowMs)]).toEqual([[], 'refused']);
    none.pass(130_000);
    expect(none.mapper.state(none.nowMs)).toBe('refused');
    expect(leases(none)).toHaveLength(2 * LEASES_S.length);
  });
});

describe('[MAP-12] a port that is refused beside one that is open', () => {
  test('is asked for again, once a quarter of an hour, and a stop gives back what it has of both', () => {
    const here = home({ upnp: true });
    let adds = 0;
    here.can.refuses = () => (adds++ % 2 === 0 ? 606 : undefined);
    here.pass(HOUR_MS + DECIDE_MS);
    expect(open(here)).toEqual(['tcp 40001 upnp']);
    delete here.can.refuses;
    here.pass(REFUSED_AGAIN_MS);
    expect(open(here)).toEqual(both('upnp'));
    here.can.refuses = (_, port) => (port === 40_001 && adds++ % 2 === 0 ? 606 : undefined);
    here.pass(HOUR_MS + DECIDE_MS);
    expect([open(here).length, here.table.size]).toEqual([1, 2]);
    here.stop();
    expect(here.table.size).toBe(0);
  });
});

describe('[MAP-13] a router over HTTP that gives no answer', () => {
  test('once: is asked once more, and nothing is lost', () => {
    const here = home({ upnp: true });
    const before = here.requests.length;
    here.repliesLost = 1;
    here.pass(CHECK_EVERY_MS);
    expect([open(here), here.table.size]).toEqual([both('upnp'), 2]);
    expect(here.requests.length - before).toBe(4);
  });

  const forGood: Abilities = {
    upnp: true,
    refuses: (leaseS) => (leaseS === 0 ? undefined : 725),
  };
  const theirs = { client: '192.168.1.12', port: 40_001, leaseS: 600 };

  test('any more: what it has for us is taken up again, and given back', () => {
    const here = new Home(forGood);
    here.table.set('udp 40001', theirs);
    here.begin();
    here.pass(DECIDE_MS);
    const had = open(here);
    here.repliesLost = 2;
    here.pass(CHECK_EVERY_MS + 4_000);
    expect(open(here)).toEqual(had);
    here.stop();
    expect([...here.table]).toEqual([['udp 40001', theirs]]);
  });

  test('and no more at all until the stop: it is given back where it was asked before', () => {
    const here = home(forGood);
    here.can.location = 'http://192.168.1.2/d.xml';
    here.repliesLost = 2;
    here.pass(CHECK_EVERY_MS + SEARCH_MS);
    expect([open(here), here.table.size]).toEqual([[], 2]);
    here.stop();
    expect([here.table.size, here.isStopped]).toEqual([0, true]);
  });
});

test('[MAP-6] a router that lists a port of UPnP and lets nothing in has it anew once a person asks', () => {
  const here = home({ upnp: true });
  here.pass(HOUR_MS / 20);
  const adds = (): number => here.heard.filter((line) => /AddPort/.test(line)).length;
  const look = (): void => {
    here.mapper.look(here.nowMs);
    here.settle();
  };
  const before = adds();
  look();
  expect(adds() - before).toBe(2);
  look();
  expect(adds() - before).toBe(2);
  here.pass(ANEW_MS_MIN);
  look();
  expect(adds() - before).toBe(4);
});
