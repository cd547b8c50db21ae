/**
 * English: the network doctor.
 * @module
 */
export const NETWORK = {
  'network.title': 'Network',
} as const;
