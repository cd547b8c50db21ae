/**
 * Changing a setting from a screen: at once on the screen, and back where it was not saved.
 * @module
 */
import type { ConfigEntry } from '@sotto/api/contract.ts';
import type { Model } from './model.ts';

/** Sets a setting; null is its default. @throws what the call throws; the old value is back. */
export async function setSetting(
  model: Model,
  key: string,
  value: ConfigEntry['value'] | null,
): Promise<void> {
  const before = model.settings.value.get(key);
  if (before) model.putSetting({ ...before, value: value ?? before.default });
  try {
    const typed = value === null ? null : String(value);
    model.putSetting(await model.client.call('config.set', { key, value: typed }));
  } catch (error) {
    if (before) model.putSetting(before);
    throw error;
  }
}
