/**
 * Policy notes: lines that say who set the rule of this chat to what.
 * @module
 */
import { useText } from '../../text/text.ts';
import { changeWords } from '../../words/route.ts';
import type { Change } from './policy-lines.ts';
import style from './row.module.css';

export function PolicyNotes({
  changes,
  name,
}: {
  readonly changes: readonly Change[] | undefined;
  readonly name: string;
}) {
  const t = useText();
  return changes?.map((change, i) => (
    <p key={i} className={style['note']}>
      {changeWords(t, change, name)}
    </p>
  ));
}
