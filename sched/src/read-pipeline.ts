import type { IncomingMessage } from 'node:http';
import { ApiError } from '@chainr/core/api/errors';
import { checkPipeline } from '@chainr/core/model/check-pipeline';
import { pipelineContentTypes, pipelineFormat } from '@chainr/core/model/content-types';
import { pipelineLimits } from '@chainr/core/model/limits';
import { countMistakes, quote } from '@chainr/core/model/mistakes';
import { parsePipelineText } from '@chainr/core/model/parse-pipeline';
import { PipelineSyntaxError } from '@chainr/core/model/syntax-error';
import type { Pipeline } from '@chainr/core/model/pipeline';
import { readBody } from './read-body.js';

/** A pipeline as it was sent and as it was understood. */
export interface SentPipeline {
  pipeline: Pipeline;
  contentType: string;
  text: string;
  body: Buffer;
}

/**
 * Reads and checks the pipeline in the body of a request.
 *
 * @throws ApiError UnsupportedMediaType, TooLarge or BadRequest; its details name every
 *   mistake at once
 */
export async function readPipeline(request: IncomingMessage): Promise<SentPipeline> {
  const contentType = readContentType(request);
  const body = await readBody(request, pipelineLimits.bodyBytes);
  const text = decode(body);
  const checked = checkPipeline(parse(text, contentType));
  if ('pipeline' in checked) return { pipeline: checked.pipeline, contentType, text, body };

  const { mistakes: details } = checked;
  const total = countMistakes(details);
  const count = total === 1 ? 'one mistake' : `${String(total)} mistakes`;
  const first = details[0];
  const shown = first ? `: ${first.path === '' ? '' : `${first.path}: `}${first.message}` : '';
  throw new ApiError('BadRequest', `The pipeline has ${count}${shown}`, { details });
}

/** The media type alone: all that is accepted is UTF-8. */
function readContentType(request: IncomingMessage): string {
  const sent = request.headers['content-type'] ?? '';
  if (pipelineFormat(sent) === undefined) {
    const problem =
      sent === '' ? 'The request has no content type' : `${quote(sent)} is not the content type of a pipeline`;
    throw new ApiError('UnsupportedMediaType', `${problem}; send UTF-8 as one of ${pipelineContentTypes.join(', ')}.`);
  }
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity')
    throw new ApiError('UnsupportedMediaType', 'A pipeline is sent without a Content-Encoding.');
  return sent.split(';', 1).join('').trim().toLowerCase();
}

/** Keeps a byte order mark, so that the pipeline can be given back as it came. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decode(body: Buffer): string {
  try {
    return utf8.decode(body);
  } catch (cause) {
    throw badText('The body is not valid UTF-8.', cause);
  }
}

function parse(text: string, contentType: string): unknown {
  try {
    return parsePipelineText(text, contentType);
  } catch (error) {
    if (error instanceof PipelineSyntaxError) throw badText(error.message, error);
    throw error;
  }
}

function badText(message: string, cause?: unknown): ApiError {
  return new ApiError('BadRequest', message, { details: [{ path: '', message }], cause });
}
