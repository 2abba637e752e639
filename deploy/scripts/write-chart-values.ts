/** Writes values.yaml and values.schema.json of the chart, and docs/helm-values.md; with --check fails if one is stale. */
import { stringify } from 'yaml';
import { markdownTable, writePage } from '../../scripts/markdown-page.js';
import { chartValues, isGroup, type ChartGroup, type ChartValue } from './chart-values.js';

const chart = 'deploy/helm/chainr';

type Entry = ChartValue | ChartGroup;

/** Wraps a comment at the width that the other files of this repository have. */
function comment(doc: string, indent: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of doc.split(' ')) {
    if (line !== '' && indent.length + line.length + word.length + 3 > 120) {
      lines.push(line);
      line = '';
    }
    line += line === '' ? word : ` ${word}`;
  }
  return [...lines, line].map((each) => `${indent}# ${each}\n`).join('');
}

function yamlOf(name: string, entry: Entry, indent: string): string {
  if (isGroup(entry)) {
    const inner = Object.entries(entry.values).map(([each, value]) => yamlOf(each, value, `${indent}  `));
    return `${comment(entry.doc, indent)}${indent}${name}:\n${inner.join('')}`;
  }
  const written = stringify({ [name]: entry.default }, { lineWidth: 0 }).trimEnd();
  return `${comment(entry.doc, indent)}${written.replace(/^/gm, indent)}\n`;
}

function schemaOf(entry: Entry): object {
  if (!isGroup(entry)) return { description: entry.doc, ...entry.schema };
  const properties = Object.fromEntries(Object.entries(entry.values).map(([name, each]) => [name, schemaOf(each)]));
  return { description: entry.doc, type: 'object', additionalProperties: false, properties };
}

function rowsOf(name: string, entry: Entry): string[][] {
  if (isGroup(entry)) return Object.entries(entry.values).flatMap(([each, value]) => rowsOf(`${name}.${each}`, value));
  const empty = entry.default === '';
  return [[`\`${name}\``, empty ? 'empty' : `\`${JSON.stringify(entry.default)}\``, entry.doc]];
}

const top = Object.entries(chartValues.values);
const made = '# Made by `make generate` from deploy/scripts/chart-values.ts.\n';
await writePage(`${chart}/values.yaml`, `${made}\n${top.map(([name, entry]) => yamlOf(name, entry, '')).join('\n')}`);

/** Helm hands itself a value named `global` when the chart is part of another one. */
const { properties, ...root } = schemaOf(chartValues) as { properties: object };
const schema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  ...root,
  properties: {
    ...properties,
    global: { description: 'Of a chart that has this one as a part; not used.', type: 'object' },
  },
};
await writePage(`${chart}/values.schema.json`, JSON.stringify(schema));

const single = top.filter(([, entry]) => !isGroup(entry));
const groups = top.flatMap(([name, entry]) => (isGroup(entry) ? [{ name, group: entry }] : []));
const table = (entries: readonly (readonly [string, Entry])[]): string =>
  markdownTable(
    ['value', 'default', 'what'],
    entries.flatMap(([name, entry]) => rowsOf(name, entry)),
  );
await writePage(
  'docs/helm-values.md',
  `# Values of the Helm chart

<!-- Made by \`make generate\` from deploy/scripts/chart-values.ts. -->

[deploy.md](deploy.md) says how to install. A value that the chart does not know is refused, and so is one of a wrong type.

${table(single)}

${groups.map(({ name, group }) => `## ${name}\n\n${group.doc}\n\n${table([[name, group]])}`).join('\n\n')}
`,
);
