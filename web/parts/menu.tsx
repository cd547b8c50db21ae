/**
 * Menu: a real one, with arrow keys and type-ahead, opened by a button.
 * @module
 */
import * as Dropdown from '@radix-ui/react-dropdown-menu';
import type { ReactElement, ReactNode } from 'react';
import style from './menu.module.css';

export function Menu({
  trigger,
  children,
}: {
  /** One button. */
  readonly trigger: ReactElement;
  readonly children: ReactNode;
}) {
  return (
    // Modal menus write style into the page, which its policy forbids.
    <Dropdown.Root modal={false}>
      <Dropdown.Trigger asChild>{trigger}</Dropdown.Trigger>
      <Dropdown.Portal>
        <Dropdown.Content className={style['menu']} sideOffset={4} collisionPadding={8}>
          {children}
        </Dropdown.Content>
      </Dropdown.Portal>
    </Dropdown.Root>
  );
}

export function MenuItem({
  onSelect,
  danger = false,
  disabled = false,
  children,
}: {
  readonly onSelect: () => void;
  readonly danger?: boolean;
  readonly disabled?: boolean;
  readonly children: ReactNode;
}) {
  return (
    <Dropdown.Item
      className={style['item']}
      data-danger={danger}
      disabled={disabled}
      onSelect={onSelect}
    >
      {children}
    </Dropdown.Item>
  );
}
