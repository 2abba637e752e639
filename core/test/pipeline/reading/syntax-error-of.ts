import { expect } from 'chai';
import { PipelineSyntaxError } from '../../../src/pipeline/reading/syntax-error.js';

/** The mistake with which a text is refused. Throws if the text is accepted. */
export function syntaxErrorOf(parse: () => unknown): PipelineSyntaxError {
  try {
    parse();
  } catch (error) {
    if (error instanceof PipelineSyntaxError) return error;
    throw error;
  }
  return expect.fail('it was read');
}
