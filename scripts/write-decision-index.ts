/** Writes docs/adr/README.md from the headings of the records; with --check fails if it is stale. */
import { readdirSync, readFileSync } from 'node:fs';
import { markdownTable, writePage } from './markdown-page.js';

const folder = 'docs/adr';

const rows = readdirSync(folder)
  .filter((file) => /^\d{4}-[a-z0-9-]+\.md$/.test(file))
  .sort()
  .map((file) => {
    const title = /^# (?:\d+[.:] *)?(.+)$/m.exec(readFileSync(`${folder}/${file}`, 'utf8'))?.[1];
    if (title === undefined) throw new Error(`${folder}/${file} has no heading`);
    return [`[${file.slice(0, 4)}](${file})`, title];
  });

await writePage(
  `${folder}/README.md`,
  `# Decisions

<!-- Made by \`make generate\` from the headings of the records. -->

One file per decision that somebody may question later: context, decision, consequences, and what was rejected, with its figures.
A decision that no longer holds is not edited: a later one replaces it and says so.

${markdownTable(['number', 'decision'], rows)}
`,
);
