/**
 * Writes docs/defaults.md: the defaults of all settings, and the fixed numbers that a user can meet. Fails if one of them
 * has no unit or no comment. With --check fails if the page is stale.
 */
import { markdownTable, writePage } from './markdown-page.js';
import { hiddenNumbers, numericConstants, type NumericConstant } from './numeric-constants.js';
import { services, settingsOf, defaultCell } from './service-settings.js';
import { countedBy, shownLimits } from './shown-limits.js';

const suffixes = { Ms: 'ms', Seconds: 's', Bytes: 'bytes', Timeout: 'ms', Size: 'bytes' } as const;

/** The unit, as given or from the end of the name. */
function unitOf(name: string): string | undefined {
  return countedBy[name] ?? Object.entries(suffixes).find(([suffix]) => name.endsWith(suffix))?.[1];
}

const mistakes: string[] = [];
const constants = numericConstants();

function rowOf({ file, name, value, doc }: NumericConstant): string[] {
  const unit = unitOf(name);
  if (unit === undefined) mistakes.push(`${file}: ${name} has no unit: name it so (…Ms), or say in scripts/shown-limits.ts what it counts`); // prettier-ignore
  if (doc === '') mistakes.push(`${file}: ${name} has no comment that says what it is for`);
  return [`\`${name}\``, value, unit ?? '', doc.replaceAll('|', '\\|'), `[${file}](../${file})`];
}

function rowsOf(wanted: string): string[][] {
  const found = constants.filter(({ name }) =>
    wanted.endsWith('.*') ? name.startsWith(wanted.slice(0, -1)) : name === wanted,
  );
  const files = new Set(found.map(({ file }) => file));
  if (files.size !== 1) mistakes.push(`scripts/shown-limits.ts: ${wanted} is in ${String(files.size)} files`);
  return found.map(rowOf);
}

const head = ['name', 'value', 'unit', 'description', 'source'];
const sections = Object.entries(shownLimits).map(
  ([title, names]) => `### ${title}\n\n${markdownTable(head, names.flatMap(rowsOf))}`,
);
for (const hidden of hiddenNumbers()) mistakes.push(`${hidden} hides a default: make it a constant of its file`);
for (const mistake of mistakes) console.error(mistake);
if (mistakes.length > 0) process.exitCode = 1;

const settingRows: string[][] = [];
for (const service of services)
  for (const setting of await settingsOf(service))
    settingRows.push([service, `\`${setting.env}\``, defaultCell(setting), setting.doc]);

await writePage(
  'docs/defaults.md',
  `# Defaults

<!-- Made by \`make generate\` from the config.ts of each service and the constants of all sources. -->

The defaults of all settings, and the fixed limits that you may meet.

## Settings

Set these in the environment of each service. [settings.md](settings.md) lists them by service.

${markdownTable(['service', 'variable', 'default', 'description'], settingRows)}

## Fixed limits

The limits of pipelines are also part of [pipeline.schema.json](../core/schema/pipeline.schema.json).

${sections.join('\n\n')}
`,
);
