/**
 * Greeting: what is said to a proxy before a stream through it is ours. Pure: bytes in, a step out.
 *
 *   begin() -> bytes    handle(bytes) -> more (say this, go on) | open (rest: the stream) | fault
 *
 * A greeting reads no more than it needs, whatever a proxy sends (PRX-9).
 * @module
 */

/**
 * What is wrong, as a person can mend it. unset: no address in the settings. unreachable: nobody
 * answers there. not-a-proxy: what answers speaks something else. password: it wants an account,
 * or not this one. not-allowed: it does not connect to there, by its rules. target: it could not.
 */
export type ProxyFault =
  'unset' | 'unreachable' | 'not-a-proxy' | 'password' | 'not-allowed' | 'target';

export type GreetingStep =
  | { readonly type: 'more'; readonly say?: Uint8Array }
  | { readonly type: 'open'; readonly rest: Uint8Array }
  | { readonly type: 'fault'; readonly fault: ProxyFault };

export interface Greeting {
  /** What is wrong if it says nothing more. */
  readonly silence: ProxyFault;
  begin(): Uint8Array;
  handle(bytes: Uint8Array): GreetingStep;
}
