/**
 * The list of keys, in a dialog: Mod+/.
 * @module
 */
import { Fragment } from 'react';
import { useModel } from '../../model/context.ts';
import { keyList, modName } from '../../model/keys.ts';
import { useStore } from '../../model/store.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { useText, type TextKey } from '../../text/text.ts';
import style from './key-list.module.css';

interface Group {
  readonly title: TextKey;
  /** As printed on a keyboard, a space between ways; `Mod` is named by the system. */
  readonly rows: readonly (readonly [keys: string, does: TextKey])[];
}

/** As the settings are: which key sends, and whether single letters do something. */
function groupsOf(enterSends: boolean, hasLetters: boolean): readonly Group[] {
  return [
    {
      title: 'keys.anywhere',
      rows: [
        ['Mod+K', 'keys.find'],
        ['Alt+↑ Alt+↓', 'keys.chat'],
        ['Alt+Shift+↑ Alt+Shift+↓', 'keys.unread'],
        ['F6 Shift+F6', 'keys.region'],
        ['Mod+F', 'keys.find-in-chat'],
        ['Mod+;', 'keys.route'],
        ["Mod+'", 'keys.details'],
        ['Mod+/', 'keys.list'],
        ['Esc', 'keys.escape'],
      ],
    },
    {
      title: 'keys.lists',
      rows: [
        ['↑ ↓', 'keys.walk'],
        ['Home End', 'keys.ends'],
        ['Enter', 'keys.open'],
        ['Shift+F10 Menu', 'keys.actions'],
      ],
    },
    {
      title: 'keys.composer',
      rows: [
        [enterSends ? 'Enter' : 'Mod+Enter', 'keys.send'],
        [enterSends ? 'Shift+Enter' : 'Enter', 'keys.line'],
        ['Shift+Tab', 'keys.newest'],
        ['↑', 'keys.own'],
      ],
    },
    {
      title: 'keys.message',
      rows: [['↑ ↓', 'keys.walk'], ['Enter', 'keys.actions'], ...(hasLetters ? LETTERS : [])],
    },
  ];
}

const LETTERS: Group['rows'] = [
  ['C', 'keys.copy'],
  ['I', 'keys.info'],
];

export function KeyList() {
  return useStore(keyList) ? <Keys /> : null;
}

function Keys() {
  const t = useText();
  const settings = useStore(useModel().settings);
  const isOn = (key: string): boolean => settings.get(key)?.value !== false;
  const groups = groupsOf(isOn('app.enterSends'), isOn('app.singleKeys'));
  const mod = modName(t);
  return (
    <Dialog title={t('keys.title')} onClose={() => keyList.set(false)}>
      {groups.map(({ title, rows }) => (
        <section key={title} className={style['group']}>
          <h3>{t(title)}</h3>
          <dl className={style['rows']}>
            {rows.map(([keys, does]) => (
              <Fragment key={does}>
                <dt className={style['keys']}>
                  {keys.split(' ').map((together) => (
                    <kbd key={together} className={style['key']} dir="ltr">
                      {together.replace('Mod', mod).replaceAll('+', ' + ')}
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
