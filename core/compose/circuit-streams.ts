/**
 * What connections ask of the part that carries streams through relays.
 * @module
 */
import type { Endpoint } from '../base/endpoint.ts';
import type { Input } from '../effects.ts';
import type { LinksOutput } from '../link/contract.ts';

export type StreamInput = Extract<Input, { stream: number }>;

/** Relays: streams through them in the driver's place, and the links that carry these. */
export interface CircuitStreams {
  open(out: Extract<LinksOutput, { type: 'stream-open' }>): void;
  /** False where the stream is the driver's; so too below. */
  write(stream: number, bytes: Uint8Array): boolean;
  close(stream: number, reset: boolean): boolean;
  handleStream(input: StreamInput): boolean;
  handleDatagram(from: Endpoint, bytes: Uint8Array): boolean;
  handleWake(): void;
  handleTimeout(): void;
  wakeAtMs(): number | undefined;
}
