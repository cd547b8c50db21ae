/**
 * Entries of the error registry for the policies of routes: what they keep from being sent, and
 * what a person has to agree to.
 * @module
 */
import type { ErrorEntry } from './errors.ts';

export const ROUTE_ENTRIES = {
  'no-hidden-route': {
    code: 'E05',
    exit: 7,
    retryable: true,
    sentence:
      'Not sent. This chat is set to Hidden IP and no relay answers. ' +
      'Nothing went any other way.',
    hint: 'Waiting; retries by itself. See: sotto status',
  },
  /** A request by ID alone, while nothing hides the IP address. It is stored. */
  'request-held': {
    code: 'E05',
    exit: 7,
    retryable: true,
    sentence:
      'Not sent. Requests by ID go through relays, which hide your IP address, and there is ' +
      'none. Nothing went any other way.',
    hint: 'It waits on this device. See: sotto route show {name}',
  },
  /** The policies of the two have no way in common. */
  'route-conflict': {
    code: 'E05',
    exit: 7,
    retryable: true,
    sentence: '{name} accepts only {theirs} and you chose {ours}, so nothing can be sent.',
    hint: 'It waits on this device. See: sotto route show {name}',
  },
  'not-on-network': {
    code: 'E05',
    exit: 7,
    retryable: true,
    sentence:
      'Not sent. This chat is set to This network only and {name} is not on this network. ' +
      'Nothing went any other way.',
    hint: 'Waiting; retries by itself. See: sotto route show {name}',
  },
  /** The same where the rule is theirs alone. */
  'not-on-network-theirs': {
    code: 'E05',
    exit: 7,
    retryable: true,
    sentence:
      'Not sent. {name} chose This network only and is not on this network. ' +
      'Nothing went any other way.',
    hint: 'Waiting; retries by itself. See: sotto route show {name}',
  },
  'route-looser': {
    code: 'E05',
    exit: 7,
    retryable: false,
    sentence:
      'This asks for a yes first, so nothing was changed: ' +
      '{name} will be able to see your IP address from now on.',
    hint: 'See: sotto route show {name}',
  },
} as const satisfies Record<string, ErrorEntry>;
