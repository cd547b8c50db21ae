/**
 * Tooltip: what an icon is called, for those who see it.
 * @module
 */
import * as Tooltip from '@radix-ui/react-tooltip';
import type { ReactElement } from 'react';
import style from './tip.module.css';

export const TipProvider = Tooltip.Provider;

/** `children` is one element that takes a ref; its accessible name is its own affair. */
export function Tip({
  label,
  children,
}: {
  readonly label: string;
  readonly children: ReactElement;
}) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>{children}</Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content className={style['tip']} sideOffset={4} collisionPadding={8}>
          {label}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
