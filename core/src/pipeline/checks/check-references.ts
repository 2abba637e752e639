import { ancestorsOf } from './ancestors.js';
import type { Edges, ReadJob } from './check-dependencies.js';
import { Suggestions } from '../did-you-mean.js';
import { quote, type MistakeList, type Path } from '../mistakes.js';
import { isPlainMap, type PlainMap } from '../plain-values.js';
import { hasReference, namesOutput, parseReferences } from '../references.js';

/**
 * Checks every `${{ jobs.NAME.outputs.KEY }}`. It may stand only in variables and images of jobs, steps and services, and NAME
 * must be a direct or indirect dependency of the job.
 * @param edges undefined if the dependencies are invalid; then the dependency is not checked
 */
export function checkReferences(jobs: readonly ReadJob[], edges: Edges | undefined, mistakes: MistakeList): void {
  const names = jobs.map(([name]) => name);
  const indexOf = new Map(names.map((name, index) => [name, index]));
  const suggestions = new Suggestions(names);
  const isAncestor = edges && ancestorsOf(edges);
  for (const [index, [name, fields]] of jobs.entries()) {
    for (const [text, path] of resolvedTexts(name, fields)) {
      const parsed = parseReferences(text);
      if ('mistake' in parsed) {
        mistakes.add(path, parsed.mistake);
        continue;
      }
      for (const part of parsed.parts) {
        if (typeof part === 'string') continue;
        const { job } = part;
        const to = indexOf.get(job);
        if (to === undefined) mistakes.add(path, () => `there is no job ${quote(job)}${suggestions.of(job)}`);
        else if (to === index)
          mistakes.add(path, 'the job refers to its own outputs, which exist only after it has ended');
        else if (isAncestor && !isAncestor(index, to)) {
          mistakes.add(path, `the job does not wait for ${quote(job)}; add that to its dependsOn`);
        }
      }
    }
    for (const [text, path] of plainTexts(name, fields)) {
      if (namesOutput(text))
        mistakes.add(
          path,
          'outputs cannot be used in scripts and arguments; assign the output to a variable in env and use the variable',
        );
    }
  }
}

/** Outputs are available only to jobs with dependencies, not to the whole pipeline. */
export function checkPipelineEnv(env: unknown, mistakes: MistakeList): void {
  if (!isPlainMap(env)) return;
  for (const [name, value] of Object.entries(env)) {
    if (typeof value !== 'string' || !hasReference(value)) continue;
    const parsed = parseReferences(value);
    const outputs = 'refers to outputs; only the env of a job or step may do so';
    mistakes.add(['env', name], 'mistake' in parsed ? parsed.mistake : outputs);
  }
}

type PlacedText = readonly [text: string, path: Path];

/** Texts with references in those fields of a job, its steps and services where references are resolved. */
function* resolvedTexts(name: string, fields: unknown): Generator<PlacedText> {
  for (const [container, path] of containersOf(name, fields)) {
    const { image, env } = container;
    if (typeof image === 'string' && hasReference(image)) yield [image, [...path, 'image']];
    if (!isPlainMap(env)) continue;
    for (const [variable, value] of Object.entries(env)) {
      if (typeof value === 'string' && hasReference(value)) yield [value, [...path, 'env', variable]];
    }
  }
}

/** Texts with references in all other fields. */
function* plainTexts(name: string, fields: unknown): Generator<PlacedText> {
  for (const [container, path] of containersOf(name, fields)) {
    for (const field of ['run', 'workdir', 'command', 'args'] as const) {
      const value = container[field];
      if (typeof value === 'string') yield [value, [...path, field]];
      if (!Array.isArray(value)) continue;
      for (const [place, word] of value.entries()) if (typeof word === 'string') yield [word, [...path, field, place]];
    }
    const { ready } = container;
    if (isPlainMap(ready) && typeof ready.run === 'string') yield [ready.run, [...path, 'ready', 'run']];
  }
}

function* containersOf(name: string, fields: unknown): Generator<readonly [PlainMap, Path]> {
  if (!isPlainMap(fields)) return;
  yield [fields, ['jobs', name]];
  for (const list of ['steps', 'services'] as const) {
    const containers = fields[list];
    if (!Array.isArray(containers)) continue;
    for (const [place, container] of containers.entries()) {
      if (isPlainMap(container)) yield [container, ['jobs', name, list, place]];
    }
  }
}
