import { expect, test, vi } from 'vitest';
import { Settings } from '@sotto/api/settings.ts';
import { hex } from '@sotto/core/base/bytes.ts';
import { sha256 } from '@sotto/core/crypto/hash.ts';
import type { Input } from '@sotto/core/effects.ts';
import type * as lanInterfaces from './lan-interfaces.ts';
import type { SystemTables } from './lan-interfaces.ts';
import { Lan } from './lan.ts';

const askRouter = vi.hoisted(() => vi.fn());
vi.mock('./lan-interfaces.ts', async (original) => ({
  ...(await original<typeof lanInterfaces>()),
  askRouter,
}));

/** A computer whose one interface does not exist, so that no socket can open on it. */
class Computer {
  readonly inputs: Input[] = [];
  settings = Settings.parse({});
  router = true;
  /** By the settings with which the network was opened. */
  mayLook = true;
  prefix = '192.0.2';
  /** The hardware address of the router; undefined while it shows none. */
  hardware: string | undefined = '02:00:00:00:00:01';
  carrierChanges = 2;
  readonly lan = new Lan({
    settings: () => this.settings,
    mayLook: () => this.mayLook,
    mark: async (print) => hex(sha256(print)).slice(0, 32),
    input: (input) => this.inputs.push(input),
    system: this.#system(),
    onFault: (error) => {
      throw error;
    },
  });

  set(values: Partial<Settings>): Promise<void> {
    this.settings = { ...this.settings, ...values };
    return this.lan.look();
  }

  #system(): SystemTables {
    const route = (): string => 'eth7 00000000 010200C0 3 0 0 0 00000000\n';
    const arp = (): string => {
      const flags = this.hardware === undefined ? '0x0' : '0x2';
      return `192.0.2.1 0x1 ${flags} ${this.hardware ?? '00:00:00:00:00:00'} * eth7\n`;
    };
    return {
      read: (path) => {
        if (path === '/sys/class/net/eth7/carrier_changes') return `${this.carrierChanges}\n`;
        return this.router ? (path.endsWith('/route') ? route() : arp()) : '';
      },
      interfaces: () => {
        const address = `${this.prefix}.7`;
        const more = { netmask: '255.255.255.0', mac: '02:00:00:00:00:aa', internal: false };
        return { eth7: [{ address, cidr: `${address}/24`, family: 'IPv4', ...more }] };
      },
    };
  }
}

test('[LAN-18] off and away from home nothing opens; at home it would', async () => {
  const computer = new Computer();
  await computer.lan.look();
  expect(computer.lan.state).toBe('off');
  await computer.set({ 'nearby.on': true });
  expect(computer.lan.state).toBe('away');
  expect(computer.inputs).toEqual([]);
  const marks = await computer.lan.home(true);
  await computer.set({ 'nearby.home': marks! });
  // It tried, and this interface does not do multicast: that is said, and is no error.
  expect(computer.lan.state).toBe('blocked');
  expect(computer.inputs).toEqual([{ type: 'lan-networks', networks: [] }]);
  await computer.set({ 'nearby.on': false });
  expect(computer.lan.state).toBe('off');
  computer.lan.close();
});

test('[LAN-18] without UDP there is nothing to speak with', async () => {
  const computer = new Computer();
  const marks = await computer.lan.home(true);
  await computer.set({ 'nearby.on': true, 'nearby.home': marks!, 'net.udp': false });
  expect(computer.lan.state).toBe('off');
});

test('[LAN-16] the setting holds marks and nothing of the network; not-here takes one out', async () => {
  const computer = new Computer();
  const other = 'ab'.repeat(16);
  await computer.set({ 'nearby.home': other });
  const marks = await computer.lan.home(true);
  expect(marks).toMatch(/^(ab){16},[0-9a-f]{32}$/);
  await computer.set({ 'nearby.home': marks! });
  expect(await computer.lan.home(true)).toBe(marks);
  expect(await computer.lan.home(false)).toBe(other);
});

test('[LAN-16] a router that was there and is switched off leaves its network home', async () => {
  const computer = new Computer();
  await computer.set({ 'nearby.on': true });
  const marks = await computer.lan.home(true);
  await computer.set({ 'nearby.home': marks! });
  expect(computer.lan.state).toBe('blocked');
  computer.hardware = undefined;
  await computer.lan.look();
  expect(computer.lan.state).toBe('blocked');
  // It can be taken out of the setting, and put back, without its router.
  expect(await computer.lan.home(false)).toBe('');
  expect(await computer.lan.home(true)).toBe(marks);
  // In its place there is another one: that is another network.
  computer.hardware = '02:00:00:00:00:02';
  await computer.lan.look();
  expect(computer.lan.state).toBe('away');
  computer.hardware = undefined;
  await computer.lan.look();
  expect(computer.lan.state).toBe('away');
  computer.lan.close();
});

test.each<[string, (computer: Computer) => void]>([
  ['unplugged', (computer) => computer.carrierChanges++],
  ['in another network', (computer) => (computer.prefix = '198.51.100')],
  ['on a system that does not tell', (computer) => (computer.carrierChanges = NaN)],
])(
  '[LAN-16] once this computer was %s, a silent router has to show itself anew',
  async (_, happens) => {
    const computer = new Computer();
    await computer.set({ 'nearby.on': true });
    await computer.set({ 'nearby.home': (await computer.lan.home(true))! });
    expect(computer.lan.state).toBe('blocked');
    happens(computer);
    computer.hardware = undefined;
    await computer.lan.look();
    expect(computer.lan.state).toBe('away');
    computer.prefix = '192.0.2';
    await computer.lan.look();
    expect(computer.lan.state).toBe('away');
    computer.lan.close();
  },
);

test('[LAN-17] without a router a network is home while it lasts, and leaves no mark', async () => {
  const computer = new Computer();
  computer.router = false;
  await computer.set({ 'nearby.on': true });
  expect(await computer.lan.home(true)).toBe('');
  await computer.lan.look();
  expect(computer.lan.state).toBe('blocked');
  computer.prefix = '198.51.100';
  await computer.lan.look();
  expect(computer.lan.state).toBe('away');
  computer.prefix = '192.0.2';
  await computer.lan.look();
  expect(computer.lan.state).toBe('away');
  computer.lan.close();
});

test('[PRX-1, LAN-19] behind a proxy nobody is looked for nearby, at home either', async () => {
  const computer = new Computer();
  await computer.set({ 'nearby.on': true });
  await computer.set({ 'nearby.home': (await computer.lan.home(true))! });
  expect(computer.lan.state).toBe('blocked');
  await computer.set({ 'proxy.kind': 'socks5', 'proxy.address': '192.0.2.9:1080' });
  expect(computer.lan.state).toBe('proxied');
  await computer.set({ 'nearby.on': false });
  expect(computer.lan.state).toBe('off');
  computer.lan.close();
});

test('[PRX-1] ⚑ a proxy that was set at the start holds until the next one', async () => {
  const computer = new Computer();
  computer.mayLook = false;
  await computer.set({ 'nearby.on': true });
  await computer.set({ 'nearby.home': (await computer.lan.home(true))! });
  expect([computer.lan.state, computer.inputs]).toEqual(['proxied', []]);
  computer.lan.close();
});

test('[PRX-1] ⚑ behind a proxy no router is asked to show itself; else it is', async () => {
  vi.mocked(askRouter).mockClear();
  const computer = new Computer();
  computer.hardware = undefined;
  await computer.set({ 'proxy.kind': 'socks5', 'proxy.address': '192.0.2.9:1080' });
  expect(await computer.lan.home(true)).toBe('');
  expect(askRouter).not.toHaveBeenCalled();
  await computer.set({ 'proxy.kind': 'none' });
  expect(await computer.lan.home(true)).toBe('');
  expect(askRouter).toHaveBeenCalledWith('192.0.2.1');
});
