import { expect } from 'chai';
import { errorCodes } from '@chainr/core/api/contract/errors';
import { openApiDocument } from '@chainr/core/api/server/openapi';
import { routes } from '@chainr/core/api/contract/routes';

describe('the OpenAPI document', () => {
  const document = openApiDocument('1.2.3');
  const text = JSON.stringify(document);

  it('refers only to what it defines', () => {
    const defined = Object.entries(document['components'] as Record<string, object>).flatMap(([kind, named]) =>
      Object.keys(named).map((name) => `#/components/${kind}/${name}`),
    );
    const references = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference]) => reference);
    expect(references).to.not.be.empty;
    for (const reference of references) expect(defined).to.include(reference);
  });

  it('names the executors that users can have, and not the one of tests', () => {
    const { Worker } = (document['components'] as { schemas: Record<string, object> }).schemas;
    expect(JSON.stringify(Worker)).to.include('"enum":["process","docker","kubernetes"]');
    expect(text).to.not.include('"fake"');
  });

  it('has an operation for each route, with its parameters', () => {
    const paths = document['paths'] as Record<
      string,
      Record<string, { operationId: string; parameters: { name: string; required: boolean }[] }>
    >;
    const ids = Object.values(paths).flatMap((path) => Object.values(path).map(({ operationId }) => operationId));
    expect(ids).to.have.members(Object.keys(routes));
    const log = paths['/api/runs/{uid}/jobs/{job}/logs']?.['get']?.parameters;
    expect(log?.map(({ name, required }) => [name, required])).to.deep.equal([
      ['uid', true],
      ['job', true],
      ['attempt', false],
      ['step', false],
      ['offset', false],
      ['raw', false],
      ['follow', false],
    ]);
  });

  it('describes each parameter, and the range of each number', () => {
    type Parameter = { name: string; description?: string; schema: { type?: string; minimum?: number } };
    const paths = document['paths'] as Record<string, Record<string, { parameters: Parameter[] }>>;
    const parameters = Object.values(paths).flatMap((path) => Object.values(path).flatMap((each) => each.parameters));
    for (const { name, description, schema } of parameters) {
      expect(description, name).to.be.a('string');
      if (schema.type === 'integer') expect(schema.minimum, name).to.be.within(0, 1);
    }
  });

  it('lets a later version add fields to its answers', () => {
    const { Run } = (document['components'] as { schemas: Record<string, object> }).schemas;
    expect(JSON.stringify(Run)).to.not.contain('additionalProperties":false');
  });

  it('explains every code of an error in a sentence', () => {
    for (const { status, doc } of Object.values(errorCodes)) {
      expect(status).to.be.within(400, 599);
      expect(doc).to.match(/\.$/);
    }
  });
});
