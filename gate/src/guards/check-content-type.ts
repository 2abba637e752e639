import { allowedMethods } from '@chainr/core/api/server/allowed-methods';
import { ApiError } from '@chainr/core/api/contract/errors';
import { json } from '@chainr/core/api/contract/route-parts';
import type { Route } from '@chainr/core/api/contract/route';
import { pipelineContentTypes } from '@chainr/core/pipeline/content-types';
import { methodNotAllowed, notFound } from '@chainr/core/service/express-errors';
import type { RequestHandler } from 'express';
import { routesAt } from '../routes-at.js';
import { targetOf } from '../read-target.js';

const withBody = ['POST', 'PUT', 'PATCH'];

/**
 * Requires JSON or, for a pipeline, YAML on requests that change something. A foreign web page cannot send these
 * without a preflight request, and gate never allows one. A request with another type never reaches a service, so gate
 * itself reports addresses and methods that do not exist.
 */
export function checkContentType(): RequestHandler {
  return (request, response, next) => {
    const { path, destination } = targetOf(request);
    const ofApi = destination === 'sched' || destination === 'notif';
    if (!withBody.includes(request.method) || !ofApi) return next();
    const [type = ''] = (request.headers['content-type'] ?? '').split(';');
    const here = routesAt(path);
    const meant = here.filter(({ method }) => method === request.method);
    const taken = meant.length > 0 ? meant.flatMap(typesOf) : pipelineContentTypes;
    if (taken.some((known) => known === type.trim().toLowerCase())) return next();
    if (here.length === 0) return notFound()(request, response, next);
    const [route] = meant;
    if (!route) return methodNotAllowed(...allowedMethods(here.map(({ method }) => method)))(request, response, next);
    throw new ApiError('UnsupportedMediaType', wantedType(route, type));
  };
}

const typesOf = ({ takesPipeline }: Route): readonly string[] => (takesPipeline ? pipelineContentTypes : json);

function wantedType(route: Route, sent: string): string {
  const problem = sent === '' ? 'The request has no content type' : `The content type is ${JSON.stringify(sent)}`;
  return route.takesPipeline
    ? `${problem}: send the pipeline with a header such as "Content-Type: application/yaml"; supported types are ${typesOf(route).join(', ')}.`
    : `${problem}: send the header "Content-Type: ${json[0]}", even if the body is empty.`;
}
