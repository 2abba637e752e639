import { readdir, readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { parsePipelineText } from '../../src/pipeline/reading/parse-pipeline.js';
import { pipelineJsonSchema } from '../../src/pipeline/schema/pipeline-schema.js';
import { accepted } from './build-pipeline.js';

const examples = new URL('../../../examples/', import.meta.url);
const isPipeline = /\.(?:json|ya?ml)$/;

describe('the examples', () => {
  it('are valid pipelines', async () => {
    const files = (await readdir(examples)).filter((file) => isPipeline.test(file));
    expect(files).to.include('readme.json');
    for (const file of files) {
      const text = await readFile(new URL(file, examples), 'utf8');
      accepted(parsePipelineText(text, file.endsWith('.json') ? 'application/json' : 'application/yaml'));
    }
  });
});

describe('the README', () => {
  it('shows the pipeline that `make run` runs', async () => {
    const readme = await readFile(new URL('../README.md', examples), 'utf8');
    const [, shown = ''] = /```json\n([^]*?)\n```/.exec(readme) ?? [];
    expect(JSON.parse(shown)).to.deep.equal(JSON.parse(await readFile(new URL('readme.json', examples), 'utf8')));
  });
});

describe('the published JSON Schema', () => {
  it('is what the source makes', async () => {
    const published = JSON.parse(
      await readFile(new URL('../../schema/pipeline.schema.json', import.meta.url), 'utf8'),
    ) as unknown;
    expect(published).to.deep.equal(JSON.parse(JSON.stringify(pipelineJsonSchema())));
  });
});
