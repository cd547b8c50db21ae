/**
 * Button: primary (one on a page), plain, quiet (no border) or danger; with `icon` alone it carries
 * its label as name and tooltip.
 * @module
 */
import type { ComponentProps, ReactNode } from 'react';
import style from './button.module.css';
import { cx } from './cx.ts';
import { Tip } from './tip.tsx';

interface Common extends Omit<ComponentProps<'button'>, 'children'> {
  readonly kind?: 'primary' | 'plain' | 'quiet' | 'danger';
}

export function Button({
  kind = 'plain',
  className,
  ...rest
}: Common & { readonly children: ReactNode }) {
  return <button type="button" className={cx(style['button'], style[kind], className)} {...rest} />;
}

export function IconButton({
  kind = 'quiet',
  className,
  icon,
  label,
  ...rest
}: Common & { readonly icon: ReactNode; readonly label: string }) {
  return (
    <Tip label={label}>
      <button
        type="button"
        aria-label={label}
        className={cx(style['button'], style[kind], style['icon'], className)}
        {...rest}
      >
        {icon}
      </button>
    </Tip>
  );
}
