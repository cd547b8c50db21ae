/**
 * One setting as a control needs it: its value, how to change it, and whether that failed. Where it
 * was not saved the control stands as before, and the same change can be tried again, unless it was
 * refused for what it is.
 * @module
 */
import type { ApiErrorBody, ConfigEntry } from '@sotto/api/contract.ts';
import { useState } from 'react';
import { useModel } from '../../model/context.ts';
import { errorOf } from '../../model/failure.ts';
import { setSetting } from '../../model/settings.ts';
import { useStorePart } from '../../model/store.ts';
import { useText } from '../../text/text.ts';

type Value = ConfigEntry['value'];

export interface Setting {
  readonly entry: ConfigEntry | undefined;
  /** Resolves to whether it was saved. */
  readonly set: (value: Value | null) => Promise<boolean>;
  /** What went wrong at the last change, in one sentence or two. */
  readonly fault: string | undefined;
  /** The value of the last change, where it can be none of this setting's. */
  readonly refused: Value | null | undefined;
  /** Undefined where the same change would be refused again. */
  readonly retry: (() => void) | undefined;
}

interface Failed {
  readonly value: Value | null;
  readonly error: ApiErrorBody;
}

export function useSetting(key: string): Setting {
  const t = useText();
  const model = useModel();
  const entry = useStorePart(model.settings, (all) => all.get(key));
  const [failed, setFailed] = useState<Failed>();
  const set = async (value: Value | null): Promise<boolean> => {
    setFailed(undefined);
    try {
      await setSetting(model, key, value);
      return true;
    } catch (error) {
      setFailed({ value, error: errorOf(error) });
      return false;
    }
  };
  const what = failed && refusalOf(failed.error, key);
  return {
    entry,
    set,
    fault: what === undefined ? failed?.error.message : t('settings.refused', { what }),
    refused: what === undefined ? undefined : failed?.value,
    retry: failed && what === undefined ? () => void set(failed.value) : undefined,
  };
}

/** What is wrong with a value, without the name that the setting has in the terminal. */
function refusalOf({ detail, reason }: ApiErrorBody, key: string): string | undefined {
  const what = String(detail?.['what'] ?? '');
  if (reason !== 'bad-input' || what === '') return undefined;
  const prefix = `${key}: `;
  return what.startsWith(prefix) ? what.slice(prefix.length) : what;
}
