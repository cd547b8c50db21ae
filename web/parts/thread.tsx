/**
 * The thread: two dots and a line whose shape, not colour, is the route. 40 x 18, lines of 2 px.
 *
 *   lan      two lines            relay, relayed   a diamond in the line
 *   direct   one line             waiting, asked   a stub, then a ring
 *   punched  a line of dashes     proxied-relay    a diamond in the line
 *   proxied  a square in it       local            two dots side by side
 *
 * Always beside its words or with `label`: alone it says nothing to those who do not see it.
 * @module
 */
import type { Way } from '../words/route.ts';
import style from './thread.module.css';

export function Thread({
  route,
  label,
}: {
  readonly route: Way;
  /** Its words, where they do not stand beside it. */
  readonly label?: string | undefined;
}) {
  const said = label === undefined ? { 'aria-hidden': true } : { role: 'img', 'aria-label': label };
  return (
    <svg className={style['thread']} data-route={route} viewBox="0 0 40 18" {...said}>
      {SHAPES[route] ?? waiting}
    </svg>
  );
}

const near = <circle cx="6" cy="9" r="4" className={style['dot']} />;
const far = <circle cx="34" cy="9" r="4" className={style['dot']} />;

const relay = (
  <>
    {near}
    <path d="M10 9H30" />
    <path d="M20 2.5L26.5 9L20 15.5L13.5 9Z" className={style['dot']} />
    {far}
  </>
);

const waiting = (
  <>
    {near}
    <path d="M10 9H20" strokeDasharray="4 2" />
    <circle cx="34" cy="9" r="3" className={style['ring']} />
  </>
);

const SHAPES: Readonly<Record<Way, React.ReactNode>> = {
  lan: (
    <>
      {near}
      <path d="M10 7H30M10 11H30" />
      {far}
    </>
  ),
  direct: (
    <>
      {near}
      <path d="M10 9H30" />
      {far}
    </>
  ),
  punched: (
    <>
      {near}
      <path d="M11.5 9H28.5" strokeDasharray="3.5 3.25" />
      {far}
    </>
  ),
  relay,
  relayed: relay,
  'proxied-relay': relay,
  proxied: (
    <>
      {near}
      <path d="M10 9H15M25 9H30M15 4H25V14H15Z" />
      {far}
    </>
  ),
  waiting,
  asked: waiting,
  local: (
    <>
      <circle cx="15" cy="9" r="4" className={style['dot']} />
      <circle cx="25" cy="9" r="4" className={style['dot']} />
    </>
  ),
};
