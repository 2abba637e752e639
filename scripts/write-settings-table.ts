/** Writes docs/settings.md from the table in the config.ts of each service; with --check says whether it is stale. */
import { existsSync, readdirSync } from 'node:fs';
import type { Setting } from '../core/src/service/settings.js';
import { markdownTable, writePage } from './markdown-page.js';

type Table = Readonly<Record<string, Setting<unknown>>>;

const isSetting = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'env' in value && 'doc' in value && 'parse' in value;

const isTable = (value: unknown): value is Table =>
  typeof value === 'object' && value !== null && Object.keys(value).length > 0 && Object.values(value).every(isSetting);

async function tableOf(service: string): Promise<Table> {
  const exported = (await import(`../${service}/src/config.ts`)) as Record<string, unknown>;
  const table = Object.values(exported).find(isTable);
  if (!table) throw new Error(`${service}/src/config.ts exports no table of settings`);
  return table;
}

function row({ env, default: value, unit, doc }: Setting<unknown>): string[] {
  const shown =
    value === undefined
      ? 'required'
      : value === ''
        ? 'none'
        : `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
  return [`\`${env}\``, unit !== undefined && value !== undefined ? `${shown} ${unit}` : shown, doc];
}

const services = readdirSync('.').filter((folder) => existsSync(`${folder}/src/config.ts`));
const sections: string[] = [];
for (const service of services) {
  const rows = Object.values(await tableOf(service)).map(row);
  sections.push(`## ${service}\n\n${markdownTable(['variable', 'default', 'what it is'], rows)}`);
}

await writePage(
  'docs/settings.md',
  `# Settings

<!-- Made by \`make generate\` from the config.ts of each service. -->

Each service reads these from its environment when it starts, and says all that is wrong with them at once. \`make run\` needs none of
them: it gives every service its own.

${sections.join('\n\n')}
`,
);
