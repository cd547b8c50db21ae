/**
 * Switch: on or off, at once. Its state is a place and a mark, not a colour alone.
 * @module
 */
import { useId, type ReactNode } from 'react';
import style from './switch.module.css';

export function Switch({
  label,
  line,
  checked,
  disabled = false,
  onChange,
}: {
  readonly label: ReactNode;
  /** What follows from it, in one line. */
  readonly line?: ReactNode;
  readonly checked: boolean;
  readonly disabled?: boolean;
  readonly onChange: (checked: boolean) => void;
}) {
  const id = useId();
  return (
    <div className={style['row']}>
      <div className={style['words']}>
        <label htmlFor={id}>{label}</label>
        {line !== undefined && (
          <p id={`${id}-line`} className={style['line']}>
            {line}
          </p>
        )}
      </div>
      <input
        id={id}
        type="checkbox"
        role="switch"
        className={style['switch']}
        checked={checked}
        disabled={disabled}
        aria-describedby={line === undefined ? undefined : `${id}-line`}
        onChange={(event) => onChange(event.target.checked)}
      />
    </div>
  );
}
