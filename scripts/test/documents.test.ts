import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';

const documents = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(file));

/** The targets of links to files, such as `docs/adr` in `[why](docs/adr#x)`. */
function linkedFiles(text: string): string[] {
  return [...text.matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)].map((match) => match[1] ?? '');
}

/** As a shell expands `a/{b,c}.ts`. */
function expandBraces(text: string): string[] {
  const [, before = '', names = '', after = ''] = /^([^{]*)\{([^}]*)\}(.*)$/.exec(text) ?? [];
  return names === '' ? [text] : names.split(',').map((name) => before + name + after);
}

describe('the documents', () => {
  it('link only to files that exist', () => {
    const broken = documents.flatMap((document) =>
      linkedFiles(readFileSync(document, 'utf8'))
        .filter((target) => !existsSync(join(dirname(document), target)))
        .map((target) => `${document}: ${target}`),
    );
    expect(broken).to.deep.equal([]);
  });

  it('name only source files that exist', () => {
    const text = readFileSync('ARCHITECTURE.md', 'utf8');
    const named = [...text.matchAll(/`([\w-]+\/(?:src|scripts)\/[\w./{},-]+\.(?:ts|lua|sh))`/g)].flatMap((match) =>
      expandBraces(match[1] ?? ''),
    );
    expect(named).to.not.be.empty;
    expect(named.filter((file) => !file.includes('NAME') && !existsSync(file))).to.deep.equal([]);
  });

  it('list every command of the Makefile in `make help`', () => {
    const targets = [...readFileSync('Makefile', 'utf8').matchAll(/^([a-z][\w-]*):/gm)].map((match) => match[1]);
    const help = execFileSync('make', ['help'], { encoding: 'utf8' });
    expect([...help.matchAll(/^ {2}make (\S+) /gm)].map((match) => match[1])).to.have.members(targets);
  });

  it('name the folders that exist, each with its README', () => {
    const folders = [
      'core',
      'executor',
      'gate',
      'sched',
      'work',
      'notif',
      'recycle',
      'ui',
      'cli',
      'testkit',
      'bench',
      'deploy',
      'chaos',
    ];
    expect(folders.filter((folder) => !existsSync(`${folder}/README.md`))).to.deep.equal([]);
  });
});
