/**
 * An ID, whole, in groups of 4 so that two people can read it to each other. It is selected and
 * copied without the gaps, and never shortened.
 * @module
 */
import style from './id-text.module.css';

const GROUP = /.{1,4}/gu;

export function IdText({ id }: { readonly id: string }) {
  const at = id.indexOf(':') + 1;
  const groups = id.slice(at).match(GROUP) ?? [];
  return (
    <code className={style['id']} dir="ltr">
      <span className={style['group']}>{id.slice(0, at)}</span>
      <wbr />
      {groups.map((group, place) => (
        // The gap is drawn, not written.
        <span key={place} className={style['group']}>
          {group}
        </span>
      ))}
    </code>
  );
}
