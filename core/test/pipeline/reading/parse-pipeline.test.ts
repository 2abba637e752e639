import { expect } from 'chai';
import fc from 'fast-check';
import { pipelineContentTypes, pipelineFormat } from '../../../src/pipeline/content-types.js';
import { parsePipelineText } from '../../../src/pipeline/reading/parse-pipeline.js';
import { PipelineSyntaxError } from '../../../src/pipeline/reading/syntax-error.js';
import { syntaxErrorOf } from './syntax-error-of.js';

const json = (text: string): unknown => parsePipelineText(text, 'application/json');
const yaml = (text: string): unknown => parsePipelineText(text, 'application/yaml');

describe('parsing the text of a pipeline', () => {
  it('accepts JSON and YAML by their content types, with charset UTF-8 only', () => {
    expect(pipelineContentTypes.map((type) => pipelineFormat(type))).to.deep.equal([
      'json',
      'yaml',
      'yaml',
      'yaml',
      'yaml',
    ]);
    expect(pipelineFormat('Application/JSON; charset=UTF-8')).to.equal('json');
    expect(pipelineFormat('text/yaml;charset="utf-8"')).to.equal('yaml');
    expect(pipelineFormat('application/json; charset=utf-16')).to.equal(undefined);
    expect(pipelineFormat('text/plain')).to.equal(undefined);
    expect(pipelineFormat('')).to.equal(undefined);
    expect(syntaxErrorOf(() => parsePipelineText('{}', 'text/plain')).message).to.contain('application/json');
  });

  it('throws nothing but PipelineSyntaxError, whatever the text', () => {
    const marks = fc.constantFrom(
      'a',
      ':',
      ': ',
      '- ',
      '\n',
      '\n  ',
      '? ',
      '|',
      '>',
      '&a ',
      '*a',
      '!t ',
      '!!str ',
      '%YAML 1.1\n',
      '---\n',
      '...\n',
      '"',
      "'",
      '[',
      ']',
      '{',
      '}',
      ',',
      '#',
      '<<',
      '\t',
      '\0',
      '\ud800',
      '\u2028',
      '1',
      '~',
      '@',
      '`',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(marks, { maxLength: 24 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(text, fc.constantFrom(json, yaml), (source, parse) => {
        try {
          parse(source);
        } catch (error) {
          expect(error).to.be.instanceOf(PipelineSyntaxError);
          expect((error as PipelineSyntaxError).message).to.match(/^[^\n]+$/);
        }
      }),
      { numRuns: 5_000 },
    );
  });
});
