/**
 * Pills: one of a few, in a row, with arrow keys; radio buttons that look like what they filter.
 * @module
 */
import { useId } from 'react';
import style from './pills.module.css';

export function Pills<T extends string>({
  legend,
  value,
  options,
  onChoose,
}: {
  readonly legend: string;
  readonly value: T;
  readonly options: readonly { readonly value: T; readonly label: string }[];
  readonly onChoose: (value: T) => void;
}) {
  const name = useId();
  return (
    <fieldset className={style['pills']}>
      <legend className="visually-hidden">{legend}</legend>
      {options.map((option) => (
        <label key={option.value} className={style['pill']}>
          <input
            type="radio"
            name={name}
            className="visually-hidden"
            checked={option.value === value}
            onChange={() => onChoose(option.value)}
          />
          <span>{option.label}</span>
        </label>
      ))}
    </fieldset>
  );
}
