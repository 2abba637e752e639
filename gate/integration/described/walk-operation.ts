import fc from 'fast-check';
import { allowed, oddBodies, textsFor } from './generate-values.js';
import type { Answer, Described, Description, Json, Operation } from './read-description.js';

/** One request to an operation. */
export interface Asked {
  method: string;
  params: Readonly<Record<string, string>>;
  query: readonly (readonly [name: string, value: string])[];
  headers: Readonly<Record<string, string>>;
  body?: string;
}

/** How an operation is asked in a way that succeeds. */
export type Sample = Pick<Asked, 'params'> & Partial<Asked>;

/** What the document does not know: which runs, jobs and workers there are. */
export interface World {
  /** Requests that succeed, made for this once. */
  samples(operationId: string): Promise<readonly [Sample, ...Sample[]]>;
  /** Names of jobs that every run has. */
  words: readonly string[];
  ask(path: string, asked: Asked): Promise<Answer>;
}

/** What the document says must come of a request. */
type Verdict = 'success' | 'taken' | 'refused';

/** How many values of each parameter are made up. */
const valuesEach = 12;

/** Asks operations for all that their description allows and forbids, and compares what comes with it. */
export class Walk {
  /** Each a sentence with the request that shows it. */
  readonly differences: string[] = [];
  /** Statuses and, of what succeeds, content types that came; by operation. */
  readonly seen = new Map<string, Set<string>>();
  readonly #description: Description;
  readonly #world: World;

  constructor(description: Description, world: World) {
    this.#description = description;
    this.#world = world;
  }

  async operation(operation: Operation): Promise<void> {
    await this.#samples(operation);
    await this.#parameters(operation);
    if (operation.requestBody) await this.#bodies(operation);
    await this.#otherMethods(operation);
  }

  /** Compares an answer, whoever asked for it, with what the document says of the operation. */
  compare(operation: Operation, asked: string, answer: Answer): void {
    const seen = this.seen.get(operation.operationId) ?? new Set<string>();
    this.seen.set(operation.operationId, seen);
    seen.add(String(answer.status));
    if (answer.status < 300) seen.add(answer.headers['content-type']?.split(';', 1).join('') ?? '');
    if (answer.headers['cache-control'] !== 'no-store')
      this.#tell(operation, asked, `may be cached: ${String(answer.headers['cache-control'])}`);
    for (const difference of this.#description.differences(operation, answer)) this.#tell(operation, asked, difference);
  }

  /** A request that succeeds but for what the caller changes. */
  async sample(operation: Operation): Promise<Asked> {
    const [sample] = await this.#world.samples(operation.operationId);
    return this.#asked(operation, sample);
  }

  async #samples(operation: Operation): Promise<void> {
    for (const sample of await this.#world.samples(operation.operationId))
      await this.#ask(operation, this.#asked(operation, sample), 'success');
  }

  async #parameters(operation: Operation): Promise<void> {
    const base = await this.sample(operation);
    for (const parameter of operation.parameters) {
      const { schema } = parameter;
      const made = this.#allowed(schema);
      await Promise.all(made.map((value) => this.#ask(operation, withValue(base, parameter, value), 'taken')));
      const texts = textsFor(this.#description, schema, valuesEach);
      const asking = texts
        .filter(([text]) => canBeSent(parameter.in, text))
        .map(([text, isAllowed]) =>
          this.#ask(operation, withValue(base, parameter, text), isAllowed ? 'taken' : 'refused'),
        );
      await Promise.all(asking);
    }
    await this.#ask(operation, { ...base, query: [...base.query, ['unheard-of', '1']] }, 'refused');
  }

  async #bodies(operation: Operation): Promise<void> {
    const { content, required = false } = operation.requestBody!;
    const base = await this.sample(operation);
    const [firstType = '', first] = Object.entries(content)[0] ?? [];
    const schema = first?.schema ?? {};
    const made = 'application/yaml' in content ? [] : this.#allowed(schema);
    for (const value of [...oddBodies, ...made]) {
      const verdict = this.#description.allows(schema, value) ? 'taken' : 'refused';
      await this.#ask(operation, withBody(base, firstType, JSON.stringify(value)), verdict);
    }
    for (const text of ['{', '\u0000', '{"from":"all",}', 'from: [all'])
      await this.#ask(operation, withBody(base, firstType, text), 'refused');
    for (const type of [...Object.keys(content), 'text/plain', 'application/x-www-form-urlencoded', 'text/html']) {
      const verdict = type in content ? 'taken' : 'refused';
      await this.#ask(operation, withBody(base, type, base.body ?? '{}'), verdict);
    }
    const { 'Content-Type': _type, ...headers } = base.headers;
    const { body: _body, ...bare } = base;
    await this.#ask(operation, { ...bare, headers }, required ? 'refused' : 'taken');
  }

  /** Methods that the address does not have, with and without a type that a service gets to see. */
  async #otherMethods(operation: Operation): Promise<void> {
    const here = this.#description.operations.filter(({ path }) => path === operation.path);
    const has = here.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
    const base = await this.sample(operation);
    for (const method of ['PUT', 'PATCH', 'POST', 'DELETE', 'GET'].filter((each) => !has.includes(each)))
      for (const headers of [{}, { 'Content-Type': 'application/json' }]) {
        const { body: _body, ...bare } = base;
        const asked = { ...bare, method, headers };
        const answer = await this.#world.ask(addressOf(operation, asked), asked);
        this.compare(operation, method, answer);
        const allow = String(answer.headers.allow).split(', ').sort().join();
        if (answer.status !== 405 || allow !== [...has, 'OPTIONS'].sort().join())
          this.#tell(operation, method, `answers ${String(answer.status)} and allows ${allow}`);
      }
  }

  async #ask(operation: Operation, asked: Asked, verdict: Verdict): Promise<void> {
    const address = addressOf(operation, asked);
    const answer = await this.#world.ask(address, asked);
    const shown = `${asked.method} ${address} ${JSON.stringify(asked.headers)} ${asked.body?.slice(0, 200) ?? ''}`;
    this.compare(operation, shown, answer);
    const { status } = answer;
    const fits = {
      success: status >= 200 && status < 300,
      taken: status < 500 && status !== 400 && status !== 415,
      refused: status === 400 || status === 404 || status === 415,
    };
    if (!fits[verdict]) this.#tell(operation, shown, `${verdict}, says the document, but ${String(status)}: ${answer.text.slice(0, 200)}`); // prettier-ignore
  }

  #asked({ method, requestBody }: Operation, { params, query = [], headers = {}, body }: Sample): Asked {
    const [type] = Object.keys(requestBody?.content ?? {});
    const common = { method, params, query };
    if (type === undefined) return { ...common, headers };
    return { ...common, headers: { 'Content-Type': type, ...headers }, body: body ?? '{}' };
  }

  #allowed(schema: Json): unknown[] {
    return fc.sample(allowed(this.#description, schema, this.#world.words), valuesEach);
  }

  #tell({ operationId }: Operation, asked: string, difference: string): void {
    this.differences.push(`${operationId}: ${asked}: ${difference}`);
  }
}

function withValue(asked: Asked, { in: place, name }: Described, value: unknown): Asked {
  const texts = [value].flat().map(String);
  if (place === 'path') return { ...asked, params: { ...asked.params, [name]: texts[0] ?? '' } };
  if (place === 'header') return { ...asked, headers: { ...asked.headers, [name]: texts[0] ?? '' } };
  const others = asked.query.filter(([other]) => other !== name);
  return { ...asked, query: [...others, ...texts.map((text) => [name, text] as const)] };
}

const withBody = (asked: Asked, type: string, body: string): Asked => ({
  ...asked,
  headers: { ...asked.headers, 'Content-Type': type },
  body,
});

/** What an address or a header can hold at all; both lose spaces around, and a path its empty parts. */
function canBeSent(place: Described['in'], text: string): boolean {
  if (place === 'header') return /^[\x20-\x7e\xa0-\xff]+$/.test(text) && text.trim() === text;
  return place === 'query' || !['', '.', '..'].includes(text);
}

export function addressOf({ path }: Operation, { params, query }: Pick<Asked, 'params' | 'query'>): string {
  const filled = path.replace(/\{(\w+)\}/g, (_braces, name: string) => encodeURIComponent(params[name] ?? ''));
  const written = query.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
  return written === '' ? filled : `${filled}?${written}`;
}
