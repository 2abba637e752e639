/**
 * Writes docs/pipelines.md from the JSON Schema of pipelines and the notes of `pipeline-notes.ts`. Fails where a field
 * or a variable has no meaning, where a field has no default, and where an example would be refused. With --check says
 * whether the page is stale.
 */
import { checkPipeline } from '../core/src/pipeline/checks/check-pipeline.js';
import { durationPattern } from '../core/src/pipeline/duration.js';
import { pipelineLimits } from '../core/src/pipeline/limits.js';
import { quantity } from '../core/src/pipeline/names.js';
import { parsePipelineText } from '../core/src/pipeline/reading/parse-pipeline.js';
import { pipelineJsonSchema } from '../core/src/pipeline/pipeline-schema.js';
import { chainrVariables } from '../executor/src/chainr-variables.js';
import { asMap, cell, fieldRows, type Json } from './describe-schema.js';
import { markdownTable, writePage } from './markdown-page.js';
import { fieldNotes, variableNotes } from './pipeline-notes.js';
import { pipelineExamples } from './pipeline-examples.js';

const mistakes: string[] = [];

/** The schema with names in place of what has a section of its own. */
function named(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(named);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { pattern, description, anyOf } = schema as Json;
  const kept = description === undefined ? {} : { description };
  if (pattern === durationPattern.source) return { $ref: '#/Duration', ...kept };
  if (Array.isArray(anyOf) && anyOf.some((each) => (each as Json)['pattern'] === quantity.source)) {
    return { $ref: '#/Quantity', ...kept };
  }
  return Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, named(value)]));
}

const pipeline = named(pipelineJsonSchema()) as Json;
const job = partOf(asMap(pipeline['properties'])['jobs'], 'additionalProperties', 'Job');
const step = partOf(asMap(job['properties'])['steps'], 'items', 'Step');
const dependency = dependencyOf(asMap(asMap(job['properties'])['dependsOn'])['items']);
const schemas: Readonly<Record<string, Json>> = { Pipeline: pipeline, Job: job, Step: step, Dependency: dependency };

/** Takes a schema out of the one that has it, and leaves its name there. */
function partOf(holder: Json | undefined, place: string, name: string): Json {
  const part = asMap(holder)[place];
  if (!holder || !part) throw new Error(`The schema of pipelines has no ${name} where it was.`);
  holder[place] = { $ref: `#/${name}` };
  return part;
}

function dependencyOf(items: Json | undefined): Json {
  const choices = items?.['anyOf'];
  if (!Array.isArray(choices)) throw new Error('The schema of pipelines has no Dependency where it was.');
  const at = choices.findIndex((each) => (each as Json)['type'] === 'object');
  const [part] = choices.splice(at, 1, { $ref: '#/Dependency' }) as Json[];
  return part ?? {};
}

function tableOf(heading: string): string {
  const notes = fieldNotes[heading] ?? {};
  const unused = new Set(Object.keys(notes));
  const rows = fieldRows(schemas[heading] ?? {}).map(([field = '', type = '', required, description]) => {
    const path = field.replaceAll('`', '');
    const note = notes[path];
    unused.delete(path);
    const doc = note?.doc ?? description ?? '';
    if (!note || doc === '') mistakes.push(`${heading}: ${path} has no meaning: say it in scripts/pipeline-notes.ts`);
    return [field, inBytes(type), required === 'yes' ? 'required' : (note?.default ?? ''), cell(doc)];
  });
  for (const path of unused) mistakes.push(`scripts/pipeline-notes.ts: ${heading} has no field ${path}`);
  return markdownTable(['field', 'type', 'default', 'what it is'], rows);
}

/** What executors put into the environment of each step, in their order. */
function variableTable(): string {
  const attempt = { run: '', job: '', attempt: 1, pipeline: '', steps: [] };
  const names = chainrVariables(attempt, '', { workspace: '', output: '' }).map(([name]) => name);
  for (const name of names)
    if (!(name in variableNotes)) mistakes.push(`${name} has no meaning: say it in scripts/pipeline-notes.ts`);
  for (const name of Object.keys(variableNotes))
    if (!names.includes(name)) mistakes.push(`scripts/pipeline-notes.ts: no step has the variable ${name}`);
  return markdownTable(
    ['variable', 'what it is'],
    names.map((name) => [`\`${name}\``, variableNotes[name] ?? '']),
  );
}

/** What becomes an argument of a process is limited in bytes, which JSON Schema cannot say. */
function inBytes(type: string): string {
  const most = pipelineLimits.argumentBytes.toLocaleString('en-US');
  return type.replace(`${most} characters`, `${most} bytes`);
}

function exampleOf(heading: keyof typeof pipelineExamples): string {
  const text = pipelineExamples[heading];
  const checked = checkPipeline(parsePipelineText(text, 'application/yaml'));
  if ('mistakes' in checked) mistakes.push(`The example of ${heading} is refused: ${JSON.stringify(checked.mistakes)}`);
  return `\`\`\`yaml\n${text}\`\`\``;
}

const page = `# Pipelines

<!-- Made by \`make generate\` from core/src/pipeline/pipeline-schema.ts and scripts/pipeline-notes.ts. -->

A pipeline is YAML or JSON, sent to \`POST /api/runs\` or with \`chainr run FILE\`. \`chainr validate FILE\` names all mistakes at once. A
field that is not listed here is refused. Editors can take [pipeline.schema.json](../core/schema/pipeline.schema.json).
[Outputs and secrets](outputs-and-secrets.md) has what may stand in \`env\` and \`image\`, [executors.md](executors.md) what each executor
ignores.

## Pipeline

${tableOf('Pipeline')}

${exampleOf('Pipeline')}

## Job

A job has exactly one of \`run\`, \`command\` and \`args\` (one of them or both), and \`steps\`. It has an \`image\`, or each of its steps has.

${tableOf('Job')}

${exampleOf('Job')}

## Step

A step has exactly one of \`run\`, and \`command\` and \`args\`.

${tableOf('Step')}

${exampleOf('Step')}

### Environment

A step has the variables of its own \`env\`, of that of its job and of that of the pipeline; where several set one name, the step's counts, then
the job's. Besides, it has these, which no \`env\` can set. [executors.md](executors.md) says what else each executor gives.

${variableTable()}

## Dependency

The name of a job alone means that it must have ended SUCCESSFUL. [states.md](states.md) says when an edge is satisfied.

${tableOf('Dependency')}

${exampleOf('Dependency')}

### Going on after a failure

\`allowFailure\` changes only the verdict of the run. A job that waits for the success of a job with \`allowFailure\` is SKIPPED when that job
fails, and \`chainr validate\` warns of it. To go on after a failure, name both conditions. Here \`lint\` fails, \`build\` runs, and the run ends
SUCCESSFUL:

${exampleOf('Going on after a failure')}

### Cleaning up at the end

A job is SKIPPED at once, as soon as one of its dependencies has ended in a way that it does not accept; it does not wait for the others. A job
that waits only for a skipped job can therefore run while other jobs still run. A job that is to run last must wait for every job that
may still run. Here \`unit\` fails and \`deploy\` is SKIPPED at once; \`teardown\` runs when \`slow\` has ended too, and the run ends FAILED:

${exampleOf('Cleaning up at the end')}

A cancel or the timeout of the run cancels such a job too.

### When at least one succeeded

A job starts only when all its dependencies are satisfied. "At least one of them succeeded" is therefore written as "not all of them failed":
one job runs where all have failed or were skipped, and the next one waits for its skip. Here \`no-mirror\` is SKIPPED as soon as the second mirror
has succeeded, and \`publish\` runs. It does not wait for the other mirrors; to do so, it must name them too, with all three conditions.

${exampleOf('When at least one succeeded')}

## Duration

Whole numbers with the units \`d\`, \`h\`, \`m\`, \`s\` and \`ms\`, each at most once and the larger first: \`500ms\`, \`90s\`, \`30m\`, \`1h30m\`. From \`1ms\` to
\`365d\`. A number without a unit is refused. What counts is the time that really passes; [clock.md](clock.md) says what happens when a
clock is set.

${exampleOf('Duration')}

## Quantity

As Kubernetes writes it: a number without a sign, and perhaps a suffix. \`m\` is a thousandth, so that \`500m\` of \`cpu\` is half a core; \`k\`, \`M\`,
\`G\`, \`T\`, \`P\` and \`E\` are powers of 1,000, \`Ki\`, \`Mi\`, \`Gi\`, \`Ti\`, \`Pi\` and \`Ei\` those of 1,024, so that \`256Mi\` of \`memory\` are 268,435,456 bytes.
\`1e3\` is 1,000. What is a number alone needs no quotes.

${exampleOf('Quantity')}
`;

for (const mistake of mistakes) console.error(mistake);
if (mistakes.length > 0) process.exitCode = 1;
await writePage('docs/pipelines.md', page);
