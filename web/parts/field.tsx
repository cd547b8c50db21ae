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

export function Field(props: About & ComponentProps<'input'>) {
  const [frame, control] = useParts(props);
  return (
    <Frame {...frame}>
      <input dir="auto" {...control} />
    </Frame>
  );
}

export function LongField(props: About & ComponentProps<'textarea'>) {
  const [frame, control] = useParts(props);
  return (
    <Frame {...frame}>
      <textarea dir="auto" {...control} />
    </Frame>
  );
}

export function SelectField(props: About & ComponentProps<'select'>) {
  const [frame, control] = useParts(props);
  return (
    <Frame {...frame}>
      <select {...control} />
    </Frame>
  );
}

interface Ids {
  readonly id: string;
  readonly hintId: string;
  readonly errorId: string;
}

/** What stands around the field, and what is the field's own. */
function useParts<Props extends About & { readonly className?: string | undefined }>({
  label,
  hint,
  error,
  beside,
  className,
  ...rest
}: Props) {
  const id = useId();
  const ids = { id, hintId: `${id}-hint`, errorId: `${id}-error` };
  const about = [hint ? ids.hintId : '', error ? ids.errorId : ''].filter(Boolean).join(' ');
  const control = {
    id,
    className: cx(style['input'], className),
    'aria-describedby': about === '' ? undefined : about,
    'aria-invalid': error ? true : undefined,
    ...rest,
  } as const;
  return [{ label, hint, error, beside, ids }, control] as const;
}

function Frame({
  label,
  hint,
  error,
  beside,
  ids,
  children,
}: About & { readonly ids: Ids; readonly children: ReactNode }) {
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
