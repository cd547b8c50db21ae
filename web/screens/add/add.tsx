/**
 * Add: a person, by whatever they sent; and beside it what to send to a person.
 * @module
 */
import { handed } from '../../model/handed.ts';
import { useInvites } from '../../model/invites.ts';
import { useStore } from '../../model/store.ts';
import { Page } from '../../parts/page.tsx';
import { useText } from '../../text/text.ts';
import style from './add.module.css';
import { MyId, MyInvite } from './my-invite.tsx';
import { OpenInvites } from './open-invites.tsx';
import { TheirInvite } from './their-invite.tsx';

/** @param invite opened together with the app. */
export default function Add({ invite }: { readonly invite: string | undefined }) {
  const t = useText();
  const invites = useInvites();
  const given = useStore(handed) ?? invite;
  return (
    <Page title={t('add.title')} back="/">
      <div className={style['sides']}>
        <section className={style['side']}>
          <h2>{t('add.theirs')}</h2>
          <TheirInvite initial={given} autoFocus />
        </section>
        <section className={style['side']}>
          <h2>{t('add.mine')}</h2>
          <MyInvite invites={invites} />
          <MyId />
          <OpenInvites invites={invites} />
        </section>
      </div>
    </Page>
  );
}
