/**
 * Settings that are something to do or to know: a page that is elsewhere, the list of keys, saving
 * all settings as a file, signing out browsers, the version.
 * @module
 */
import type { ApiErrorBody } from '@sotto/api/contract.ts';
import { useState } from 'react';
import { useModel } from '../../model/context.ts';
import { errorOf } from '../../model/failure.ts';
import { keyList } from '../../model/keys.ts';
import { go } from '../../model/place.ts';
import { useStorePart } from '../../model/store.ts';
import { Button } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { ErrorNote } from '../../parts/error-note.tsx';
import { useText } from '../../text/text.ts';
import { wholeTime } from '../../words/when.ts';
import { settingsFile } from './export.ts';
import type { ShownItem } from './items.ts';
import style from './settings.module.css';

/** What is done on a page of its own. */
export function Elsewhere({ item, path }: { readonly item: ShownItem; readonly path: string }) {
  const t = useText();
  return (
    <Deed item={item}>
      <Button onClick={() => go(path)}>
        {t('settings.open')} <span className="visually-hidden">{item.title}</span>
      </Button>
    </Deed>
  );
}

export function Shortcuts({ item }: { readonly item: ShownItem }) {
  const t = useText();
  return (
    <Deed item={item}>
      <Button onClick={() => keyList.set(true)}>
        {t('settings.open')} <span className="visually-hidden">{item.title}</span>
      </Button>
    </Deed>
  );
}

export function Dates({ item }: { readonly item: ShownItem }) {
  const t = useText();
  const example = wholeTime(new Date());
  return <Deed item={{ ...item, line: t('settings.dates.line', { example }) }} />;
}

export function Version({ item }: { readonly item: ShownItem }) {
  const version = useStorePart(useModel().status, (status) => status?.version ?? '');
  return <Deed item={{ ...item, line: version }} />;
}

export function Export({ item }: { readonly item: ShownItem }) {
  const t = useText();
  const model = useModel();
  const save = (): void => {
    const text = settingsFile(model.settings.value.values());
    const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
    const link = document.createElement('a');
    link.href = url;
    link.download = 'sotto-settings.json';
    link.click();
    URL.revokeObjectURL(url);
  };
  return (
    <Deed item={item}>
      <Button onClick={save}>{t('settings.export.save')}</Button>
    </Deed>
  );
}

/** After it this page is not let in any more either. */
export function Forget({ item }: { readonly item: ShownItem }) {
  const t = useText();
  const { client } = useModel();
  const [isAsking, setAsking] = useState(false);
  const [error, setError] = useState<ApiErrorBody>();
  const forget = async (): Promise<void> => {
    try {
      await client.call('pages.forget', {});
      location.assign('/');
    } catch (fault) {
      setAsking(false);
      setError(errorOf(fault));
    }
  };
  return (
    <Deed item={item}>
      <Button kind="danger" onClick={() => setAsking(true)}>
        {t('settings.forget.do')}
      </Button>
      {error && <ErrorNote error={error} />}
      {isAsking && (
        <Dialog title={t('settings.forget.confirm')} onClose={() => setAsking(false)}>
          <p>{item.line}</p>
          <div className={style['buttons']}>
            <Button onClick={() => setAsking(false)}>{t('app.cancel')}</Button>
            <Button kind="danger" onClick={() => void forget()}>
              {t('settings.forget.do')}
            </Button>
          </div>
        </Dialog>
      )}
    </Deed>
  );
}

export function Deed({
  item,
  children,
}: {
  readonly item: Pick<ShownItem, 'title' | 'line'>;
  readonly children?: React.ReactNode;
}) {
  return (
    <div className={style['deed']}>
      <div className={style['words']}>
        <h2>{item.title}</h2>
        <p className={style['line']} dir="auto">
          {item.line}
        </p>
      </div>
      {children}
    </div>
  );
}
