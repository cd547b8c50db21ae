/**
 * The list of keys, in a dialog: Mod+/.
 * @module
 */
import { Fragment } from 'react';
import { keyList, modName } from '../../model/keys.ts';
import { useStore } from '../../model/store.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { useText, type TextKey } from '../../text/text.ts';
import style from './key-list.module.css';

/** Keys as they are printed on a keyboard; `Mod` is named by the system. */
type Keys = readonly (readonly string[])[];
interface Group {
  readonly title: TextKey;
  readonly rows: readonly (readonly [Keys, TextKey])[];
}

const GROUPS: readonly Group[] = [
  {
    title: 'keys.anywhere',
    rows: [
      [[['Mod', 'K']], 'keys.find'],
      [[['Alt', '↑'], ['Alt', '↓']], 'keys.chat'],
      [[['Alt', 'Shift', '↑'], ['Alt', 'Shift', '↓']], 'keys.unread'],
      [[['F6'], ['Shift', 'F6']], 'keys.region'],
      [[['Mod', 'F']], 'keys.find-in-chat'],
      [[['Mod', ';']], 'keys.route'],
      [[['Mod', "'"]], 'keys.details'],
      [[['Mod', '/']], 'keys.list'],
      [[['Esc']], 'keys.escape'],
    ],
  },
  {
    title: 'keys.lists',
    rows: [
      [[['↑'], ['↓']], 'keys.walk'],
      [[['Home'], ['End']], 'keys.ends'],
      [[['Enter']], 'keys.open'],
      [[['Shift', 'F10'], ['Menu']], 'keys.actions'],
    ],
  },
]; // prettier-ignore

export function KeyList() {
  const t = useText();
  if (!useStore(keyList)) return null;
  const mod = modName(t);
  return (
    <Dialog title={t('keys.title')} onClose={() => keyList.set(false)}>
      {GROUPS.map(({ title, rows }) => (
        <section key={title} className={style['group']}>
          <h3>{t(title)}</h3>
          <dl className={style['rows']}>
            {rows.map(([keys, does]) => (
              <Fragment key={does}>
                <dt className={style['keys']}>
                  {keys.map((together) => (
                    <kbd key={together.join()} className={style['key']} dir="ltr">
                      {together.map((key) => (key === 'Mod' ? mod : key)).join(' + ')}
                    </kbd>
                  ))}
                </dt>
                <dd>{t(does)}</dd>
              </Fragment>
            ))}
          </dl>
        </section>
      ))}
    </Dialog>
  );
}
