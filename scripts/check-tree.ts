/**
 * `npm run tree`: searches every file that git has or would add for what must never be committed and no other tool
 * finds. Prints `file:line: sentence`, exits 1 if anything was found.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

interface Rule {
  pattern: RegExp;
  message: string;
  /** The files that the rule applies to; all if absent. */
  files?: RegExp;
}

const maxLines = 350;
const code = /\.(ts|js|mjs|cjs)$/;
/** Generated or foreign files. */
const notWritten = /(^|\/)(package-lock\.json|LICENSE)$|\.schema\.json$/;
const vagueName = /(^|\/)(utils?|commons?|helpers?)(\/|\.[^/]+$)/i;

const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** This checkout, its neighbors and the home folder: paths without a meaning on other machines. */
function machinePaths(): string[] {
  const root = process.cwd();
  const parent = dirname(root);
  const neighbours = ['/', tmpdir(), '/home', '/opt', '/srv', '/usr/src', '/var/lib'].includes(parent)
    ? []
    : readdirSync(parent).map((name) => join(parent, name));
  return [...new Set([root, ...neighbours, homedir()])].filter(
    (path) => path.split('/').length > 2 || path === homedir(),
  );
}

/** The host of npm's registry here, unless it is the public one. */
function packageHost(): string | undefined {
  const host = new URL(
    execFileSync('npm', ['config', 'get', 'registry', '--loglevel=error'], { encoding: 'utf8' }).trim(),
  ).hostname;
  return host === 'registry.npmjs.org' ? undefined : host;
}

const host = packageHost();
const rules: Rule[] = [
  {
    pattern: new RegExp(`(?<![\\w.~)}\\]/-])(${machinePaths().map(literal).join('|')})(?![\\w.-])`),
    message: 'names a path of this machine',
  },
  ...(host === undefined
    ? []
    : [{ pattern: new RegExp(literal(host)), message: 'names the package host of this machine' }]),
  {
    pattern: /"resolved": "http/,
    message: 'names a package host (.npmrc leaves it out: run npm install again)',
    files: /package-lock\.json$/,
  },
  { pattern: /\b(TODO|FIXME|XXX|HACK)\b/, message: 'leaves something undone: do it, or open an issue' },
  { pattern: /\b(describe|context|it|suite|test)\.only\b/, message: 'would run this test only', files: code },
  { pattern: /eslint-disable/, message: 'silences the linter: mend the code, or change the rule for all', files: code },
  { pattern: /@ts-(ignore|nocheck|expect-error)/, message: 'silences the compiler', files: code },
];

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
  encoding: 'utf8',
  maxBuffer: 1 << 26,
})
  .split('\0')
  .filter((file) => file !== '' && existsSync(file));

let mistakes = 0;
const report = (place: string, message: string): void => {
  mistakes += 1;
  console.error(`${place}: ${message}`);
};

for (const file of files) {
  if (vagueName.test(file)) report(file, 'has a name that does not say what it is for');
  const text = readFileSync(file, 'utf8');
  if (text.includes('\0')) continue;
  const lines = text.split('\n');
  if (lines.length > maxLines && !notWritten.test(file)) {
    console.error(`${file}: warning: ${lines.length} lines; a file that needs a scroll bar is two concepts`);
  }
  // The patterns stand here as themselves.
  if (basename(file) === 'check-tree.ts') continue;
  const applicable = rules.filter((rule) => rule.files?.test(file) ?? true);
  lines.forEach((line, index) => {
    for (const { pattern, message } of applicable) if (pattern.test(line)) report(`${file}:${index + 1}`, message);
  });
}
if (mistakes > 0) process.exitCode = 1;
