import { ApiError } from '@chainr/core/api/errors';
import type { RequestHandler } from 'express';
import { serviceOf } from './service-of.js';

const withBody = ['POST', 'PUT', 'PATCH'];

const allowed = [
  'application/json',
  'application/yaml',
  'application/x-yaml',
  'text/yaml',
  'text/x-yaml',
  'application/vnd.yaml',
];

/**
 * Demands JSON or YAML of what changes something. A web page elsewhere cannot send these without
 * asking first, and gate never answers such a question with yes.
 */
export function checkContentType(): RequestHandler {
  return (request, _response, next) => {
    const [type = ''] = (request.headers['content-type'] ?? '').split(';');
    if (
      withBody.includes(request.method) &&
      serviceOf(request.url) !== 'ui' &&
      !allowed.includes(type.trim().toLowerCase())
    ) {
      throw new ApiError('UnsupportedMediaType', 'The content type must be application/json or application/yaml.');
    }
    next();
  };
}
