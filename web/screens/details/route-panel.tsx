/**
 * Route of a conversation: how it connects now, who can see what, by which rule and since when, and
 * a test of the way. Every sentence is a promise about the protocol.
 * @module
 */
import type { Conversation, Route } from '@sotto/api/contract.ts';
import { useRef } from 'react';
import { Button } from '../../parts/button.tsx';
import { Thread } from '../../parts/thread.tsx';
import { useText } from '../../text/text.ts';
import { shownName } from '../../words/name.ts';
import {
  changeWords,
  isUnneeded,
  routeWords,
  seesWords,
  wayOf,
  type Way,
} from '../../words/route.ts';
import { wholeTime } from '../../words/when.ts';
import { Held } from '../route/held.tsx';
import { PolicyPicker } from '../route/policy-picker.tsx';
import style from './details.module.css';
import { Panel } from './panel.tsx';
import { PathTest, type Tester } from './path-test.tsx';

interface Props {
  readonly conversation: Conversation;
  /** What only the daemon knows; undefined until it has said it. */
  readonly shown: Route | undefined;
}

export function RoutePanel({ conversation, shown }: Props) {
  const t = useText();
  const { asking, name, state } = conversation;
  const way = wayOf(conversation, shown);
  const tester = useRef<Tester>(null);
  const isOther = way !== 'local';
  return (
    <Panel
      title={t('route.title')}
      name={shownName(name)}
      backTo={`/c/${conversation.conversation}`}
    >
      <Now way={way} name={name} />
      {isUnneeded(way, shown) && (
        <div className={style['unneeded']}>
          <p>{t('route.unneeded')}</p>
          <Button onClick={() => tester.current?.test()}>{t('route.unneeded.why')}</Button>
        </div>
      )}
      {shown?.held !== undefined && <Held key={shown.held} route={shown} name={name} isByRule />}
      {state === 'blocked' && <p className={style['note']}>{t('details.blocked')}</p>}
      {asking !== undefined && <p className={style['note']}>{t(`chats.asking.${asking}`)}</p>}
      {isOther && <PolicyPicker conversation={conversation} shown={shown} />}
      <section className={style['block']}>
        <h3>{t('route.who-sees')}</h3>
        {seesWords(t, way, name, shown).map((said) => (
          <p key={said}>{said}</p>
        ))}
      </section>
      {isOther && state !== 'blocked' && <PathTest ref={tester} conversation={conversation} />}
      {shown && isOther && <History route={shown} name={name} />}
      {shown && isOther && <Technical route={shown} />}
    </Panel>
  );
}

function Now({ way, name }: { readonly way: Way; readonly name: string }) {
  const t = useText();
  return (
    <section className={style['thread']} aria-label={t('route.now')}>
      <div className={style['ends']}>
        <span className={style['end']}>{t('route.you')}</span>
        <Thread route={way} />
        <bdi className={style['end']}>{shownName(name)}</bdi>
      </div>
      <p className={style['chip']}>{routeWords(t, way, 'chip', name)}</p>
      <p>{routeWords(t, way, 'line', name)}</p>
    </section>
  );
}

/** Of the rule, the newest change first; the route itself comes and goes. */
function History({ route, name }: { readonly route: Route; readonly name: string }) {
  const t = useText();
  return (
    <details className={style['more']}>
      <summary>{t('route.history')}</summary>
      {route.changes.length === 0 && <p>{t('route.history.none')}</p>}
      <ol className={style['changes']}>
        {route.changes.toReversed().map((change, i) => (
          <li key={i}>
            {changeWords(t, change, name)}
            <time dateTime={change.at}>{wholeTime(new Date(change.at))}</time>
          </li>
        ))}
      </ol>
    </details>
  );
}

function Technical({ route }: { readonly route: Route }) {
  const t = useText();
  const { endpoint, hops, hopsAtLeast, rttMs, transport } = route;
  const many = hopsAtLeast === true ? 'route.hops.at-least' : 'route.hops.count';
  if (transport === undefined && endpoint === undefined && rttMs === undefined) return null;
  const rows = [
    [t('route.transport'), transport?.toUpperCase()],
    [t('route.endpoint'), endpoint],
    [t('route.rtt'), rttMs === undefined ? undefined : t('route.ms', { ms: Math.round(rttMs) })],
    [t('route.hops'), hops === 0 ? undefined : t(many, { count: hops })],
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
