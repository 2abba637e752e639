/** Writes docs/settings.md from the table in the config.ts of each service; with --check says whether it is stale. */
import { markdownTable, writePage } from './markdown-page.js';
import { services, settingsOf, shownDefault } from './service-settings.js';

const sections: string[] = [];
for (const service of services) {
  const rows = (await settingsOf(service)).map((setting) => [`\`${setting.env}\``, shownDefault(setting), setting.doc]);
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
