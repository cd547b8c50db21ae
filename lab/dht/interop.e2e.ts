/**
 * Our DHT node against 30 real libtorrent nodes, in a network namespace that this test makes.
 *
 *   node --import tsx --test lab/dht/interop.e2e.ts      as root, with the packages named below
 *
 * @module
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { Secret } from '@sotto/core/crypto/keys.ts';
import { SigningKey } from '@sotto/core/crypto/sign.ts';
import { isCompliant } from '@sotto/core/discovery/node-id.ts';
import { fromHex } from '@sotto/core/base/bytes.ts';
import { LineProcess } from './line-process.ts';
import { Namespace } from './namespace.ts';

const FARM_NODES = 30;
const KEYS_EACH_WAY = 10;
const OURS = '198.18.200.1';
const OUR_SHY = '198.18.201.1';
const LISTED_WITHIN_MS = 180_000;
const farmHosts = Array.from({ length: FARM_NODES }, (_, i) => `198.18.${i}.1`);

let namespace: Namespace | undefined;
const running: LineProcess[] = [];
let farm: LineProcess;
let ours: LineProcess;
let shy: LineProcess;
let startedMs = 0;

function start(command: string, ...args: string[]): LineProcess {
  const line = new LineProcess(namespace!.spawn(command, args));
  running.push(line);
  return line;
}

function file(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

function startOurs(...args: string[]): LineProcess {
  return start(process.execPath, '--import', 'tsx', file('our-node.ts'), ...args);
}

function requirePackages(): void {
  try {
    execFileSync('/usr/bin/python3', ['-c', 'import libtorrent, nacl.signing'], { stdio: 'pipe' });
    execFileSync('ip', ['-Version'], { stdio: 'pipe' });
  } catch {
    assert.fail('needs Debian packages: python3-libtorrent python3-nacl iproute2');
  }
  assert.equal(process.getuid?.(), 0, 'needs root, for a network namespace of its own');
}

before(async () => {
  requirePackages();
  namespace = new Namespace([...farmHosts, OURS, OUR_SHY]);
  farm = start('/usr/bin/python3', file('farm.py'), String(FARM_NODES));
  const ready = await farm.ready;
  console.log(`# farm ready after ${ready['ready']} s, tables hold ${String(ready['known'])}`);
  startedMs = performance.now();
  ours = startOurs(OURS, '6881', '198.18.0.1:6881');
  shy = startOurs(OUR_SHY, '6881', '198.18.0.1:6881', 'read-only');
  await Promise.all([ours.ready, shy.ready]);
  console.log(`# our nodes ready after ${Math.round(performance.now() - startedMs)} ms`);
});

after(async () => {
  await Promise.all(running.map((line) => line.stop()));
  removeNamespace();
});

function removeNamespace(): void {
  namespace?.remove();
  namespace = undefined;
}

process.once('exit', removeNamespace);
process.once('SIGTERM', () => process.exit(143));
process.once('SIGINT', () => process.exit(130));

interface Slot {
  readonly seed: string;
  readonly key: string;
  readonly salt: string;
}

function slot(i: number): Slot {
  const seed = randomBytes(32);
  const key = Buffer.from(new SigningKey(new Secret('record', Uint8Array.from(seed))).publicKey);
  const salt = i % 2 === 0 ? '' : randomBytes(1 + (i % 20)).toString('hex');
  return { seed: seed.toString('hex'), key: key.toString('hex'), salt };
}

test('[DHT-20] items we put are read by libtorrent, the newest of three', async () => {
  for (let i = 0; i < KEYS_EACH_WAY; i++) {
    const { seed, key, salt } = slot(i);
    for (let seq = 1; seq <= 3; seq++) {
      const value = randomBytes(760).toString('hex');
      const put = await ours.ask({ do: 'put', seed, salt, seq, value });
      assert.ok(Number(put['stored']) >= 16, `stored on ${put['stored']} nodes`);
      const got = await farm.ask({ do: 'get', node: (i + 11) % FARM_NODES, key, salt });
      assert.deepEqual([got['seq'], got['value']], [seq, value], JSON.stringify(got));
    }
  }
});

test('[DHT-60] items libtorrent puts are read by us, the newest of three', async () => {
  const times: number[] = [];
  for (let i = 0; i < KEYS_EACH_WAY; i++) {
    const { seed, key, salt } = slot(i);
    for (let seq = 1; seq <= 3; seq++) {
      const value = randomBytes(400).toString('hex');
      const node = (3 * i + seq) % FARM_NODES;
      const put = await farm.ask({ do: 'put', node, seed, salt, value });
      assert.ok(Number(put['stored']) >= 1, JSON.stringify(put));
      const got = await shy.ask({ do: 'get', key, salt });
      assert.deepEqual([got['seq'], got['value']], [put['seq'], value], JSON.stringify(got));
      assert.equal(got['authoritative'], true);
      times.push(Number(got['ms']));
    }
  }
  times.sort((a, b) => a - b);
  const [median, slowest] = [times[15]!, times.at(-1)!].map(Math.round);
  console.log(`# our gets: median ${median} ms, slowest ${slowest} ms`);
});

test('[DHT-4] our id fits the address that the others see', async () => {
  const { nodeId, seen } = (await ours.ask({ do: 'stats' })) as {
    nodeId: string;
    seen: { host: string; port: number };
  };
  assert.deepEqual(seen, { host: OURS, port: 6881 });
  assert.ok(isCompliant(fromHex(nodeId)!, OURS));
});

test('[DHT-29] at least ten nodes list us, none lists us when read-only', async () => {
  const { nodeId } = await ours.ask({ do: 'stats' });
  const { nodeId: shyId } = await shy.ask({ do: 'stats' });
  let naming: string[] = [];
  while (naming.length < 10 && performance.now() - startedMs < LISTED_WITHIN_MS) {
    const found = await ours.ask({ do: 'find', target: nodeId, at: farmHosts });
    assert.equal(found['answered'], FARM_NODES);
    naming = found['naming'] as string[];
  }
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  console.log(`# listed by ${naming.length} of ${FARM_NODES} nodes after ${seconds} s`);
  assert.ok(naming.length >= 10, `listed by ${naming.length}`);
  const shyFound = await shy.ask({ do: 'find', target: shyId, at: farmHosts });
  assert.equal(shyFound['answered'], FARM_NODES);
  assert.deepEqual(shyFound['naming'], []);
});
