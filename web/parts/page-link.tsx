/**
 * Page link: a real link to a page of the app; another window is the browser's affair.
 * @module
 */
import type { ComponentProps } from 'react';
import { go } from '../model/place.ts';

export function PageLink({
  path,
  onClick,
  ...rest
}: { readonly path: string } & Omit<ComponentProps<'a'>, 'href'>) {
  return (
    <a
      href={path}
      onClick={(event) => {
        onClick?.(event);
        if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        go(path);
      }}
      {...rest}
    />
  );
}
