import type { IncomingMessage } from 'node:http';
import { ApiError } from '@chainr/core/api/contract/errors';
import { pipelineContentTypes, pipelineFormat } from '@chainr/core/pipeline/content-types';
import { pipelineLimits } from '@chainr/core/pipeline/limits';
import { quote } from '@chainr/core/pipeline/mistakes';
import type { Source } from '@chainr/core/store/runs/source';
import { readBody } from '../http/read-body.js';

/**
 * The pipeline in the body of a request.
 *
 * @throws ApiError UnsupportedMediaType, TooLarge or BadRequest
 */
export async function readPipelineText(request: IncomingMessage): Promise<Source> {
  const contentType = readContentType(request);
  return { contentType, text: decode(await readBody(request, pipelineLimits.bodyBytes)) };
}

/** The media type without its charset: everything accepted is UTF-8. */
function readContentType(request: IncomingMessage): string {
  const sent = request.headers['content-type'] ?? '';
  if (pipelineFormat(sent) === undefined) {
    const problem =
      sent === '' ? 'The request has no content type' : `${quote(sent)} is not the content type of a pipeline`;
    throw new ApiError('UnsupportedMediaType', `${problem}; send UTF-8 as one of ${pipelineContentTypes.join(', ')}.`);
  }
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity')
    throw new ApiError('UnsupportedMediaType', 'Send the pipeline without a Content-Encoding.');
  return sent.split(';', 1).join('').trim().toLowerCase();
}

/** Keeps a byte order mark, so that the pipeline can be returned unchanged. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decode(body: Buffer): string {
  try {
    return utf8.decode(body);
  } catch (cause) {
    const message = 'The body is not valid UTF-8.';
    throw new ApiError('BadRequest', message, { details: [{ path: '', message }], cause });
  }
}
