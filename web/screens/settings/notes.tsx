/**
 * Notes below a setting: that it was not saved, that it waits for the next start, or that it was
 * given at the start and cannot be changed here.
 * @module
 */
import { Button } from '../../parts/button.tsx';
import { useText } from '../../text/text.ts';
import style from './settings.module.css';
import type { Setting } from './use-setting.ts';

export function Notes({ setting }: { readonly setting: Setting }) {
  const t = useText();
  const { entry, fault, retry } = setting;
  const source = isGiven(setting) ? entry?.source : undefined;
  return (
    <div className={style['notes']}>
      {source !== undefined && <p>{t('settings.given', { source })}</p>}
      {source === undefined && entry?.restart === true && <p>{t('settings.restart')}</p>}
      <div role="alert" className={style['failed']}>
        {fault !== undefined && (
          <>
            <p dir="auto">
              {t('settings.not-saved')} {fault}
            </p>
            {retry && <Button onClick={retry}>{t('app.retry')}</Button>}
          </>
        )}
      </div>
    </div>
  );
}

/** A flag or the environment wins over what is changed here. */
export function isGiven({ entry }: Setting): boolean {
  return entry?.source === 'flag' || entry?.source === 'environment';
}
