import { expect, test } from 'vitest';
import { Prng } from '../base/prng.ts';
import { Context } from './context.ts';
import type { RelayLink } from './relay-link.ts';
import { ENTRY_KEPT_MS, FORGIVE_MS, Reservations } from './reservations.ts';

/** A relay as far as reservations know it. */
class Relay {
  readonly address;
  readonly name: string;
  readonly guard = undefined;
  readonly isExtended = false;
  readonly rttMs = undefined;
  isUp = true;
  failures = 0;
  isKept = false;
  readonly client = { isReserved: true, refusals: 0, slot: () => new Uint8Array(20) };

  constructor(
    host: string,
    byte: number,
    readonly isPublic = false,
  ) {
    const key = new Uint8Array(32).fill(byte);
    this.address = { endpoint: { host, port: 443 }, key, udp: true, tcp: true };
    this.name = Buffer.from(key).toString('hex');
  }

  keep(isKept: boolean): void {
    this.isKept = isKept;
  }

  recall(failures: number): void {
    this.failures = failures;
  }
}

/** Somebody with these relays on the own list. */
function kept(relays: readonly Relay[]) {
  const profile = { bootstrap: [], dht: false, readOnly: false, allowReserved: true };
  const context = new Context(new Prng(1).bytes, { ...profile, displayName: undefined });
  const one = new Reservations(context, [], {
    candidates: () =>
      relays.map(({ address, isPublic }) => {
        return isPublic ? { address, isOwn: false, isPublic } : { address, isOwn: true };
      }),
    isOurs: () => true,
    link: ({ key }) => linkOf(relays.find(({ address }) => address.key === key)!),
    leave: () => undefined,
    links: () => relays.map(linkOf),
    entriesChanged: () => undefined,
  });
  const at = (monoMs: number): void => {
    context.now = { monoMs, wallMs: monoMs };
    one.handleTimeout();
  };
  return { one, at };
}

function linkOf(relay: Relay): RelayLink {
  return relay as unknown as RelayLink;
}

test('[RLY-18] the entry of a relay that is away is taken out 30 s after its last path', () => {
  const relay = new Relay('93.184.216.34', 1);
  const { at, one } = kept([relay]);
  at(0);
  one.handleChange(linkOf(relay));
  at(1_000);
  // Its link has no path, and is given up much later.
  relay.isUp = false;
  one.handleChange(linkOf(relay));
  const lengths = [0, ENTRY_KEPT_MS - 1, ENTRY_KEPT_MS].map((ms) => {
    at(1_000 + ms);
    return one.commonEntries().length;
  });
  expect(lengths).toEqual([1, 1, 0]);
  relay.isUp = true;
  one.handleChange(linkOf(relay));
  expect(one.commonEntries()).toHaveLength(1);
});

test('[RLY-18] what serves us keeps its place while what refused us is tried again', () => {
  const own = ['93.184.216.34', '94.1.1.1'].map((host, i) => new Relay(host, 1 + i));
  const others = ['95.1.1.1', '96.1.1.1'].map((host, i) => new Relay(host, 3 + i, true));
  const all = [...own, ...others];
  const { at, one } = kept(all);
  const areKept = (): boolean[] => all.map(({ isKept }) => isKept);
  /** What those of the own list answer. */
  const answer = (isReserved: boolean, refusals = isReserved ? 0 : 1): void => {
    for (const relay of own) {
      Object.assign(relay.client, { isReserved, refusals });
      one.handleChange(linkOf(relay));
    }
  };
  const [OWN, OTHERS, BOTH] = [
    [true, true, false, false],
    [false, false, true, true],
    [true, true, true, true],
  ];
  answer(false, 0);
  at(0);
  expect(areKept()).toEqual(OWN);
  answer(false);
  at(3_000);
  expect([areKept(), one.reserved]).toEqual([OTHERS, 2]);
  at(FORGIVE_MS - 1);
  expect(areKept()).toEqual(OTHERS);
  // Each time over a link that knows nothing of the last.
  for (const relay of own) relay.client.refusals = 0;
  at(FORGIVE_MS + 60_000);
  expect([areKept(), one.reserved]).toEqual([BOTH, 2]);
  answer(false);
  at(FORGIVE_MS + 63_000);
  expect([areKept(), one.reserved]).toEqual([OTHERS, 2]);
  for (const relay of own) relay.client.refusals = 0;
  at(2 * FORGIVE_MS + 123_000);
  answer(true);
  at(2 * FORGIVE_MS + 124_000);
  expect([areKept(), one.reserved]).toEqual([OWN, 2]);
});
