/**
 * English: details of a person, and the safety number.
 * @module
 */
export const DETAILS = {
  'details.title': 'Details',
  'verify.title': 'Safety number',
} as const;
