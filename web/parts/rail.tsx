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
import { useText, type TextKey } from '../text/text.ts';
import style from './rail.module.css';

export function Rail() {
  const t = useText();
  const model = useModel();
  const status = useStore(model.status);
  const phase = useStore(model.phase);
  const online = phase === 'ready' && status?.online === true;
  const network: TextKey = !online
    ? 'app.network.offline'
    : status.helpers > 0
      ? 'app.network.ok'
      : 'app.network.limited';
  return (
    <nav className={style['rail']} aria-label={t('app.rail')} data-region="">
      <RailLink path="/" pages={CHAT_PAGES} icon={<MessageCircle />}>
        {t('app.chats')}
      </RailLink>
      <RailLink path="/network" pages={['network']} icon={<Waypoints />}>
        {t('app.network')}
        <span className={style['mark']} role="img" aria-label={t(network)}>
          {MARKS[network]}
        </span>
      </RailLink>
      <RailLink path="/settings" pages={['settings']} icon={<Settings />}>
        {t('app.settings')}
      </RailLink>
      <RailLink path="/profiles" pages={['profiles']} icon={<CircleUserRound />} last>
        {t('app.profile')}
      </RailLink>
    </nav>
  );
}

const CHAT_PAGES = ['home', 'conversation', 'add', 'requests', 'search'];
const MARKS: Readonly<Record<string, string>> = {
  'app.network.ok': '●',
  'app.network.limited': '◐',
  'app.network.offline': '○',
};

function RailLink({
  path,
  pages,
  icon,
  last = false,
  children,
}: {
  readonly path: string;
  /** Pages on which it is the current one. */
  readonly pages: readonly string[];
  readonly icon: ReactNode;
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
      <span className={style['label']}>{children}</span>
    </a>
  );
}
