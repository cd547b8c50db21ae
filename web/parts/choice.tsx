/**
 * Choice: one of several, as radio buttons; each may say in one line what follows from it.
 * @module
 */
import { useId } from 'react';
import style from './choice.module.css';

export interface Option<T extends string> {
  readonly value: T;
  readonly label: string;
  readonly line?: string;
}

export function Choice<T extends string>({
  legend,
  value,
  options,
  onChoose,
  inline = false,
  disabled = false,
}: {
  readonly legend: string;
  readonly value: T;
  readonly options: readonly Option<T>[];
  readonly onChoose: (value: T) => void;
  /** Side by side where there is room. */
  readonly inline?: boolean;
  readonly disabled?: boolean;
}) {
  const name = useId();
  return (
    <fieldset className={style['choice']} data-inline={inline} disabled={disabled}>
      <legend className={style['legend']}>{legend}</legend>
      {options.map((option) => (
        <label key={option.value} className={style['option']}>
          <input
            type="radio"
            name={name}
            value={option.value}
            checked={option.value === value}
            onChange={() => onChoose(option.value)}
          />
          <span>
            {option.label}
            {option.line !== undefined && <span className={style['line']}>{option.line}</span>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}
