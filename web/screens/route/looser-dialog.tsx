/**
 * Looser dialog: the question before a chat shows more of us than it did.
 * @module
 */
import { Button } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { useText } from '../../text/text.ts';
import { nameIn } from '../../words/name.ts';
import { policyName } from '../../words/route.ts';
import style from './route.module.css';
import type { Choosing } from './use-policy.ts';

export function LooserDialog({
  choosing: { asked, answer },
  name,
}: {
  readonly choosing: Choosing;
  readonly name: string;
}) {
  const t = useText();
  if (asked === undefined) return null;
  return (
    <Dialog
      title={t('route.looser.title', { policy: policyName(t, asked) })}
      onClose={() => answer(false)}
    >
      <p>{t('route.looser', { name: nameIn(name) })}</p>
      <div className={style['answers']}>
        <Button onClick={() => answer(true)}>{t('route.looser.switch')}</Button>
        <Button kind="primary" onClick={() => answer(false)}>
          {t('app.cancel')}
        </Button>
      </div>
    </Dialog>
  );
}
