/**
 * Under a message that could not be stored: why, and what to do. It holds up no other message.
 * @module
 */
import type { Pending } from '../../model/timeline.ts';
import { Button } from '../../parts/button.tsx';
import { useText } from '../../text/text.ts';
import type { Act } from './message-menu.tsx';
import type { RowItem } from './rows.ts';
import style from './unsent.module.css';

export function Unsent({
  pending,
  act,
  isStop,
}: {
  readonly pending: Pending;
  readonly act: (act: Act, item: RowItem) => void;
  readonly isStop: boolean;
}) {
  const t = useText();
  const tabIndex = isStop ? 0 : -1;
  const { message = '', code = '', reason } = pending.error ?? {};
  return (
    <div className={style['unsent']}>
      <p dir="auto">
        {reason === 'not-running'
          ? t('message.unsaved')
          : `${t('message.state.failed')}. ${message}`}{' '}
        <span className={style['code']}>{code}</span>
      </p>
      <Button tabIndex={tabIndex} onClick={() => act('retry', pending)}>
        {t('message.retry')}
      </Button>
      <Button kind="quiet" tabIndex={tabIndex} onClick={() => act('remove', pending)}>
        {t('message.remove')}
      </Button>
    </div>
  );
}
