/**
 * Choice: one of several, as radio buttons; each may say in one line what follows from it.
 *
 * Arrow keys choose, as the browser has it. Where a choice has consequences that one does not want
 * on the way to another one it is `deliberate`: arrows only move, Space or Enter chooses.
 * @module
 */
import { useId, type KeyboardEvent } from 'react';
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
  deliberate = false,
}: {
  readonly legend: string;
  readonly value: T;
  readonly options: readonly Option<T>[];
  readonly onChoose: (value: T) => void;
  /** Side by side where there is room. */
  readonly inline?: boolean;
  readonly disabled?: boolean;
  readonly deliberate?: boolean;
}) {
  const name = useId();
  return (
    <fieldset
      className={style['choice']}
      data-inline={inline}
      disabled={disabled}
      onKeyDown={deliberate ? move : undefined}
    >
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

function move(event: KeyboardEvent<HTMLFieldSetElement>): void {
  const { key, target } = event;
  if (!(target instanceof HTMLInputElement)) return;
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[key];
  if (step === undefined && key !== 'Enter') return;
  event.preventDefault();
  if (step === undefined) return target.click();
  const all = [...event.currentTarget.querySelectorAll('input')];
  all[(all.indexOf(target) + step + all.length) % all.length]?.focus();
}
