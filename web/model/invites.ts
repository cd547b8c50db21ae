/**
 * Invites of this profile, as a screen that makes them needs them.
 * @module
 */
import type { ApiErrorBody, Invite } from '@sotto/api/contract.ts';
import { useEffect, useState } from 'react';
import { linkFrom } from '../words/invite-words.ts';
import { useModel } from './context.ts';
import { errorOf } from './failure.ts';
import { useStore } from './store.ts';

export interface Invites {
  /** Those that somebody may still use, the newest first; undefined until they are read. */
  readonly open: readonly Invite[] | undefined;
  readonly error: ApiErrorBody | undefined;
  /** Undefined where it could not be made: `error` says why. */
  readonly make: (wish: InviteWish) => Promise<Invite | undefined>;
  readonly revoke: (invite: Invite) => Promise<boolean>;
}

export interface InviteWish {
  readonly expiresInMs: number;
  readonly reusable: boolean;
}

export function useInvites(): Invites {
  const { client, filled } = useModel();
  const times = useStore(filled);
  const [open, setOpen] = useState<readonly Invite[]>();
  const [error, setError] = useState<ApiErrorBody>();
  const attempt = async <T>(done: () => Promise<T>): Promise<T | undefined> => {
    try {
      setError(undefined);
      return await done();
    } catch (fault) {
      setError(errorOf(fault));
      return undefined;
    }
  };
  const read = async (): Promise<void> => {
    const { invites } = await client.call('invites.list', {});
    setOpen(invites.filter(({ state }) => state === 'open').sort(byNewest));
  };
  useEffect(() => {
    void attempt(read);
    // Not at each change: what is changed here is known here.
  }, [client, times]);
  return {
    open,
    error,
    make: (wish) =>
      attempt(async () => {
        const invite = await client.call('invites.create', wish);
        setOpen((before) => [invite, ...(before ?? [])]);
        return invite;
      }),
    revoke: async ({ invite }) =>
      (await attempt(async () => {
        await client.call('invites.revoke', { invite });
        await read();
        return true;
      })) === true,
  };
}

function byNewest(a: Invite, b: Invite): number {
  return Date.parse(b.createdAt) - Date.parse(a.createdAt);
}

/** The link of an invite with the name of who made it; undefined once it cannot be used. */
export function useInviteLink(): (invite: Invite) => string | undefined {
  const name = String(useModel().settings.value.get('profile.name')?.value ?? '');
  return ({ link }) => (link === undefined ? undefined : linkFrom(link, name));
}
