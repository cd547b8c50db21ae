import { describe, expect, test } from 'vitest';
import { wayOf } from './way.ts';

describe('[POL-11] what leaves by a proxy of ours shows no address of ours', () => {
  const auto = { policy: 'auto' } as const;

  test('a direct link, and one through a relay, are ways of their own', () => {
    expect(wayOf({ ...auto, route: 'direct', proxied: true })).toBe('proxied');
    expect(wayOf({ ...auto, route: 'relay', proxied: true })).toBe('proxied-relay');
    // A route says it by whether they see our address.
    expect(wayOf({ ...auto, route: 'direct', peerSeesMyIp: false })).toBe('proxied');
    expect(wayOf({ ...auto, route: 'relay', peerSeesMyIp: false })).toBe('proxied-relay');
  });

  test('the rule of the chat keeps its name, and what does not leave is no way of the proxy', () => {
    const hidden = { policy: 'hidden', route: 'relay', peerSeesMyIp: false } as const;
    expect(wayOf({ ...hidden, proxied: true })).toBe('relay');
    expect(wayOf({ ...auto, route: 'waiting', proxied: true, peerSeesMyIp: false })).toBe(
      'waiting',
    );
    expect(wayOf({ ...auto, route: 'local', proxied: true, peerSeesMyIp: false })).toBe('local');
  });

  test('without a proxy nothing is said to be hidden', () => {
    expect(wayOf({ ...auto, route: 'direct', peerSeesMyIp: true })).toBe('direct');
    expect(wayOf({ ...auto, route: 'relay', peerSeesMyIp: true })).toBe('relayed');
    expect(wayOf({ ...auto, route: 'relay' })).toBe('relayed');
  });
});
