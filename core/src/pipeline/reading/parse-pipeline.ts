import { pipelineFormat, pipelineContentTypes } from '../content-types.js';
import { readJson } from './read-json.js';
import { readYaml } from './read-yaml.js';
import { PipelineSyntaxError } from './syntax-error.js';

/**
 * Parses the text of a pipeline: strictly, in the order of the document, with every map as a `Map`. Only the syntax is
 * checked. `contentType` is a header such as `application/yaml; charset=utf-8`. Throws only PipelineSyntaxError, which
 * names the place.
 */
export function parsePipelineText(text: string, contentType: string): unknown {
  const withoutMark = text.startsWith('\ufeff') ? text.slice(1) : text;
  switch (pipelineFormat(contentType)) {
    case 'json':
      return readJson(withoutMark);
    case 'yaml':
      return readYaml(withoutMark);
    case undefined:
      throw new PipelineSyntaxError(
        `send the pipeline in UTF-8 with one of the content types ${pipelineContentTypes.join(', ')}`,
      );
  }
}
