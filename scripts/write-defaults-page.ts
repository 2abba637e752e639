/**
 * Writes docs/defaults.md: every default with its unit, from the settings of the services and from
 * the constants of the sources. Fails where a number has no unit or no comment: a default that
 * nobody can read about is hidden. With --check says whether the page is stale.
 */
import { countedBy, notDefaults } from './default-units.js';
import { markdownTable, writePage } from './markdown-page.js';
import { hiddenNumbers, numericConstants, type NumericConstant } from './numeric-constants.js';
import { services, settingsOf, defaultCell } from './service-settings.js';

interface Default extends NumericConstant {
  unit: string;
}

const suffixes = { Ms: 'ms', Seconds: 's', Bytes: 'bytes', Code: '' } as const;

/** By the end of its name, else by what it counts. */
function unitOf(name: string): string | undefined {
  const last = name.split('.').at(-1) ?? name;
  const [, unit] = Object.entries(suffixes).find(([suffix]) => last.endsWith(suffix)) ?? [];
  return unit ?? countedBy[name];
}

const mistakes: string[] = [];
const unused = new Set([...Object.keys(countedBy), ...notDefaults]);

function readDefaults(): Default[] {
  return numericConstants().flatMap((constant) => {
    const { file, name, doc } = constant;
    const whole = name.split('.')[0] ?? name;
    for (const known of [name, whole]) unused.delete(known);
    if (notDefaults.has(name) || notDefaults.has(whole)) return [];
    const unit = unitOf(name);
    if (unit === undefined) mistakes.push(`${file}: ${name} has no unit: name it so (…Ms), or say in scripts/default-units.ts what it counts`); // prettier-ignore
    if (doc === '') mistakes.push(`${file}: ${name} has no comment that says what it is for`);
    return [{ ...constant, unit: unit ?? '' }];
  });
}

const defaults = readDefaults();
for (const name of unused) mistakes.push(`scripts/default-units.ts: there is no constant ${name}`);
for (const hidden of hiddenNumbers()) mistakes.push(`${hidden} hides a default: make it a constant of its file`);
for (const mistake of mistakes) console.error(mistake);
if (mistakes.length > 0) process.exitCode = 1;

const settingRows: string[][] = [];
for (const service of services)
  for (const setting of await settingsOf(service))
    settingRows.push([service, `\`${setting.env}\``, defaultCell(setting), setting.doc]);

function rowsOf(rows: readonly Default[]): string[][] {
  return rows.map(({ file, name, value, unit, doc }) => [`\`${name}\``, value, unit, doc.replaceAll('|', '\\|'), `[${file}](../${file})`]); // prettier-ignore
}

const head = ['name', 'value', 'unit', 'what it is for', 'where'];
const groups = [...new Set(defaults.map(({ file }) => groupOf(file)))];

/** `core/engine`, `work`. */
function groupOf(file: string): string {
  const [folder = '', , inner = ''] = file.split('/');
  return folder === 'core' ? `${folder}/${inner}` : folder;
}

const sections = groups.map(
  (group) => `### ${group}\n\n${markdownTable(head, rowsOf(defaults.filter(({ file }) => groupOf(file) === group)))}`,
);

await writePage(
  'docs/defaults.md',
  `# Defaults

<!-- Made by \`make generate\` from the config.ts of each service and the constants of all sources. -->

Every number that chainr works with, and its unit.

## What can be set

From the environment of each service; [settings.md](settings.md) has the same by service.

${markdownTable(['service', 'variable', 'default', 'what it is'], settingRows)}

## What is fixed

Limits, times and sizes in the code. What stands in core/pipeline holds for pipelines, as
[pipeline.schema.json](../core/schema/pipeline.schema.json) describes them.

${sections.join('\n\n')}
`,
);
