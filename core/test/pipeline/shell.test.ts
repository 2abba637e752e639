import { expect } from 'chai';
import { interpreterOf } from '../../src/pipeline/interpreter.js';
import { resolveSteps } from '../../src/pipeline/steps.js';
import { accepted, refusedWith, written } from './build-pipeline.js';

const shellsOf = (value: unknown): unknown[] =>
  accepted(value).jobs.map((job) => resolveSteps(job).map(({ shell }) => shell));

describe('the shell of a script', () => {
  const [bash, zsh, ash] = [
    ['/bin/bash', '-c'],
    ['zsh', '-c'],
    ['/bin/ash', '-c'],
  ];

  it('is that of the step, else of the job, else of the pipeline, and of no command', () => {
    const steps = [
      { name: 'own', run: 'x', shell: ash },
      { name: 'other', run: 'x' },
      { name: 'command', command: ['x'] },
    ];
    const jobs = { plain: {}, own: { shell: zsh }, steps: { run: undefined, shell: zsh, steps }, none: { run: undefined, command: ['x'] } }; // prettier-ignore
    expect(shellsOf(written(jobs, { shell: bash }))).to.deep.equal([[bash], [zsh], [ash, zsh, undefined], [undefined]]);
    expect(shellsOf(written({ plain: {} }))).to.deep.equal([[undefined]]);
  });

  it('is a list of 1 to 20 words, beside a run', () => {
    const step = { name: 'one', command: ['x'], shell: bash };
    const found = refusedWith(
      written({
        text: { shell: 'bash' },
        none: { shell: [] },
        many: { shell: Array.from({ length: 21 }, () => 'x') },
        empty: { shell: ['', '-c'] },
        command: { run: undefined, command: ['x'], shell: bash },
        steps: { run: undefined, steps: [step] },
      }),
    );
    expect(found).to.have.members([
      'jobs.text.shell: must be a list, but is the text "bash"',
      'jobs.none.shell: must not be empty',
      'jobs.many.shell: has more than 20 entries',
      'jobs.empty.shell: must begin with a program, such as /bin/bash',
      'jobs.command.shell: requires "run": "command" is executed without a shell',
      'jobs.steps.steps[0].shell: requires "run": "command" is executed without a shell',
    ]);
  });

  it('is the interpreter of a script that begins with #!, with the rest of the line as one argument', () => {
    expect(interpreterOf('#!/usr/bin/env -S python3 -u \r\nprint(1)')).to.deep.equal(['/usr/bin/env', '-S python3 -u']);
    expect(interpreterOf('#! /bin/sh')).to.deep.equal(['/bin/sh']);
    expect(interpreterOf('#!\n/bin/sh')).to.deep.equal(['']);
    for (const script of ['# !/bin/sh', '\n#!/bin/sh', 'echo #!/bin/sh', ''])
      expect(interpreterOf(script)).to.equal(undefined);
    const mend = 'begins with "#!" without the path of a program; write it such as #!/usr/bin/env python3';
    expect(refusedWith(written({ bare: { run: '#!\nx' }, word: { run: '#!python3\nx' } }))).to.deep.equal([
      `jobs.bare.run: ${mend}`,
      `jobs.word.run: ${mend}`,
    ]);
  });
});
