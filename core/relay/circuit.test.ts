import { expect, test } from 'vitest';
import { Circuit, type CircuitEnd } from './circuit.ts';
import { Flow } from './flow.ts';

test('[RLY-7] each piece is handed on once, though an end has room again while it takes one', () => {
  const got: number[] = [];
  let hasRoom = false;
  const deaf: CircuitEnd = {
    deliver: () => true,
    tellTaken: () => undefined,
    tellClosed: () => undefined,
    forget: () => undefined,
  };
  const eager: CircuitEnd = {
    ...deaf,
    deliver: (bytes) => {
      if (!hasRoom) return false;
      // As a link does that has sent what it had and says so at once.
      circuit.pump(1);
      got.push(bytes[0]!);
      return true;
    },
  };
  const circuit = new Circuit([deaf, eager], [new Flow(), new Flow()], () => undefined);
  circuit.state = 'open';
  for (let i = 1; i <= 5; i++) circuit.handleData(0, new Uint8Array(1_000).fill(i), 0);
  hasRoom = true;
  circuit.pump(1);
  expect(got).toEqual([1, 2, 3, 4, 5]);
  expect(circuit.handleTaken(1, 5_000)).toBe(true);
  expect(circuit.handleTaken(1, 1)).toBe(false);
});

test('[RLY-15] an end that goes while it takes a piece gets no more', () => {
  const got: number[] = [];
  const end = (deliver: CircuitEnd['deliver']): CircuitEnd => ({
    deliver,
    tellTaken: () => undefined,
    tellClosed: () => undefined,
    forget: () => undefined,
  });
  const going = end((bytes) => {
    got.push(bytes[0]!);
    circuit.abort();
    return true;
  });
  const circuit = new Circuit([end(() => true), going], [new Flow(), new Flow()], () => undefined);
  circuit.state = 'open';
  circuit.handleData(0, Uint8Array.of(1), 0);
  expect(got).toEqual([1]);
  circuit.pump(1);
  expect([circuit.state, got]).toEqual(['over', [1]]);
});
