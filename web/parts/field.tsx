/**
 * Field: a label above, one line or more to write in, and below what there is to know or what is
 * wrong. What stands below is tied to the field, so that it is read with it.
 * @module
 */
import { useId, type ComponentProps, type ReactNode } from 'react';
import { cx } from './cx.ts';
import style from './field.module.css';

interface About {
  readonly label: ReactNode;
  /** What there is to know. */
  readonly hint?: ReactNode;
  /** What is wrong with what stands there. */
  readonly error?: ReactNode;
  /** Beside the field. */
  readonly beside?: ReactNode;
}

export function Field({
  label,
  hint,
  error,
  beside,
  className,
  ...rest
}: About & ComponentProps<'input'>) {
  const ids = useIds(hint, error);
  return (
    <Frame {...{ label, hint, error, beside, ids }}>
      <input dir="auto" className={cx(style['input'], className)} {...ids.field} {...rest} />
    </Frame>
  );
}

export function LongField({
  label,
  hint,
  error,
  beside,
  className,
  ...rest
}: About & ComponentProps<'textarea'>) {
  const ids = useIds(hint, error);
  return (
    <Frame {...{ label, hint, error, beside, ids }}>
      <textarea dir="auto" className={cx(style['input'], className)} {...ids.field} {...rest} />
    </Frame>
  );
}

export function SelectField({
  label,
  hint,
  error,
  beside,
  className,
  children,
  ...rest
}: About & ComponentProps<'select'>) {
  const ids = useIds(hint, error);
  return (
    <Frame {...{ label, hint, error, beside, ids }}>
      <select className={cx(style['input'], className)} {...ids.field} {...rest}>
        {children}
      </select>
    </Frame>
  );
}

function useIds(hint: ReactNode, error: ReactNode) {
  const id = useId();
  const [hintId, errorId] = [`${id}-hint`, `${id}-error`];
  const about = [hint ? hintId : '', error ? errorId : ''].filter(Boolean).join(' ');
  const field = {
    id,
    'aria-describedby': about === '' ? undefined : about,
    'aria-invalid': error ? true : undefined,
  } as const;
  return { id, hintId, errorId, field };
}

function Frame({
  label,
  hint,
  error,
  beside,
  ids,
  children,
}: About & { readonly ids: ReturnType<typeof useIds>; readonly children: ReactNode }) {
  return (
    <div className={style['field']}>
      <label className={style['label']} htmlFor={ids.id}>
        {label}
      </label>
      <div className={style['row']}>
        {children}
        {beside}
      </div>
      {hint ? (
        <p id={ids.hintId} className={style['hint']}>
          {hint}
        </p>
      ) : null}
      {/* Always there, so that what comes into it is spoken. */}
      <div id={ids.errorId} className={style['error']} aria-live="polite">
        {error}
      </div>
    </div>
  );
}
