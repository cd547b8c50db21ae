/**
 * Menu: a real one, with arrow keys and type-ahead. It is open while it stands, so that a long list
 * has one of them and not one for each row.
 * @module
 */
import * as Dropdown from '@radix-ui/react-dropdown-menu';
import { useState, type ReactNode } from 'react';
import style from './menu.module.css';

export function MenuAt({
  label,
  onClose,
  children,
}: {
  /** What its choices are about. */
  readonly label: string;
  /** Called once it is closed; who opened it takes the focus back. */
  readonly onClose: () => void;
  readonly children: ReactNode;
}) {
  const [home] = useState(regionOfFocus);
  return (
    <Dropdown.Root modal={false} open onOpenChange={(open) => open || onClose()}>
      {/* The menu is placed at this point, the end of what it stands in. */}
      <Dropdown.Trigger asChild>
        <span className={style['point']} aria-hidden="true" />
      </Dropdown.Trigger>
      <Dropdown.Portal container={home}>
        <Dropdown.Content
          className={style['menu']}
          aria-label={label}
          align="end"
          collisionPadding={8}
          onCloseAutoFocus={(event) => event.preventDefault()}
        >
          {children}
        </Dropdown.Content>
      </Dropdown.Portal>
    </Dropdown.Root>
  );
}

/** A menu stands in the part of the screen from which it was opened, so that it belongs to one. */
function regionOfFocus(): HTMLElement | undefined {
  return document.activeElement?.closest<HTMLElement>('[data-region]') ?? undefined;
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
