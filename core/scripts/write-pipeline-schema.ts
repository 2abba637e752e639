/**
 * Writes core/schema/pipeline.schema.json, the published JSON Schema of pipelines. With `--check`
 * it writes nothing, and ends with exit code 1 where the file is not what the source makes.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { pipelineJsonSchema } from '../src/pipeline/schema/pipeline-schema.js';

const command = 'node --conditions=chainr-source --import=tsx core/scripts/write-pipeline-schema.ts';
const file = fileURLToPath(new URL('../schema/pipeline.schema.json', import.meta.url));

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const wanted = await format(JSON.stringify(pipelineJsonSchema()), { ...(await resolveConfig(file)), filepath: file });

if (!values.check) {
  await writeFile(file, wanted);
} else if (wanted !== (await readIfThere())) {
  console.error(`core/schema/pipeline.schema.json is stale; make it anew with: ${command}`);
  process.exitCode = 1;
}

async function readIfThere(): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
