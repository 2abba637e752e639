/** The content types in which a pipeline may be sent. */
export const pipelineContentTypes = [
  'application/json',
  'application/yaml',
  'application/x-yaml',
  'text/yaml',
  'text/x-yaml',
] as const;

export type PipelineFormat = 'json' | 'yaml';

/**
 * The format that a Content-Type header such as `application/json; charset=utf-8` names. Undefined for every other
 * type, and for every charset but UTF-8 and its subset ASCII.
 */
export function pipelineFormat(contentType: string): PipelineFormat | undefined {
  const [type = '', ...parameters] = contentType.split(';').map((part) => part.trim().toLowerCase());
  if (!pipelineContentTypes.some((known) => known === type)) return undefined;
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice('charset='.length);
  if (charset !== undefined && !/^"?(?:utf-?8|us-ascii)"?$/.test(charset)) return undefined;
  return type === 'application/json' ? 'json' : 'yaml';
}
