import type { Setting } from './settings.js';

/** The default of a setting as the documentation shows it: the value as written, or a sentence instead. */
export function shownDefault(setting: Setting<unknown>): { written: string } | { said: string } {
  const { default: value, shown } = setting;
  if (shown !== undefined) return { said: shown };
  if (value === undefined) return { said: 'required' };
  const written = setting.write(value);
  return written === '' ? { said: 'none' } : { written };
}
