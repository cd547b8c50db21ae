/**
 * `profiles list|create`: the identities on this computer, as the running app sees them (CLI-39).
 * @module
 */
import type { Profile } from '@sotto/api/contract.ts';
import type { Session } from '../session.ts';

export async function list({ out, daemon }: Session): Promise<void> {
  const { profiles } = await daemon.call('profiles.list', {});
  if (out.look.mode === 'json') return out.json({ profiles });
  if (out.look.mode === 'plain') {
    for (const profile of profiles) record(out, profile);
    return;
  }
  out.table(
    profiles.map(({ current, hasPassphrase, name, running }) => [
      out.clean(name),
      running ? 'running' : 'not running',
      hasPassphrase ? 'passphrase' : 'no passphrase',
      current ? 'this one' : '',
    ]),
  );
}

export async function create({ out, daemon }: Session, name: string): Promise<void> {
  const profile = await daemon.call('profiles.create', { name });
  if (out.look.mode === 'json') return out.json(profile);
  if (out.look.mode === 'plain') return record(out, profile);
  out.note(
    `There is a profile ${out.clean(profile.name)} now. Its identity is made when it starts.`,
  );
  out.note(`Open it: sotto --profile ${out.clean(profile.name)} open`);
}

function record(out: Session['out'], profile: Profile): void {
  const { current, hasPassphrase, name, port, running } = profile;
  out.record(name, running, port ?? '', hasPassphrase, current);
}
