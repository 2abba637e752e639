import { expect } from 'chai';
import { pipelineLimits } from '../../../src/pipeline/limits.js';
import { parsePipelineText } from '../../../src/pipeline/reading/parse-pipeline.js';
import { syntaxErrorOf } from './syntax-error-of.js';

const yaml = (text: string): unknown => parsePipelineText(text, 'application/yaml');

describe('a pipeline in YAML', () => {
  it('keeps the order of maps, and reads names as text', () => {
    const read = yaml('b: yes\n10: 1\ntrue: no\n') as Map<string, unknown>;
    expect([...read]).to.deep.equal([
      ['b', 'yes'],
      ['10', 1],
      ['true', 'no'],
    ]);
  });

  it('reads JSON, too', () => {
    expect(yaml('{"a": ["b", 1, null, true]}')).to.deep.equal(new Map([['a', ['b', 1, null, true]]]));
  });

  it('supports aliases and merge keys', () => {
    const read = yaml('a: &base { image: busybox, run: x }\nb:\n  <<: *base\n  run: y\nc: *base\n');
    expect(read).to.deep.equal(
      new Map([
        [
          'a',
          new Map([
            ['image', 'busybox'],
            ['run', 'x'],
          ]),
        ],
        [
          'b',
          new Map([
            ['run', 'y'],
            ['image', 'busybox'],
          ]),
        ],
        [
          'c',
          new Map([
            ['image', 'busybox'],
            ['run', 'x'],
          ]),
        ],
      ]),
    );
  });

  it('refuses unknown syntax, with its place', () => {
    const messages: Record<string, string> = {
      'a: 1\na: 2': 'the name "a" appears twice in one map (line 2, column 1)',
      'a: *b': 'the alias "*b" has no anchor before it (line 1, column 4)',
      'a: &a [*a]': 'the alias "*a" has no anchor before it',
      'a: !!js/function x': 'the tag "tag:yaml.org,2002:js/function" is not a standard YAML tag',
      'a: !secret x': 'the tag "!secret" is not a standard YAML tag',
      'a: 1\n---\nb: 2': 'a pipeline must be a single YAML document, but there are several',
      'a: [1': 'not YAML: ',
      'run: echo "a: b"': 'in quotes, or below a |',
      'run: |\necho b': 'a line of a script is not indented',
      '\ta: 1': 'not YAML: Tabs are not allowed as indentation (line 1, column 1)',
      '? [a]\n: 1': 'not YAML: ',
      '<<: 1': '"<<" takes a map or a list of maps',
      '%YAML 1.1\n%TAG': 'not YAML: ',
    };
    for (const [text, message] of Object.entries(messages))
      expect(syntaxErrorOf(() => yaml(text)).message).to.contain(message);
  });

  it('distinguishes a quote that is not indented from one that is not closed', () => {
    const indent = 'and its closing quote, must be indented deeper than the name of the field';
    const unclosed = 'perhaps a quote is not closed';
    const messages: Record<string, string> = {
      'run: "echo\n  hi\n"\n': indent,
      'jobs:\n  a:\n    run: "echo\n    hi\n    "\n    image: b\n': indent,
      "jobs:\n  a:\n    run: 'echo\n      hi\n    '\n": indent,
      'run: "echo\nhi"\n': indent,
      'jobs:\n  a:\n    run: "x\n  "\n    image: b\n': indent,
      'run: "echo hi\n': unclosed,
      'run: "echo\n  hi\nimage: b\n': unclosed,
      'run: \'echo\n  hi\nimage: "b"\n': unclosed,
      "run: 'echo\n": "not YAML: the closing ' is missing; ",
      'run: "echo\n  hi\n"': 'not YAML: the closing " is missing; ',
    };
    for (const [text, message] of Object.entries(messages)) {
      expect(syntaxErrorOf(() => yaml(text)).message, text).to.contain(message);
    }
    expect(yaml('run: "echo\n  hi\n  "\n')).to.deep.equal(new Map([['run', 'echo hi ']]));
  });

  it('refuses aliases that expand to more than the size limit', () => {
    const levels = Array.from(
      { length: 9 },
      (_, level) =>
        `l${String(level + 1)}: &l${String(level + 1)} [${Array(10)
          .fill(`*l${String(level)}`)
          .join(', ')}]`,
    );
    expect(syntaxErrorOf(() => yaml(['l0: &l0 x', ...levels].join('\n'))).message).to.contain(
      'too large with its aliases expanded',
    );
    const script = `a: &script ${'x'.repeat(100_000)}\n`;
    const uses = Array.from({ length: 200 }, (_, index) => `b${String(index)}: *script\n`).join('');
    expect(syntaxErrorOf(() => yaml(script + uses)).message).to.contain('too large');
  });

  it('lets thousands of jobs share one anchor', () => {
    const uses = Array.from({ length: 5_000 }, (_, index) => `j${String(index)}: *job\n`).join('');
    expect(yaml(`a: &job { image: busybox }\n${uses}`)).to.have.property('size', 5_001);
  });

  it('refuses a document that is nested too deeply, in any way', () => {
    for (const text of [
      '['.repeat(500_000),
      '- '.repeat(100_000),
      '? '.repeat(100_000),
      '{a: '.repeat(100_000),
      `a: ${'['.repeat(40)}${']'.repeat(40)}`,
    ]) {
      expect(syntaxErrorOf(() => yaml(text)).message).to.contain('nested deeper than 32 levels');
    }
  });

  it('stops at the first mistake, and at a limit of tokens', () => {
    expect(syntaxErrorOf(() => yaml(`{${','.repeat(300_000)}}`)).message).to.contain('Unexpected , in flow map');
    expect(syntaxErrorOf(() => yaml('\n'.repeat(pipelineLimits.yamlTokens + 2))).message).to.contain('YAML tokens');
  });

  it('reads an empty text as an empty document', () => {
    expect(yaml('')).to.equal(null);
    expect(yaml('# nothing\n')).to.equal(null);
  });
});
