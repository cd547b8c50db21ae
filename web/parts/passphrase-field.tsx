/**
 * Passphrase field: pasting and password managers work; what was typed can be shown. The hidden
 * name lets a manager keep the passphrases of several profiles apart.
 * @module
 */
import { Eye, EyeOff } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { useText } from '../text/text.ts';
import { IconButton } from './button.tsx';
import { Field } from './field.tsx';

const CHARS_MAX = 1024;

export function PassphraseField({
  label,
  hint,
  error,
  value,
  isNew = false,
  autoFocus = false,
  disabled = false,
  onChange,
}: {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly error?: ReactNode;
  readonly value: string;
  /** One that is being chosen: managers offer to make it. */
  readonly isNew?: boolean;
  readonly autoFocus?: boolean;
  readonly disabled?: boolean;
  readonly onChange: (value: string) => void;
}) {
  const t = useText();
  const [isShown, setShown] = useState(false);
  return (
    <>
      <input
        type="text"
        hidden
        readOnly
        autoComplete="username"
        value={`Sotto ${location.host}`}
        tabIndex={-1}
        aria-hidden="true"
      />
      <Field
        label={label}
        hint={hint}
        error={error}
        type={isShown ? 'text' : 'password'}
        dir="auto"
        value={value}
        maxLength={CHARS_MAX}
        autoComplete={isNew ? 'new-password' : 'current-password'}
        autoCapitalize="off"
        spellCheck={false}
        autoFocus={autoFocus}
        disabled={disabled}
        onChange={(event) => onChange(event.target.value)}
        beside={
          <IconButton
            kind="plain"
            icon={isShown ? <EyeOff aria-hidden="true" /> : <Eye aria-hidden="true" />}
            label={t(isShown ? 'profiles.passphrase.hide' : 'profiles.passphrase.show')}
            aria-pressed={isShown}
            onClick={() => setShown(!isShown)}
          />
        }
      />
    </>
  );
}

/** The same passphrase, however it was typed. */
export function passphraseOf(typed: string): string {
  return typed.normalize('NFC');
}
