/**
 * Open invites: those that somebody may still use, each to be copied once more or withdrawn.
 * @module
 */
import type { Invite } from '@sotto/api/contract.ts';
import { useId } from 'react';
import { useInviteLink, type Invites } from '../../model/invites.ts';
import { announce } from '../../parts/announcer.tsx';
import { Button } from '../../parts/button.tsx';
import { CopyButton } from '../../parts/copy-button.tsx';
import { useText } from '../../text/text.ts';
import style from './add.module.css';

export function OpenInvites({ invites }: { readonly invites: Invites }) {
  const t = useText();
  if (invites.open === undefined) return null;
  return (
    <section className={style['open']}>
      <h3>{t('invite.list')}</h3>
      {invites.open.length === 0 ? (
        <p className={style['more']}>{t('invite.list.none')}</p>
      ) : (
        <ul>
          {invites.open.map((invite) => (
            <Row key={invite.invite} invite={invite} invites={invites} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Row({ invite, invites }: { readonly invite: Invite; readonly invites: Invites }) {
  const t = useText();
  const link = useInviteLink()(invite);
  const until = new Date(invite.expiresAt);
  const id = useId();
  const revoke = async (): Promise<void> => {
    if (await invites.revoke(invite)) announce(t('invite.revoked'));
  };
  return (
    <li className={style['row']}>
      <p id={id}>
        {invite.reusable
          ? t('invite.list.reusable', { until, used: invite.usedBy.length })
          : t('invite.list.once', { until })}
        <span className={style['more']}>
          {t('invite.list.made', { made: new Date(invite.createdAt) })}
        </span>
      </p>
      <div className={style['buttons']} role="group" aria-labelledby={id}>
        {link !== undefined && (
          <CopyButton kind="quiet" text={t('invite.text', { link })}>
            {t('app.copy')}
          </CopyButton>
        )}
        <Button kind="quiet" onClick={() => void revoke()}>
          {t('invite.revoke')}
        </Button>
      </div>
    </li>
  );
}
