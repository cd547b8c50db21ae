/**
 * Serving relay: whom this computer serves, and how it does as a relay now: how many use it, by
 * which text they name it, and who can find it.
 * @module
 */
import { useRelays, type Serving } from '../../model/relays.ts';
import { CopyButton } from '../../parts/copy-button.tsx';
import { useText } from '../../text/text.ts';
import { Values } from './controls.tsx';
import type { ShownItem } from './items.ts';
import style from './settings.module.css';

export function ServingRelay({ item }: { readonly item: ShownItem }) {
  const { shown } = useRelays();
  return (
    <>
      <Values item={item} isDeliberate />
      {/* As the app runs now: another choice takes effect at its next start. */}
      {shown && shown.serve !== 'off' && <Now shown={shown} />}
    </>
  );
}

function Now({ shown }: { readonly shown: Serving }) {
  const t = useText();
  return (
    <section className={style['part']}>
      <h3>{t('settings.relay.now')}</h3>
      <p>{t('settings.relay.clients', { count: shown.clients })}</p>
      {shown.serve === 'public' && <Public shown={shown} />}
    </section>
  );
}

function Public({ shown: { listed, port443, text } }: { readonly shown: Serving }) {
  const t = useText();
  return (
    <>
      <p>{t(listed ? 'settings.relay.listed' : 'settings.relay.unlisted')}</p>
      {port443 !== 'off' && <p>{t(`settings.relay.443.${port443}`)}</p>}
      {text === undefined ? (
        <p>{t('settings.relay.text.none')}</p>
      ) : (
        <>
          <p>{t('settings.relay.text')}</p>
          <code className={style['id']} dir="ltr">
            {text}
          </code>
          <div className={style['buttons']}>
            <CopyButton text={text}>{t('settings.relay.text.copy')}</CopyButton>
          </div>
        </>
      )}
    </>
  );
}
