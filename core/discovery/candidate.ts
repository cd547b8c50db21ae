/**
 * A node that a lookup has heard of, and how far it is with it.
 *
 *   new       heard of
 *   asked     a question is under way
 *   slow      it has not answered in the short timeout; it may yet
 *   guide     it has answered a question for a masked target: it showed the way
 *   answered  it has answered a question for the target
 *   failed    it was silent, or refused
 *
 * @module
 */
import type { Endpoint } from '../base/endpoint.ts';
import { isCompliant } from './node-id.ts';

/** DHT-42: how often one node is asked before it fails. */
export const ASKS_MAX = 2;

export type CandidateState = 'new' | 'asked' | 'slow' | 'guide' | 'answered' | 'failed';

export interface Candidate {
  /** Undefined until it answers, for a bootstrap address. */
  id: Uint8Array | undefined;
  readonly endpoint: Endpoint;
  readonly key: string;
  /** Its address and its /24 or /48, where these are public: neither may speak often (DHT-45). */
  readonly voices: Voices | undefined;
  /** DHT-75: the path it belongs to, which is that of whoever first named it. */
  readonly path: number;
  compliant: boolean;
  state: CandidateState;
  /** Does its question, the last or the one under way, name the true target? */
  told: boolean;
  /** It has answered a question for a masked target. */
  guided: boolean;
  /** Of the question under way. */
  asks: number;
  /** How many of the asks went unanswered to the end. */
  silences: number;
  /** What a store on this node needs. */
  token: Uint8Array | undefined;
}

/** How many nodes of an address, or of a network, were asked and have not failed. */
export interface Voice {
  count: number;
}
export interface Voices {
  readonly host: Voice;
  readonly network: Voice;
}

/** A node just heard of. */
export function newCandidate(
  id: Uint8Array | undefined,
  endpoint: Endpoint,
  key: string,
  path: number,
  voices: Voices | undefined,
): Candidate {
  return {
    id,
    endpoint,
    key,
    voices,
    path,
    compliant: id !== undefined && isCompliant(id, endpoint.host),
    state: 'new',
    told: false,
    guided: false,
    asks: 0,
    silences: 0,
    token: undefined,
  };
}

/** May still answer, or may still be asked. */
export function isPending({ state }: Candidate): boolean {
  return state !== 'answered' && state !== 'failed';
}

export function isAskable({ state, asks }: Candidate): boolean {
  return state === 'new' || (state === 'slow' && asks < ASKS_MAX);
}

/** It was asked and has not failed: it speaks for its network. */
export function speaks(state: CandidateState): boolean {
  return state !== 'new' && state !== 'failed';
}

/** DHT-75: no way onwards, for now or for good. */
export function isDeadEnd(state: CandidateState): boolean {
  return state === 'slow' || state === 'failed';
}

export function hasAnswered({ state, guided }: Candidate): boolean {
  return state === 'answered' || (guided && state !== 'failed');
}
