import { expect, test } from 'vitest';
import { Secret } from '../crypto/keys.ts';
import { kdf, LABELS } from '../crypto/kdf.ts';
import type { GateKey } from './contract.ts';
import { RELAY_VERSIONS } from './handshake.ts';
import { TestNet } from './testing/net.ts';

const NOTHING = new Uint8Array(0);

/** A relay whose own list and identity nobody needs to know. */
function scene(): { net: TestNet; gate: GateKey; dial: (gateKey?: GateKey) => string[] } {
  const net = new TestNet();
  const gates: GateKey[] = [];
  const client = net.node({ versions: [...RELAY_VERSIONS] });
  const relay = net.node({ versions: [1, 2, 3], gates });
  const gate: GateKey = {
    id: 'relay',
    kind: 'relay',
    secret: new Secret('gate', kdf(relay.noise, LABELS.relayGate)),
  };
  gates.push(gate);
  const { noise } = relay;
  const dial = (gateKey = gate): string[] => {
    const target = { identity: noise, device: noise, noise, versions: RELAY_VERSIONS };
    const routes = [relay.route('tcp'), relay.route('udp')];
    client.links.dial(1, { ...target, gate: gateKey }, routes, NOTHING, net.nowMs);
    net.drain(client);
    net.run(11_000);
    return client.events.map(({ type }) => type);
  };
  return { net, gate, dial };
}

test('[RLY-1] a key is enough to reach a relay, whatever its versions and identity are', () => {
  expect(scene().dial()).toEqual(['up']);
});

test('[RLY-1] a gate of another kind with the same secret leads nowhere', () => {
  const { dial, gate } = scene();
  expect(dial({ ...gate, kind: 'circuit' })).toEqual(['dial-failed']);
});
