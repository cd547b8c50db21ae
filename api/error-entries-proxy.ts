/**
 * Entries of the error registry for a way out that a person chose and that does not work. None of
 * them speaks of going past it.
 * @module
 */
import type { ErrorEntry } from './errors.ts';

const SAFE = 'Nothing went past it; messages wait here.';

export const PROXY_ENTRIES = {
  'proxy-unset': {
    code: 'E56',
    exit: 6,
    retryable: true,
    sentence: `A proxy is chosen, but not where it is. ${SAFE}`,
    hint: 'Say where, such as 127.0.0.1:9050: sotto config set proxy.address HOST:PORT',
  },
  'proxy-unreachable': {
    code: 'E56',
    exit: 6,
    retryable: true,
    sentence: `The proxy doesn't answer. ${SAFE}`,
    hint: 'Is it running, and is this right? sotto config get proxy.address',
  },
  'proxy-other-kind': {
    code: 'E56',
    exit: 6,
    retryable: true,
    sentence: `What answers there is no proxy of the kind you chose. ${SAFE}`,
    hint: 'Choose another kind: sotto config set proxy.kind http',
  },
  'proxy-password': {
    code: 'E56',
    exit: 6,
    retryable: true,
    sentence: `The proxy wants a name and a password, or doesn't accept yours. ${SAFE}`,
    hint: 'The name: sotto config set proxy.user NAME   Then: sotto config set proxy.password -',
  },
  'proxy-not-allowed': {
    code: 'E56',
    exit: 6,
    retryable: true,
    sentence: `The proxy refuses to connect; many allow port 443 alone. ${SAFE}`,
    hint: 'Ask who runs it. It keeps trying. See: sotto doctor',
  },
} as const satisfies Record<string, ErrorEntry>;
