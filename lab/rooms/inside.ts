/**
 * A daemon's API for those outside its room: JSON lines in, JSON lines out (see line-process.ts).
 *
 *   {"id": 1, "method": "stats.get", "params": {}}   ->  {"id": 1, "data": {...}} or "error"
 *   {"id": 2, "talk": {"to": "Bo", "count": 50, "everyMs": 200}}
 *       sends so many messages; {"id": 2, "ms": [...], "lost": 0} once all are delivered or late
 *
 *   {"id": 3, "reach": "contacts.unblock", "params": {"to": "Bo"}}
 *       calls a method that leads to a link; {"id": 3, "ms": 180} once some contact is linked
 *
 *   {"id": 4, "flow": {"to": "Bo", "everyMs": 40}}
 *       sends a message each time until {"id": 5, "flow": null}, answered by how many it were
 *   {"id": 6, "arrivals": true}
 *       {"id": 6, "arrivals": [{"text": "number 0", "atMs": 81200.3}, ...]}: what came since the
 *       start, by the clock that all processes of this machine share
 *
 * `ms` of a talk counts from the call until the recipient's receipt that it is stored. Events of
 * the kind `route` are kept and told by {"id": 4, "routes": true}.
 * @module
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ApiFile, Method } from '@sotto/api/contract.ts';
import { API_FILE } from '@sotto/api/wire.ts';
import { Calls, Events, freshId } from '../bars/a7-daemon.ts';
import { answerLines } from '../dht/line-program.ts';

const LATE_MS = 30_000;

interface Talk {
  readonly to: string;
  readonly count: number;
  readonly everyMs: number;
}

interface Ask {
  readonly id: number;
  readonly method?: Method;
  readonly params?: unknown;
  readonly talk?: Talk;
  readonly reach?: Method;
  readonly routes?: true;
  readonly flow?: Omit<Talk, 'count'> | null;
  readonly arrivals?: true;
}

/** A message that somebody else wrote, and when this device told of it. */
export interface Arrival {
  readonly text: string;
  readonly atMs: number;
}

const api = JSON.parse(readFileSync(join(process.argv[2]!, API_FILE), 'utf8')) as ApiFile;
let calls = new Calls(api);
const routes: string[] = [];
const arrivals: Arrival[] = [];
/** Ends the messages that leave one after the other; tells how many they were. */
let endFlow: (() => Promise<number>) | undefined;
const waiting = new Map<string, () => void>();
const early = new Set<string>();
let reached: (() => void) | undefined;
const events = new Events(api, (event) => {
  if (event.type === 'route') {
    routes.push(event.data.route);
    if (event.data.route !== 'waiting') reached?.();
  }
  if (event.type === 'message' && !event.data.outgoing) {
    arrivals.push({ text: event.data.text, atMs: Number(process.hrtime.bigint()) / 1e6 });
  }
  if (event.type !== 'state' || event.data.state !== 'delivered') return;
  const told = waiting.get(event.data.event);
  if (told) told();
  else early.add(event.data.event);
});
await events.standing;
await answerLines(answer);
events.close();
calls.close();

async function answer(ask: Ask): Promise<object> {
  const { flow, method, params, reach, talk } = ask;
  if (ask.routes) return { routes };
  if (ask.arrivals) return { arrivals };
  if (flow === null) return { sent: await endFlow?.() };
  if (flow) return beginFlow(flow);
  if (talk) return await talkTo(talk);
  if (calls.isClosed) calls = new Calls(api);
  if (reach) return await reachBy(reach, params);
  return { data: await calls.call(method!, params as never) };
}

async function reachBy(method: Method, params: unknown): Promise<object> {
  await calls.call('status.get', {}); // so that the connection stands before it is timed
  const startedMs = performance.now();
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve, reject) => {
    timer = setTimeout(() => reject(new Error('not linked in time')), LATE_MS);
    reached = resolve;
    calls.call(method, params as never).catch(reject);
  });
  clearTimeout(timer);
  return { ms: performance.now() - startedMs };
}

async function talkTo({ count, everyMs, to }: Talk): Promise<object> {
  const ms: number[] = [];
  let lost = 0;
  const one = async (number: number): Promise<void> => {
    const startedMs = performance.now();
    if (calls.isClosed) calls = new Calls(api);
    const text = `number ${number}`;
    const sent = await calls.call('messages.send', { to, text, clientId: freshId() });
    if (await delivered(sent.event)) ms.push(performance.now() - startedMs);
    else lost++;
  };
  const all: Promise<void>[] = [];
  for (let i = 0; i < count; i++) {
    all.push(one(i));
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  await Promise.all(all);
  return { ms, lost };
}

function beginFlow({ everyMs, to }: Omit<Talk, 'count'>): object {
  const sent: Promise<unknown>[] = [];
  const timer = setInterval(() => {
    if (calls.isClosed) calls = new Calls(api);
    const text = `number ${sent.length}`;
    sent.push(calls.call('messages.send', { to, text, clientId: freshId() }));
  }, everyMs);
  endFlow = async () => {
    clearInterval(timer);
    await Promise.all(sent);
    return sent.length;
  };
  return {};
}

function delivered(event: string): Promise<boolean> {
  if (early.delete(event)) return Promise.resolve(true);
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), LATE_MS);
    waiting.set(event, () => {
      clearTimeout(timer);
      waiting.delete(event);
      resolve(true);
    });
  });
}
