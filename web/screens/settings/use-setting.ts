/**
 * One setting as a control needs it: its value, how to change it, and whether that failed. Where it
 * was not saved the control stands as before, and the same change can be tried again.
 * @module
 */
import type { ConfigEntry } from '@sotto/api/contract.ts';
import { useState } from 'react';
import { useModel } from '../../model/context.ts';
import { errorOf } from '../../model/failure.ts';
import { setSetting } from '../../model/settings.ts';
import { useStorePart } from '../../model/store.ts';

type Value = ConfigEntry['value'];

export interface Setting {
  readonly entry: ConfigEntry | undefined;
  /** Resolves to whether it was saved. */
  readonly set: (value: Value | null) => Promise<boolean>;
  /** What went wrong at the last change, in one sentence. */
  readonly fault: string | undefined;
  readonly retry: () => void;
}

export function useSetting(key: string): Setting {
  const model = useModel();
  const entry = useStorePart(model.settings, (all) => all.get(key));
  const [failed, setFailed] = useState<{ readonly value: Value | null; readonly fault: string }>();
  const set = async (value: Value | null): Promise<boolean> => {
    setFailed(undefined);
    try {
      await setSetting(model, key, value);
      return true;
    } catch (error) {
      setFailed({ value, fault: errorOf(error).message });
      return false;
    }
  };
  return {
    entry,
    set,
    fault: failed?.fault,
    retry: () => {
      if (failed) void set(failed.value);
    },
  };
}
