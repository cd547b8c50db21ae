/**
 * Details of a person: how they are connected, the safety number, their ID, and what can be done.
 * What the list knows stands at once; the rest fills in.
 * @module
 */
import type { ApiErrorBody, Contact, Conversation, Route } from '@sotto/api/contract.ts';
import { BadgeCheck } from 'lucide-react';
import { useCallback, useEffect, useState, type ReactNode } from 'react';
import { useModel } from '../../model/context.ts';
import { errorOf } from '../../model/failure.ts';
import { go } from '../../model/place.ts';
import { useStore } from '../../model/store.ts';
import { Avatar } from '../../parts/avatar.tsx';
import { Button } from '../../parts/button.tsx';
import { CopyButton } from '../../parts/copy-button.tsx';
import { IdText } from '../../parts/id-text.tsx';
import { LookAlikeLine } from '../../parts/look-alike.tsx';
import { PageLink } from '../../parts/page-link.tsx';
import { Thread } from '../../parts/thread.tsx';
import { useText } from '../../text/text.ts';
import { shownName } from '../../words/name.ts';
import { policyName, routeWords, seesWords, wayOf } from '../../words/route.ts';
import { wholeDay, wholeTime } from '../../words/when.ts';
import style from './details.module.css';
import { Panel } from './panel.tsx';
import { PersonDialog, type PersonAct } from './person-dialog.tsx';

export function DetailsPanel({
  conversation,
  shown,
}: {
  readonly conversation: Conversation;
  /** What only the daemon knows of the route. */
  readonly shown: Route | undefined;
}) {
  const t = useText();
  const { name, id, verifiedAt } = conversation;
  const [asked, setAsked] = useState<PersonAct>();
  const path = `/c/${conversation.conversation}`;
  return (
    <Panel title={t('details.title')} name={shownName(name)} backTo={path}>
      <div className={style['top']}>
        <Avatar name={name} id={id} />
        <h3 className={style['name']}>
          <bdi>{shownName(name)}</bdi>
          {verifiedAt !== undefined && (
            <BadgeCheck role="img" aria-label={t('app.verified')} className={style['verified']} />
          )}
        </h3>
        <Button kind="primary" onClick={() => go(path)}>
          {t('details.message')}
        </Button>
      </div>
      <LookAlikeLine person={conversation} />
      <RouteBlock conversation={conversation} shown={shown} path={path} />
      <SafetyBlock verifiedAt={verifiedAt} path={path} />
      <Facts conversation={conversation} />
      <section className={style['block']}>
        <h4>{t('details.id')}</h4>
        <IdText id={id} />
        <div>
          <CopyButton text={id}>{t('details.id.copy')}</CopyButton>
        </div>
      </section>
      <Acts conversation={conversation} onAct={setAsked} />
      {asked && (
        <PersonDialog act={asked} conversation={conversation} onClose={() => setAsked(undefined)} />
      )}
    </Panel>
  );
}

interface Part {
  readonly conversation: Conversation;
}

function RouteBlock({
  conversation,
  shown,
  path,
}: Part & { readonly shown: Route | undefined; readonly path: string }) {
  const t = useText();
  const { name, policy, route } = conversation;
  const way = wayOf(conversation, shown);
  return (
    <section className={style['block']}>
      <h4>{t('details.route')}</h4>
      <p className={style['route']}>
        <Thread route={way} />
        <strong>{routeWords(t, way, 'chip', name)}</strong>
      </p>
      {seesWords(t, way, name, shown).map((said) => (
        <p key={said}>{said}</p>
      ))}
      {route !== 'local' && <p>{t('details.policy', { policy: policyName(t, policy) })}</p>}
      <PageLink path={`${path}/route`}>{t('details.route.more')}</PageLink>
    </section>
  );
}

function SafetyBlock({
  verifiedAt,
  path,
}: {
  readonly verifiedAt: string | undefined;
  readonly path: string;
}) {
  const t = useText();
  return (
    <section className={style['block']}>
      <h4>{t('verify.title')}</h4>
      <p>
        {verifiedAt === undefined
          ? t('verify.not-yet')
          : t('verify.on', { day: wholeDay(new Date(verifiedAt)) })}
      </p>
      <PageLink path={`${path}/verify`}>
        {t(verifiedAt === undefined ? 'details.compare' : 'details.see-number')}
      </PageLink>
    </section>
  );
}

/** What only the daemon knows: asked again when the link comes or goes, and the app is back. */
function useContact({ conversation, online, state }: Conversation) {
  const { client, filled } = useModel();
  const times = useStore(filled);
  const [contact, setContact] = useState<Contact>();
  const [error, setError] = useState<ApiErrorBody>();
  const load = useCallback(() => {
    let wanted = true;
    client.call('contacts.show', { to: conversation }).then(
      (shown) => {
        if (!wanted) return;
        setContact(shown);
        setError(undefined);
      },
      (fault: unknown) => {
        if (wanted) setError(errorOf(fault));
      },
    );
    return () => {
      wanted = false;
    };
  }, [client, conversation]);
  useEffect(load, [load, online, state, times]);
  return { contact, error, load };
}

function Facts({ conversation }: Part) {
  const t = useText();
  const { contact, error, load } = useContact(conversation);
  if (error && !contact) {
    return (
      <div className={style['block']} role="alert">
        <p>{t('details.failed')}</p>
        <div>
          <Button onClick={load}>{t('app.retry')}</Button>
        </div>
      </div>
    );
  }
  const { online, waiting, route } = conversation;
  const seen = contact?.lastSeenAt;
  return (
    <dl className={style['facts']}>
      {route !== 'local' && (
        <Fact name={t('details.linked')}>
          {online
            ? t('details.linked.now')
            : contact &&
              (seen === undefined
                ? t('details.linked.never')
                : t('details.linked.last', { time: wholeTime(new Date(seen)) }))}
        </Fact>
      )}
      <Fact name={t('details.devices')}>
        {contact && t('details.devices.count', { count: contact.devices })}
      </Fact>
      <Fact name={t('details.waiting')}>{t('details.waiting.count', { count: waiting })}</Fact>
    </dl>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div className={style['fact']}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Acts({ conversation, onAct }: Part & { readonly onAct: (act: PersonAct) => void }) {
  const t = useText();
  const isBlocked = conversation.state === 'blocked';
  return (
    <section className={style['acts']} aria-label={t('details.acts')}>
      {isBlocked && <p>{t('details.blocked')}</p>}
      <Button onClick={() => onAct('rename')}>{t('person.rename')}</Button>
      {isBlocked ? (
        <Button onClick={() => onAct('unblock')}>{t('person.unblock')}</Button>
      ) : (
        <Button kind="danger" onClick={() => onAct('block')}>
          {t('person.block')}
        </Button>
      )}
      <Button kind="danger" onClick={() => onAct('remove')}>
        {t('person.remove')}
      </Button>
    </section>
  );
}
