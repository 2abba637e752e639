import { expect } from 'chai';
import { parseReferences } from '../../src/pipeline/references.js';
import { accepted, refusedWith, written } from './build-pipeline.js';

const parts = (text: string): unknown => {
  const parsed = parseReferences(text);
  return 'parts' in parsed ? parsed.parts : parsed.mistake;
};
const output = '${{ jobs.build.outputs.tag }}';

/** CPU time of the cheapest of several runs: what the work costs, whatever else the machine does. */
const cpuMsOf = (work: () => void): number => {
  const costs = Array.from({ length: 3 }, () => {
    const before = process.cpuUsage();
    work();
    // The kernel only estimates how a short time divides into the two.
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  return Math.min(...costs);
};

describe('references to outputs', () => {
  it('may be anywhere in a text, any number of them, with or without spaces', () => {
    expect(parts('plain $X ${X} {{ x }} $$')).to.deep.equal(['plain $X ${X} {{ x }} $$']);
    expect(parts(output)).to.deep.equal([{ job: 'build', key: 'tag' }]);
    expect(parts('a/${{jobs.my-job-2.outputs._KEY}}:${{  jobs.b.outputs.k9  }}!')).to.deep.equal([
      'a/',
      { job: 'my-job-2', key: '_KEY' },
      ':',
      { job: 'b', key: 'k9' },
      '!',
    ]);
    expect(parts('')).to.deep.equal([]);
  });

  it('have one form, and others are quoted in the message', () => {
    const mustBe = (shown: string) => `"${shown}" must be of the form \${{ jobs.NAME.outputs.KEY }}`;
    for (const wrong of [
      '${{ }}',
      '${{ job.build.outputs.tag }}',
      '${{ jobs.build.output.tag }}',
      '${{ jobs.Build.outputs.tag }}',
      '${{ jobs.build.outputs.my-tag }}',
      '${{ jobs.build.outputs.a.b }}',
      '${{ jobs.build.outputs.__proto__ }}',
      '${{ jobs.build.outputs.tag | upper }}',
    ])
      expect(parts(`x ${wrong} y`)).to.equal(mustBe(wrong));
    expect(parts('x ${{ jobs.build.outputs.tag } y')).to.equal('has "${{" without a closing "}}"');
  });

  it('have a default behind an or, in double quotes', () => {
    expect(parts('v${{ jobs.build.outputs.tag or "none" }}!')).to.deep.equal([
      'v',
      { job: 'build', key: 'tag', fallback: 'none' },
      '!',
    ]);
    const texts = {
      '""': '',
      '"}} $X {{"': '}} $X {{',
      '"a \\"b\\" \\\\c"': 'a "b" \\c',
      '"two\nlines, or more"': 'two\nlines, or more',
    };
    for (const [quoted, fallback] of Object.entries(texts)) {
      expect(parts(`\${{jobs.b.outputs.k   or ${quoted}}}`)).to.deep.equal([{ job: 'b', key: 'k', fallback }]);
    }
  });

  it('have a default of one form, and others are quoted in the message', () => {
    for (const wrong of [
      "or 'single'",
      'or plain',
      'or',
      'or "one" or "two"',
      '|| "x"',
      'or "a\\n"',
      'or jobs.other.outputs.x',
      'or "open',
    ]) {
      expect(parts(`\${{ jobs.build.outputs.tag ${wrong} }}`), wrong).to.match(
        /must be of the form \$\{\{ jobs\.NAME\.outputs\.KEY \}\}( or \$\{\{ jobs\.NAME\.outputs\.KEY or "text" \}\}, with |$)/,
      );
    }
    expect(parts('${{ jobs.a.outputs.b or "${{ jobs.c.outputs.d }}" }}')).to.equal(
      'has a reference in the default text of an "or", which must be plain text',
    );
  });

  const longOnes: Record<string, (length: number) => string> = {
    'many references': (length) => '${{ jobs.a.outputs.b }}'.repeat(length / 20),
    'a name without an end': (length) => `\${{ jobs.${'a'.repeat(length)}`,
    'spaces in place of a key': (length) => `\${{ jobs.a.outputs.${' '.repeat(length)} }}`,
    'spaces without an end': (length) => `\${{ jobs.a.outputs.b${' '.repeat(length)} !`,
    'a text without an end': (length) => `\${{ jobs.a.outputs.b or "${'x'.repeat(length)} }}`,
    'a long text': (length) => `\${{ jobs.a.outputs.b or "${'x'.repeat(length)}" }}`,
  };
  for (const [what, shape] of Object.entries(longOnes)) {
    it(`are read at a cost in proportion to the text: ${what}`, () => {
      const [short, long] = [shape(10_000), shape(100_000)];
      const ofTenShort = cpuMsOf(() => { for (let count = 0; count < 10; count += 1) parts(short); }); // prettier-ignore
      // If the cost is linear, the long one costs as much as ten short ones; if quadratic, ten times that.
      expect(cpuMsOf(() => void parts(long))).to.be.below(3 * Math.max(ofTenShort, 1));
    });
  }
});

describe('checking references', () => {
  const build = { run: 'echo tag=1 >> $CHAINR_OUTPUT' };

  it('accepts them in variables and images of dependent jobs, direct or not, and of their steps', () => {
    const { jobs } = accepted(
      written({
        build,
        test: { dependsOn: ['build'], env: { TAG: output }, image: `registry/app:${output}` },
        deploy: {
          run: undefined,
          dependsOn: [{ job: 'test', conditions: { failure: true, skipped: true } }],
          steps: [{ name: 'one', run: ':', env: { TAG: `v${output}` } }],
        },
        apart: {},
      }),
    );
    expect(jobs.map(({ references }) => references)).to.deep.equal([
      undefined,
      { outputsOf: { build: 0 } },
      { outputsOf: { build: 0 } },
      undefined,
    ]);
  });

  it('reports those to unknown jobs, and to jobs that are no dependencies', () => {
    const env = (NAME: string) => ({ env: { TAG: `\${{ jobs.${NAME}.outputs.tag }}` } });
    const found = refusedWith(
      written({ build, after: { dependsOn: ['build'], ...env('biuld') }, apart: env('build'), self: env('self') }),
    );
    expect(found).to.deep.equal([
      'jobs.after.env.TAG: there is no job "biuld", did you mean "build"?',
      'jobs.apart.env.TAG: the job does not wait for "build"; add that to its dependsOn',
      'jobs.self.env.TAG: the job refers to its own outputs, which exist only after it has ended',
    ]);
  });

  it('refuses them in scripts, arguments and workdirs, with the advice to use a variable', () => {
    const advice =
      'outputs cannot be used in scripts and arguments; assign the output to a variable in env and use the variable';
    const found = refusedWith(
      written({
        build,
        script: { dependsOn: ['build'], run: `deploy ${output}` },
        words: { dependsOn: ['build'], run: undefined, command: ['deploy', output], args: ['-t', output] },
        steps: { dependsOn: ['build'], run: undefined, steps: [{ name: 's', run: ':', workdir: `/x/${output}` }] },
      }),
    );
    expect(found).to.deep.equal([
      `jobs.script.run: ${advice}`,
      `jobs.words.command[1]: ${advice}`,
      `jobs.words.args[1]: ${advice}`,
      `jobs.steps.steps[0].workdir: ${advice}`,
    ]);
  });

  it('accepts scripts with other text in such brackets, as files of other tools have', () => {
    accepted(written({ a: { run: "echo '${{ github.sha }}' > workflow.yaml; echo ${#X}" } }));
  });

  it('reports mistakes of form at their place, once', () => {
    const found = refusedWith(
      written({
        build,
        a: { dependsOn: ['build'], image: 'app:${{ jobs.build.outputs.tag', env: { X: '${{ secrets.token }}' } },
        b: { image: 'two words', dependsOn: ['build'] },
        c: { image: `two words:${output}`, dependsOn: ['build'] },
      }),
    );
    expect(found).to.have.members([
      'jobs.a.image: has "${{" without a closing "}}"',
      'jobs.a.env.X: "${{ secrets.token }}" must be of the form ${{ jobs.NAME.outputs.KEY }}; a secret is a map in env: { TOKEN: { secret: NAME } }',
      'jobs.b.image: must be the name of an image, without spaces',
      'jobs.c.image: must be the name of an image, without spaces',
    ]);
  });

  it('has none in the env of the whole pipeline, since not all its jobs wait for others', () => {
    expect(refusedWith(written({ build }, { env: { TAG: output } }))).to.deep.equal([
      'env.TAG: refers to outputs; only the env of a job or step may do so',
    ]);
  });

  it('says in the env of the whole pipeline, too, what is wrong with what is no reference to outputs', () => {
    const env = { T: '${{ secrets.T }}', U: 'x ${{ secret.u }}', V: '${{ env.X }}', W: '${{', OK: '$T' };
    const form = 'must be of the form ${{ jobs.NAME.outputs.KEY }}';
    const hint = 'a secret is a map in env: { TOKEN: { secret: NAME } }';
    expect(refusedWith(written({ build }, { env }))).to.deep.equal([
      `env.T: "\${{ secrets.T }}" ${form}; ${hint}`,
      `env.U: "\${{ secret.u }}" ${form}; ${hint}`,
      `env.V: "\${{ env.X }}" ${form}`,
      'env.W: has "${{" without a closing "}}"',
    ]);
  });

  it('costs in proportion to the graph, however many references there are', () => {
    const chain = (begin: string): [string, object][] =>
      Array.from({ length: 5_000 }, (_, at) => [
        `job-${String(at)}`,
        {
          ...(at > 0 && { dependsOn: [`job-${String(at - 1)}`] }),
          ...(at > 1 && {
            env: {
              FIRST: `${begin} jobs.job-0.outputs.x }}`,
              NEAR: `${begin} jobs.job-${String(at >> 1)}.outputs.x }}`,
            },
          }),
        },
      ]);
    const costOf = (begin: string): number => {
      const pipeline = written(Object.fromEntries(chain(begin)));
      return cpuMsOf(() => void accepted(pipeline));
    };
    // A walk through the graph for each reference would cost several times as much as all the rest.
    expect(costOf('${{')).to.be.below(3 * costOf('{{'));
  });
});

describe('checking secrets', () => {
  it('accepts a secret wherever a variable is allowed, and marks the jobs that get it', () => {
    const secret = { secret: 'db-password' };
    const pipeline = accepted(
      written({ a: { env: { TOKEN: secret, PLAIN: 'x' } }, b: {} }, { env: { ALL: { secret: 'all.key' } } }),
    );
    expect(pipeline.env).to.deep.equal({ ALL: { secret: 'all.key' } });
    expect(pipeline.jobs[0]?.env).to.deep.equal({ TOKEN: secret, PLAIN: 'x' });
    expect(pipeline.jobs.map(({ references }) => references)).to.deep.equal([{ outputsOf: {} }, { outputsOf: {} }]);
    expect(accepted(written({ a: { env: { TOKEN: secret } }, b: {} })).jobs[1]).not.to.have.property('references');
  });

  it('refuses names that lead elsewhere, and other fields', () => {
    const bad = ['../etc/passwd', '..data', '-x', 'a/b', ''].map(
      (secret) => [`V${String(secret.length)}`, { secret }] as const,
    );
    const found = refusedWith(
      written({ a: { env: { ...Object.fromEntries(bad), MORE: { secrt: 'x' }, LIST: ['x'] } } }),
    );
    expect(found.filter((line) => line.includes('the name of a secret has at most 253 letters'))).to.have.length(
      bad.length,
    );
    expect(found).to.include('jobs.a.env.MORE.secrt: unknown field "secrt", did you mean "secret"?');
    expect(found).to.include(
      'jobs.a.env.LIST: must be text, or a map with "secret", "kubernetesSecret" or "configMap", but is a list',
    );
  });

  it('refuses a secret in a variable that shells keep for themselves, since it would have to be an argument', () => {
    for (const name of ['PS1', 'IFS', 'LC_ALL', 'ENV']) {
      expect(refusedWith(written({ a: { env: { [name]: { secret: 'x' } } } }))).to.deep.equal([
        `jobs.a.env.${name}: shells use this variable themselves: put the secret into another one`,
      ]);
    }
    accepted(written({ a: { env: { PS1: 'x' } } }));
  });
});
