import { existsSync, readdirSync } from 'node:fs';
import { sizeOf } from '../core/src/service/setting-kinds.js';
import { shownDefault } from '../core/src/service/shown-default.js';
import type { Setting } from '../core/src/service/settings.js';

type Table = Readonly<Record<string, Setting<unknown>>>;

const isSetting = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'env' in value && 'doc' in value && 'parse' in value;

const isTable = (value: unknown): value is Table =>
  typeof value === 'object' && value !== null && Object.keys(value).length > 0 && Object.values(value).every(isSetting);

/** The folders of the services: those with a config.ts. */
export const services = readdirSync('.').filter((folder) => existsSync(`${folder}/src/config.ts`));

/** The settings of a service, as its config.ts declares them. */
export async function settingsOf(service: string): Promise<readonly Setting<unknown>[]> {
  const exported = (await import(`../${service}/src/config.ts`)) as Record<string, unknown>;
  const table = Object.values(exported).find(isTable);
  if (!table) throw new Error(`${service}/src/config.ts exports no table of settings`);
  return Object.values(table);
}

/** A default as the pages show it; a size also in the unit that people read. */
export function defaultCell(setting: Setting<unknown>): string {
  const shown = shownDefault(setting);
  if ('said' in shown) return shown.said;
  const { default: value, form } = setting;
  const size = form.includes('bytes') && typeof value === 'number' && value > 0 ? ` (${sizeOf(value)})` : '';
  return `\`${shown.written}\`${size}`;
}
