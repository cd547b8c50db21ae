/**
 * The table of docs/BENCHMARKS.md: what was measured, ours beside theirs, wins and losses alike.
 * @module
 */
import type { StartFigures } from '../lab/bars/a7-start.ts';
import { quantile } from '../lab/bars/bar.ts';
import type { ItemFigures } from './items.ts';
import type { MeetingFigures } from './meetings.ts';
import type { PipeFigures } from './pipes.ts';
import { DEAD, DELAY_MS, NODES } from './place.ts';

export interface Figures {
  readonly items: ItemFigures;
  readonly meetings: MeetingFigures;
  readonly pipes: PipeFigures;
  readonly starts: StartFigures;
  readonly machine: {
    readonly date: string;
    readonly processors: string;
    readonly system: string;
    readonly rivals: readonly string[];
    /** Before, between and after the parts. */
    readonly loads: readonly string[];
  };
}

interface Row {
  readonly what: string;
  readonly rival: string;
  readonly ours: readonly number[];
  readonly theirs: readonly number[];
  readonly unit: string;
  readonly more?: 'is better';
}

export function figuresTable(
  { items, meetings, pipes, starts }: Omit<Figures, 'machine'>,
  machine: Figures['machine'],
): string {
  const { moved, remembered } = meetings;
  const hyperdht = { rival: 'hyperdht', unit: 'ms' };
  const libtorrent = { rival: 'libtorrent', unit: 'ms' };
  const inLab: Row[] = [
    { what: 'contact without a valid address → link', ...hyperdht, ...sides(moved) },
    { what: 'remembered address → link', ...hyperdht, ...sides(remembered) },
    {
      what: 'item of BEP 44: first valid one',
      ...libtorrent,
      ours: items.ours.firstMs,
      theirs: items.libtorrent.firstMs,
    },
    {
      what: 'item of BEP 44: authoritative one',
      ...libtorrent,
      ours: items.ours.sureMs,
      theirs: items.libtorrent.sureMs,
    },
  ];
  const { hyperdht: their, ours } = pipes;
  const onLoopback: Row[] = [
    {
      what: 'start of the program → contact online',
      rival: 'toxcore',
      ours: starts.ours,
      theirs: starts.toxcore,
      unit: 'ms',
    },
    { what: 'connect → link', ...hyperdht, ours: ours.connectMs, theirs: their.connectMs },
    {
      what: 'processor time of both ends for one link',
      ...hyperdht,
      ours: ours.cpuMs,
      theirs: their.cpuMs,
    },
    { what: '64 bytes there and back', ...hyperdht, ours: ours.tripMs, theirs: their.tripMs },
    {
      what: 'one way',
      rival: 'hyperdht',
      unit: 'MiB/s',
      more: 'is better',
      ours: ours.mibPerS,
      theirs: their.mibPerS,
    },
  ];
  const missed = `ours ${items.ours.missed}, libtorrent ${items.libtorrent.missed}`;
  return [
    `${machine.date}; ${machine.processors}; ${machine.system}; ${machine.rivals.join(', ')}.`,
    `Load of the machine before, between and after the parts: ${machine.loads.join(', ')}.`,
    '',
    `In the lab: ${DELAY_MS} ms each way, DHTs of ${NODES} nodes, ${DEAD} of them dead.`,
    '',
    ...tableOf(inLab),
    '',
    `Items whose newest was not read, of ${items.ours.sureMs.length}: ${missed}.`,
    '',
    'On loopback:',
    '',
    ...tableOf(onLoopback),
  ].join('\n');
}

function sides({ hyperdht, ours }: { ours: number[]; hyperdht: number[] }): {
  ours: number[];
  theirs: number[];
} {
  return { ours, theirs: hyperdht };
}

function tableOf(rows: readonly Row[]): string[] {
  const head = '| what | n | ours: median | p95 | theirs | median | p95 | medians |';
  return [head, '| --- | --- | --- | --- | --- | --- | --- | --- |', ...rows.map(rowText)];
}

function rowText({ more, ours, rival, theirs, unit, what }: Row): string {
  const text = (value: number): string => `${value.toFixed(value < 10 ? 2 : 1)} ${unit}`;
  const both = (values: readonly number[]): string => {
    // Of what should be large, the tail is at the low end.
    const tail = quantile(values, more ? 0.05 : 0.95);
    return `${text(quantile(values, 0.5))} | ${text(tail)}`;
  };
  const [our, their] = [quantile(ours, 0.5), quantile(theirs, 0.5)];
  const isWon = more ? our >= their : our <= their;
  const ratio = Math.max(our / their, their / our).toFixed(2);
  const verdict = isWon ? `${ratio} × better` : `${ratio} × worse`;
  const count =
    ours.length === theirs.length ? `${ours.length}` : `${ours.length}, ${theirs.length}`;
  return `| ${what} | ${count} | ${both(ours)} | ${rival} | ${both(theirs)} | ${verdict} |`;
}
