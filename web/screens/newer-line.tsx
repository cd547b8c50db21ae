/**
 * Newer line: another build of the app answers than the one that stands here.
 * @module
 */
import { useStore } from '../model/store.ts';
import { isNewerThere } from '../model/worker.ts';
import { Button } from '../parts/button.tsx';
import { useText } from '../text/text.ts';
import style from './not-running.module.css';

export function NewerLine() {
  const t = useText();
  const isThere = useStore(isNewerThere);
  return (
    <div role="status">
      {isThere && (
        <div className={style['line']}>
          <p>{t('app.newer')}</p>
          <Button onClick={() => location.reload()}>{t('app.newer.load')}</Button>
        </div>
      )}
    </div>
  );
}
