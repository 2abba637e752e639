/**
 * Writes docs/licenses.md, which lists the packages that chainr needs at run time; with --check fails if it is stale.
 * Either way a license that is not allowed here is an error.
 */
import { writePage } from './markdown-page.js';
import { packagesOf } from './package/locked-packages.js';

/** Permissive licenses, which ask for no more than that their text is kept. */
const allowed = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT', 'Python-2.0', 'Unlicense'];

/** Packages whose manifest has no SPDX expression, and what their license file says. */
const stated: Readonly<Record<string, string>> = { ssh2: 'MIT' };

const rows = new Set<string>();
for (const { name, version, license = stated[name] ?? 'unknown', workspace } of packagesOf('cli')) {
  if (workspace) continue;
  if (!allowed.includes(license)) {
    console.error(
      `${name} ${version} has the license ${license}: remove it, or allow that in scripts/write-licenses-page.ts.`,
    );
    process.exitCode = 1;
  }
  rows.add(`| ${name} | ${version} | ${license} |`);
}

await writePage(
  'docs/licenses.md',
  `# Licenses

<!-- Made by \`make generate\` from package-lock.json. -->

chainr has the license Apache-2.0. At run time it needs these packages of npm. Their license texts are in the images
and in each package. \`make check\` refuses a license that it does not allow.

| package | version | license |
| ------- | ------- | ------- |
${[...rows].sort().join('\n')}
`,
);
