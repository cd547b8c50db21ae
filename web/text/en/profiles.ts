/**
 * English: profiles and lock.
 * @module
 */
export const PROFILES = {
  'profiles.title': 'Profiles and lock',
} as const;
