/**
 * Route of a conversation: how it connects now, who can see what, by which rule, and a test of the
 * way. Every sentence is a promise about the protocol.
 * @module
 */
import type { Conversation, Route } from '@sotto/api/contract.ts';
import { useEffect, useState } from 'react';
import { useClient } from '../../model/context.ts';
import { Thread } from '../../parts/thread.tsx';
import { useText } from '../../text/text.ts';
import { nameIn, shownName } from '../../words/name.ts';
import { routeWords } from '../../words/route.ts';
import style from './details.module.css';
import { Panel } from './panel.tsx';
import { PathTest } from './path-test.tsx';

export function RoutePanel({ conversation }: { readonly conversation: Conversation }) {
  const t = useText();
  const { asking, name, route, state } = conversation;
  const shown = useRoute(conversation);
  const values = { name: nameIn(name) };
  const isOther = route !== 'local';
  return (
    <Panel
      title={t('route.title')}
      name={shownName(name)}
      backTo={`/c/${conversation.conversation}`}
    >
      <section className={style['thread']} aria-label={t('route.now')}>
        <div className={style['ends']}>
          <span className={style['end']}>{t('route.you')}</span>
          <Thread route={route} />
          <bdi className={style['end']}>{shownName(name)}</bdi>
        </div>
        <p className={style['chip']}>{routeWords(t, route, 'chip', name)}</p>
        <p>{routeWords(t, route, 'line', name)}</p>
      </section>
      {state === 'blocked' && <p className={style['note']}>{t('details.blocked')}</p>}
      {asking !== undefined && <p className={style['note']}>{t(`chats.asking.${asking}`)}</p>}
      <section className={style['block']}>
        <h3>{t('route.who-sees')}</h3>
        <p>{routeWords(t, route, 'sees', name)}</p>
      </section>
      {isOther && (
        <section className={style['block']}>
          <h3>{t('route.policy')}</h3>
          <p>
            <strong>{t('route.auto')}</strong>
            <br />
            {t('route.auto.line', values)}
          </p>
          <p className={style['quiet']}>{t('route.promise')}</p>
        </section>
      )}
      {isOther && state !== 'blocked' && <PathTest conversation={conversation} />}
      {shown && isOther && <Technical route={shown} />}
    </Panel>
  );
}

/** Asked again when the route changes. */
function useRoute({ conversation, online, route }: Conversation): Route | undefined {
  const client = useClient();
  const [shown, setShown] = useState<Route>();
  useEffect(() => {
    let wanted = true;
    client.call('route.show', { to: conversation }).then(
      (now) => {
        if (wanted) setShown(now);
      },
      // What is known of the route stands above; this only adds to it.
      () => undefined,
    );
    return () => {
      wanted = false;
    };
  }, [client, conversation, online, route]);
  return shown;
}

function Technical({ route }: { readonly route: Route }) {
  const t = useText();
  const { endpoint, rttMs, transport } = route;
  if (transport === undefined && endpoint === undefined && rttMs === undefined) return null;
  const rows = [
    [t('route.transport'), transport?.toUpperCase()],
    [t('route.endpoint'), endpoint],
    [t('route.rtt'), rttMs === undefined ? undefined : t('route.ms', { ms: Math.round(rttMs) })],
  ] as const;
  return (
    <details className={style['more']}>
      <summary>{t('route.technical')}</summary>
      <dl className={style['facts']}>
        {rows.map(
          ([name, value]) =>
            value !== undefined && (
              <div key={name} className={style['fact']}>
                <dt>{name}</dt>
                <dd dir="ltr">{value}</dd>
              </div>
            ),
        )}
      </dl>
    </details>
  );
}
