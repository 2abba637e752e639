/** Writes docs/settings.md from the table in the config.ts of each service; with --check fails if it is stale. */
import { fileVariable } from '../core/src/service/settings.js';
import { markdownTable, writePage } from './markdown-page.js';
import { defaultCell, services, settingsOf } from './service-settings.js';

const sections: string[] = [];
for (const service of services) {
  const rows = (await settingsOf(service)).map((setting) => [
    `\`${setting.env}\``,
    setting.form,
    defaultCell(setting),
    setting.secret ? `${setting.doc} Or \`${fileVariable(setting)}\`: the path of a file with it.` : setting.doc,
  ]);
  sections.push(`## ${service}\n\n${markdownTable(['variable', 'value', 'default', 'description'], rows)}`);
}

await writePage(
  'docs/settings.md',
  `# Settings

<!-- Made by \`make generate\` from the config.ts of each service. -->

Each service reads these variables from its environment at start and reports all invalid ones at once. \`make run\` needs none of
them: it configures every service. It runs \`chainr up\`, which reads the settings of cli, gate, work and recycle that \`chainr up --settings\`
lists. It runs jobs with Docker if a daemon answers, unless \`CHAINR_EXECUTOR\` is set.

A duration is one or more whole numbers, each with the unit \`d\`, \`h\`, \`m\`, \`s\` or \`ms\`, larger units first: \`500ms\`, \`90s\`, \`1h30m\`; at most
365 days. Only 0 needs no unit. A size is a whole number of bytes, without a unit: \`67108864\` is 64 MiB. An empty variable counts as
not set.

${sections.join('\n\n')}
`,
);
