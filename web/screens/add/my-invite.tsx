/**
 * My invite: a link that is made when it is wanted, as text and as a QR code. An invite for one
 * person is never handed out twice by showing an old one.
 * @module
 */
import type { Invite } from '@sotto/api/contract.ts';
import { QrCode as QrIcon } from 'lucide-react';
import { useId, useState } from 'react';
import { useModel } from '../../model/context.ts';
import { useInviteLink, type Invites } from '../../model/invites.ts';
import { useStorePart } from '../../model/store.ts';
import { Button } from '../../parts/button.tsx';
import { Choice } from '../../parts/choice.tsx';
import { CopyButton } from '../../parts/copy-button.tsx';
import { ErrorNote } from '../../parts/error-note.tsx';
import { SelectField } from '../../parts/field.tsx';
import { QrCode } from '../../parts/qr-code.tsx';
import { useText, type TextKey } from '../../text/text.ts';
import style from './add.module.css';

const HOUR_MS = 3_600_000;
const EXPIRES: Readonly<Record<string, { readonly ms: number; readonly label: TextKey }>> = {
  hour: { ms: HOUR_MS, label: 'invite.expires.hour' },
  day: { ms: 24 * HOUR_MS, label: 'invite.expires.day' },
  week: { ms: 7 * 24 * HOUR_MS, label: 'invite.expires.week' },
  month: { ms: 30 * 24 * HOUR_MS, label: 'invite.expires.month' },
};

export function MyInvite({
  invites,
  isMain = false,
}: {
  readonly invites: Invites;
  /** What the page is for: the button says so. */
  readonly isMain?: boolean;
}) {
  const t = useText();
  const linkOf = useInviteLink();
  const [shown, setShown] = useState<Invite>();
  const [expires, setExpires] = useState('week');
  const [reusable, setReusable] = useState(false);
  const link = shown && linkOf(shown);
  const make = async (): Promise<string | undefined> => {
    const known = shown && linkOf(shown);
    if (known !== undefined) return t('invite.text', { link: known });
    const made = await invites.make({ expiresInMs: EXPIRES[expires]!.ms, reusable });
    setShown(made);
    const fresh = made && linkOf(made);
    return fresh === undefined ? undefined : t('invite.text', { link: fresh });
  };
  return (
    <div className={style['mine']}>
      {shown && link !== undefined ? (
        <Shown invite={shown} link={link} />
      ) : (
        <Wishes {...{ expires, setExpires, reusable, setReusable }} />
      )}
      <div className={style['buttons']}>
        <CopyButton kind={isMain ? 'primary' : 'plain'} text={make}>
          {t('invite.make')}
        </CopyButton>
        {shown ? (
          <Button onClick={() => setShown(undefined)}>{t('invite.new')}</Button>
        ) : (
          <Button onClick={() => void make()}>
            <QrIcon aria-hidden="true" />
            {t('invite.show')}
          </Button>
        )}
      </div>
      {invites.error && <ErrorNote error={invites.error} />}
    </div>
  );
}

function Wishes({
  expires,
  setExpires,
  reusable,
  setReusable,
}: {
  readonly expires: string;
  readonly setExpires: (expires: string) => void;
  readonly reusable: boolean;
  readonly setReusable: (reusable: boolean) => void;
}) {
  const t = useText();
  return (
    <>
      <Choice
        legend={t('invite.uses')}
        value={reusable ? 'reusable' : 'once'}
        options={[
          { value: 'once', label: t('invite.once') },
          { value: 'reusable', label: t('invite.reusable') },
        ]}
        onChoose={(value) => setReusable(value === 'reusable')}
        inline
      />
      <SelectField
        label={t('invite.expires')}
        value={expires}
        onChange={(event) => setExpires(event.target.value)}
      >
        {Object.entries(EXPIRES).map(([name, { label }]) => (
          <option key={name} value={name}>
            {t(label)}
          </option>
        ))}
      </SelectField>
    </>
  );
}

function Shown({ invite, link }: { readonly invite: Invite; readonly link: string }) {
  const t = useText();
  const until = new Date(invite.expiresAt);
  const id = useId();
  return (
    <div className={style['shown']}>
      <QrCode text={link} label={t('invite.qr')} />
      <div className={style['words']}>
        <p role="status">
          {t(invite.reusable ? 'invite.reusable.line' : 'invite.once.line', { until })}
        </p>
        <p className={style['more']}>{t('invite.secret')}</p>
        <label htmlFor={id} className={style['more']}>
          {t('invite.link')}
        </label>
        <textarea
          id={id}
          className={style['link']}
          readOnly
          rows={5}
          dir="ltr"
          value={link}
          onFocus={(event) => event.target.select()}
        />
      </div>
    </div>
  );
}

/** The ID, whole: a part of it is of no use. */
export function MyId() {
  const t = useText();
  const id = useStorePart(useModel().status, (status) => status?.id ?? '');
  return (
    <div className={style['id']}>
      <h3>{t('invite.id')}</h3>
      <code className={style['id-text']} dir="ltr">
        {id}
      </code>
      <p className={style['more']}>{t('invite.id.line')}</p>
      <CopyButton text={id}>{t('invite.copy.id')}</CopyButton>
    </div>
  );
}
