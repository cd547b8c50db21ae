/**
 * An ID, whole, in groups of 4 so that two people can read it to each other. It is selected and
 * copied without the gaps, and never shortened.
 * @module
 */
import { Fragment } from 'react';
import style from './id-text.module.css';

const GROUP = /.{1,4}/gu;

export function IdText({ id }: { readonly id: string }) {
  const at = id.indexOf(':') + 1;
  return (
    <code className={style['id']} dir="ltr">
      {[id.slice(0, at), ...(id.slice(at).match(GROUP) ?? [])].map((group, place) => (
        // The gap is drawn, not written.
        <Fragment key={place}>
          <span className={style['group']}>{group}</span>
          <wbr />
        </Fragment>
      ))}
    </code>
  );
}
