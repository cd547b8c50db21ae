/**
 * What can be done with a message. There is one menu on the screen, in the row it was opened from.
 * @module
 */
import { Copy, Info, RotateCcw, Trash2, X } from 'lucide-react';
import { MenuAt, MenuItem } from '../../parts/menu.tsx';
import { useText } from '../../text/text.ts';
import { isStored, type RowItem } from './rows.ts';

/** `menu` opens it, `close` closes it; the rest is what it offers. */
export type Act = 'menu' | 'close' | 'copy' | 'info' | 'retry' | 'remove' | 'cancel' | 'again';

export function MessageMenu({
  item,
  act,
}: {
  readonly item: RowItem;
  readonly act: (act: Act, item: RowItem) => void;
}) {
  const t = useText();
  const stored = isStored(item) ? item : undefined;
  const failed = !isStored(item) && item.error !== undefined;
  return (
    <MenuAt label={t('message.actions.of')} onClose={() => act('close', item)}>
      {item.text !== '' && (
        <MenuItem onSelect={() => act('copy', item)}>
          <Copy aria-hidden="true" size={18} />
          {t('message.copy')}
        </MenuItem>
      )}
      {stored && (
        <MenuItem onSelect={() => act('info', item)}>
          <Info aria-hidden="true" size={18} />
          {t('message.info')}
        </MenuItem>
      )}
      {failed && (
        <MenuItem onSelect={() => act('retry', item)}>
          <RotateCcw aria-hidden="true" size={18} />
          {t('message.retry')}
        </MenuItem>
      )}
      {stored?.state === 'cancelled' && (
        <MenuItem onSelect={() => act('again', item)}>
          <RotateCcw aria-hidden="true" size={18} />
          {t('message.again')}
        </MenuItem>
      )}
      {stored?.state === 'waiting' && (
        <MenuItem onSelect={() => act('cancel', item)}>
          <X aria-hidden="true" size={18} />
          {t('message.cancel')}
        </MenuItem>
      )}
      {failed && (
        <MenuItem danger onSelect={() => act('remove', item)}>
          <Trash2 aria-hidden="true" size={18} />
          {t('message.remove')}
        </MenuItem>
      )}
    </MenuAt>
  );
}
