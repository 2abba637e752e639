/**
 * Writes docs/pipelines.md from the JSON Schema of pipelines and the notes of `pipeline-notes.ts`. Fails if a field or a
 * variable has no description, a field has no default, or an example is invalid. With --check fails if the page is stale.
 */
import { checkPipeline } from '../core/src/pipeline/checks/check-pipeline.js';
import { durationPattern } from '../core/src/pipeline/duration.js';
import { pipelineLimits } from '../core/src/pipeline/limits.js';
import { quantity } from '../core/src/pipeline/names.js';
import { parsePipelineText } from '../core/src/pipeline/reading/parse-pipeline.js';
import { pipelineJsonSchema } from '../core/src/pipeline/schema/pipeline-schema.js';
import { chainrVariables } from '../executor/src/chainr-variables.js';
import { asMap, cell, fieldRows, type Json } from './describe-schema.js';
import { markdownTable, writePage } from './markdown-page.js';
import { fieldNotes, variableNotes } from './pipeline-notes.js';
import { pipelineExamples } from './pipeline-examples.js';

const mistakes: string[] = [];

/** The schema, with names instead of the parts that have their own section. */
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
const service = partOf(asMap(job['properties'])['services'], 'items', 'Service');
const kubernetes = partOf(asMap(pipeline['properties']), 'kubernetes', 'Kubernetes');
partOf(asMap(job['properties']), 'kubernetes', 'Kubernetes');
const dependency = dependencyOf(asMap(asMap(job['properties'])['dependsOn'])['items']);
const schemas: Readonly<Record<string, Json>> = {
  Pipeline: pipeline,
  Job: job,
  Step: step,
  Service: service,
  Kubernetes: kubernetes,
  Dependency: dependency,
};

/** Moves a schema out of its parent, and leaves its name there. */
function partOf(holder: Json | undefined, place: string, name: string): Json {
  const part = asMap(holder)[place];
  if (!holder || !part) throw new Error(`The schema of pipelines has no ${name} where it was.`);
  const { description } = part;
  holder[place] = { $ref: `#/${name}`, ...(description !== undefined && { description }) };
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
  return markdownTable(['field', 'type', 'default', 'description'], rows);
}

/** The variables that executors set for each step, in order. */
function variableTable(): string {
  const attempt = { run: '', job: '', attempt: 1, pipeline: '', steps: [] };
  const names = chainrVariables(attempt, '', { workspace: '', output: '' }).map(([name]) => name);
  for (const name of names)
    if (!(name in variableNotes)) mistakes.push(`${name} has no meaning: say it in scripts/pipeline-notes.ts`);
  for (const name of Object.keys(variableNotes))
    if (!names.includes(name)) mistakes.push(`scripts/pipeline-notes.ts: no step has the variable ${name}`);
  return markdownTable(
    ['variable', 'description'],
    names.map((name) => [`\`${name}\``, variableNotes[name] ?? '']),
  );
}

/** Arguments of a process are limited in bytes, which JSON Schema cannot express. */
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

<!-- Made by \`make generate\` from core/src/pipeline/schema/pipeline-schema.ts and scripts/pipeline-notes.ts. -->

A pipeline is a YAML or JSON document. Send it with \`POST /api/runs\` or \`chainr run FILE\`. \`chainr validate FILE\` reports all mistakes at once.
Unknown fields are refused, except fields of the pipeline, of a job or of a step whose names begin with \`x-\`: they may hold
anything and are ignored, see [Shared parts](#shared-parts). [pipeline.schema.json](../core/schema/pipeline.schema.json) is a JSON Schema for editors.
[Outputs and secrets](outputs-and-secrets.md) explains the values of \`env\` and \`image\`; [executors.md](executors.md) lists the fields that each executor
ignores.

## Pipeline

${tableOf('Pipeline')}

${exampleOf('Pipeline')}

## Job

A job has exactly one of: \`run\`; \`command\`, \`args\` or both; \`steps\`. The job has an \`image\`, or each of its steps has one.

${tableOf('Job')}

${exampleOf('Job')}

## Step

A step has either \`run\`, or \`command\`, \`args\` or both.

${tableOf('Step')}

${exampleOf('Step')}

### Environment

A step gets the variables of its \`env\`, of its job’s and of the pipeline’s. If several set the same variable, the step’s value wins, then
the job’s. It also gets the variables below, which no \`env\` can set. [executors.md](executors.md) lists what each executor adds.

${variableTable()}

## Service

A service is a container that runs beside the steps of a job, such as a database. Services start one after the other, each when the one before
is ready, and then the first step. A service that is not ready within \`ready.timeout\`, or exits before, ends the attempt FAILED with the reason
ServiceNotReady, and the message has its last lines. Services are ended after the last step; how they exit does not matter. Their output is in
the log of the job, under their own names.

Services and steps share one network: the steps reach a service as \`localhost\` and by its name, so two of them cannot use the same port. Services
have no access to the workspace. They run on docker and kubernetes; where the pool has only workers for processes, a pipeline with services is refused.

${tableOf('Service')}

${exampleOf('Service')}

## Kubernetes

\`kubernetes\` of a pipeline or job says how the pods of its jobs are made. Fields of the job replace those of the pipeline; \`nodeSelector\`, \`labels\`
and \`annotations\` are merged by key. Other executors ignore them, so that one file runs everywhere. What chainr cannot judge, such as the
content of \`affinity\`, \`volumes\` or \`podPatch\`, the API server checks when the pod is created. \`kubernetes\` has at most ${(pipelineLimits.kubernetesBytes / 1024).toLocaleString('en-US')} KiB as JSON.

${tableOf('Kubernetes')}

${exampleOf('Kubernetes')}

## Dependency

A plain job name means that the job must end SUCCESSFUL. [states.md](states.md) says when a dependency is satisfied.

${tableOf('Dependency')}

${exampleOf('Dependency')}

### Going on after a failure

\`allowFailure\` changes only the final status of the run. A job that waits for the success of a job with \`allowFailure\` is SKIPPED when that job
fails; \`chainr validate\` warns about it. To go on after a failure, set both conditions. Here \`lint\` fails, \`build\` runs, and the run ends
SUCCESSFUL:

${exampleOf('Going on after a failure')}

### Cleaning up at the end

A job is SKIPPED as soon as one of its dependencies ends in a way that its conditions do not accept; it does not wait for the others. A job
that waits only for a skipped job can therefore run while other jobs still run. A job that must run last has to wait for every job that
may still run. Here \`unit\` fails and \`deploy\` is SKIPPED at once. \`teardown\` runs after \`slow\` has ended too, and the run ends FAILED:

${exampleOf('Cleaning up at the end')}

Canceling the run, or its timeout, cancels such a job too.

### When at least one succeeded

A job starts only when all its dependencies are satisfied. So write "at least one of them succeeded" as "not all of them failed":
one job runs only if all of them failed or were skipped, and the next job waits for that job to be skipped. Here \`no-mirror\` is SKIPPED as soon as the second mirror
has succeeded, and \`publish\` runs. It does not wait for the other mirrors. To make it wait, list them too, with all three conditions.

${exampleOf('When at least one succeeded')}

## Shared parts

YAML anchors (\`&\`), aliases (\`*\`) and merge keys (\`<<\`) work. A field whose name begins with \`x-\` is a place for what several jobs
share. What a job sets itself wins; maps within it, such as \`env\`, are replaced as a whole.

${exampleOf('Shared parts')}

## Duration

Whole numbers with the units \`d\`, \`h\`, \`m\`, \`s\` and \`ms\`, each at most once, larger units first: \`500ms\`, \`90s\`, \`30m\`, \`1h30m\`. From \`1ms\` to
\`365d\`. A number without a unit is refused. Durations count elapsed time, not clock time; [clock.md](clock.md) says what happens when a
clock is set.

${exampleOf('Duration')}

## Quantity

The syntax of Kubernetes: a number without a sign and an optional suffix. \`m\` is a thousandth: \`500m\` of \`cpu\` is half a core. \`k\`, \`M\`,
\`G\`, \`T\`, \`P\` and \`E\` are powers of 1,000; \`Ki\`, \`Mi\`, \`Gi\`, \`Ti\`, \`Pi\` and \`Ei\` are powers of 1,024: \`256Mi\` of \`memory\` is 268,435,456 bytes.
\`1e3\` is 1,000. A plain number needs no quotes.

${exampleOf('Quantity')}
`;

for (const mistake of mistakes) console.error(mistake);
if (mistakes.length > 0) process.exitCode = 1;
await writePage('docs/pipelines.md', page);
