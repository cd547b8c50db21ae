/**
 * Emoji: the button, and the picker it opens, which is loaded when it is first wanted.
 * @module
 */
import * as Popover from '@radix-ui/react-popover';
import { Smile } from 'lucide-react';
import { Suspense, useState } from 'react';
import { Boundary } from '../../parts/boundary.tsx';
import { IconButton } from '../../parts/button.tsx';
import { lazyPart } from '../../parts/lazy-part.ts';
import { useText } from '../../text/text.ts';
import style from './emoji.module.css';

const EmojiPicker = lazyPart(() => import('./emoji-picker.tsx'));

export function EmojiButton({
  onPick,
  onClose,
}: {
  readonly onPick: (emoji: string) => void;
  /** Takes the focus back. */
  readonly onClose: () => void;
}) {
  const t = useText();
  const [isOpen, setOpen] = useState(false);
  return (
    <Popover.Root open={isOpen} onOpenChange={setOpen}>
      <Popover.Trigger asChild>
        <IconButton
          className={style['button']}
          icon={<Smile aria-hidden="true" />}
          label={t('composer.emoji')}
        />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          className={style['popover']}
          aria-label={t('composer.emoji')}
          sideOffset={8}
          collisionPadding={8}
          align="end"
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            onClose();
          }}
        >
          <Boundary frame={(note) => note}>
            <Suspense fallback={<p className={style['wait']}>{t('emoji.loading')}</p>}>
              <EmojiPicker
                onPick={(emoji) => {
                  setOpen(false);
                  onPick(emoji);
                }}
              />
            </Suspense>
          </Boundary>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
