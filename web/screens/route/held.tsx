/**
 * Held: why nothing leaves under the rules of a chat, and what a person can do about it. No way out
 * that shows more of us is taken without asking.
 * @module
 */
import type { Route } from '@sotto/api/contract.ts';
import { useEffect, useRef, useState } from 'react';
import { useClient } from '../../model/context.ts';
import { go } from '../../model/place.ts';
import { Button } from '../../parts/button.tsx';
import { ErrorNote } from '../../parts/error-note.tsx';
import { useText } from '../../text/text.ts';
import { heldWords, policyName } from '../../words/route.ts';
import { LooserDialog } from './looser-dialog.tsx';
import style from './route.module.css';
import { usePolicy } from './use-policy.ts';

/** The code of the registry under which the terminal and the log speak of it. */
const CODE = 'E05';

interface Props {
  readonly route: Route;
  readonly name: string;
  /** Of the buttons: in a list of messages only the row that Tab leads to has any. */
  readonly tabIndex?: number | undefined;
  /** It stands where the rule itself can be changed. */
  readonly isByRule?: boolean;
}

export function Held(props: Props) {
  const t = useText();
  const { route, name } = props;
  const { held } = route;
  if (held === undefined) return null;
  return (
    <div className={style['held']}>
      <p dir="auto">
        {heldWords(t, held, route, name)} <span className={style['code']}>{CODE}</span>
      </p>
      {held === 'conflict' ? <Conflict {...props} /> : <NoWay {...props} />}
    </div>
  );
}

function Conflict({ route, name, tabIndex }: Props) {
  const t = useText();
  const choosing = usePolicy(route.conversation);
  const [isKept, setKept] = useState(false);
  const { theirPolicy } = route;
  if (isKept || theirPolicy === undefined) return null;
  return (
    <div className={style['buttons']}>
      <Button tabIndex={tabIndex} onClick={() => choosing.choose(theirPolicy)}>
        {t('route.held.use', { policy: policyName(t, theirPolicy) })}
      </Button>
      <Button kind="quiet" tabIndex={tabIndex} onClick={() => setKept(true)}>
        {t('route.held.keep')}
      </Button>
      {choosing.error && <ErrorNote error={choosing.error} />}
      <LooserDialog choosing={choosing} name={name} />
    </div>
  );
}

function NoWay({ route, tabIndex, isByRule = false }: Props) {
  const t = useText();
  const { again, state } = useAgain(route.conversation);
  return (
    <>
      <div className={style['buttons']}>
        <Button tabIndex={tabIndex} onClick={again}>
          {t(state === 'trying' ? 'route.held.trying' : 'route.held.again')}
        </Button>
        {route.held === 'no-relay' && (
          <Button tabIndex={tabIndex} onClick={() => go('/settings/routes')}>
            {t('route.held.relay')}
          </Button>
        )}
        {!isByRule && (
          <Button
            kind="quiet"
            tabIndex={tabIndex}
            onClick={() => go(`/c/${route.conversation}/route`)}
          >
            {t('route.held.change')}
          </Button>
        )}
      </div>
      <p role="status" className={style['still']}>
        {state === 'still' && t('route.held.still')}
      </p>
    </>
  );
}

/** The doctor calls the person at once; where that helps, what is held goes and this with it. */
function useAgain(to: string) {
  const client = useClient();
  const [state, setState] = useState<'trying' | 'still'>();
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);
  const again = (): void => {
    if (state === 'trying') return;
    const { signal } = (running.current = new AbortController());
    setState('trying');
    const done = (): void => {
      if (!signal.aborted) setState('still');
    };
    client.call('doctor.run', { with: to }, { signal }).then(done, done);
  };
  return { again, state };
}
