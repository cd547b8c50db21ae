/**
 * Rail: where one can go; a bar at the bottom of narrow windows. The mark on Network is the worst
 * state, as a shape.
 * @module
 */
import { CircleUserRound, MessageCircle, Settings, Waypoints } from 'lucide-react';
import type { ReactNode } from 'react';
import { useModel } from '../model/context.ts';
import { go, place } from '../model/place.ts';
import { useStore } from '../model/store.ts';
import { healthOf, type Health } from '../model/verdict.ts';
import { useText } from '../text/text.ts';
import style from './rail.module.css';

export function Rail() {
  const t = useText();
  const model = useModel();
  const status = useStore(model.status);
  const phase = useStore(model.phase);
  const health = healthOf(phase === 'ready' ? status : undefined, useStore(model.verdict));
  return (
    <nav className={style['rail']} aria-label={t('app.rail')} data-region="">
      <RailLink path="/" pages={CHAT_PAGES} icon={<MessageCircle aria-hidden="true" />}>
        {t('app.chats')}
      </RailLink>
      <RailLink
        path="/network"
        pages={['network']}
        icon={<Waypoints aria-hidden="true" />}
        mark={
          <span className={style['mark']} role="img" aria-label={t(`app.network.${health}`)}>
            {MARKS[health]}
          </span>
        }
      >
        {t('app.network')}
      </RailLink>
      <RailLink path="/settings" pages={['settings']} icon={<Settings aria-hidden="true" />}>
        {t('app.settings')}
      </RailLink>
      <RailLink
        path="/profiles"
        pages={['profiles']}
        icon={<CircleUserRound aria-hidden="true" />}
        last
      >
        {t('app.profile')}
      </RailLink>
    </nav>
  );
}

const CHAT_PAGES = ['home', 'conversation', 'add', 'requests', 'search'];
const MARKS: Readonly<Record<Health, string>> = { ok: '●', limited: '◐', offline: '○' };

function RailLink({
  path,
  pages,
  icon,
  mark,
  last = false,
  children,
}: {
  readonly path: string;
  /** Pages on which it is the current one. */
  readonly pages: readonly string[];
  readonly icon: ReactNode;
  /** At the corner of the icon. */
  readonly mark?: ReactNode;
  /** Stands at the end of the rail. */
  readonly last?: boolean;
  readonly children: ReactNode;
}) {
  const current = pages.includes(useStore(place).page);
  return (
    <a
      href={path}
      className={style['link']}
      data-last={last}
      aria-current={current ? 'page' : undefined}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        go(path);
      }}
    >
      {icon}
      <span>{children}</span>
      {mark}
    </a>
  );
}
