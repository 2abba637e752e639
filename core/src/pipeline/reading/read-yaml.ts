import { Composer, isAlias, isMap, isPair, isScalar, isSeq, Lexer, Parser } from 'yaml';
import type { CST, Document, Node, ParsedNode, YAMLMap } from 'yaml';
import { pipelineLimits } from '../limits.js';
import { quote } from '../mistakes.js';
import { PipelineSyntaxError } from './syntax-error.js';

/**
 * Parses one YAML 1.2 document with every map as a Map. Aliases and merge keys (`<<`) work; tags other than YAML's own
 * are refused. The library's own conversion is not used: it compares every key of a map with every other, resolves each
 * alias by a walk through the whole document, and counts aliases instead of the values that they expand to.
 */
export function readYaml(text: string): unknown {
  const document = compose(text);
  return document?.contents ? new YamlConverter(text).convert(document.contents, 0) : null;
}

const options = {
  version: '1.2',
  schema: 'core',
  merge: false,
  resolveKnownTags: false,
  stringKeys: true,
  uniqueKeys: false,
  prettyErrors: false,
  logLevel: 'silent',
} as const;

function compose(text: string): Document.Parsed | undefined {
  const composer = new Composer(options);
  // The composer collects every mistake as an object: a body of commas would take minutes. A handler that throws ends
  // the work at the first one. (The library calls it for every mistake; should a later version not, `document.errors`
  // below still has them.)
  let first: PipelineSyntaxError | undefined;
  const stopAtFirst = (source: unknown, code: string, message: string, warning?: boolean): void => {
    if (warning) return;
    first ??= syntaxError(text, offsetOf(source), code, message);
    throw first;
  };
  Object.defineProperty(composer, 'onError', { value: stopAtFirst });
  const [document] = [...composer.compose(tokens(text))];
  const mistake = document?.errors[0];
  if (mistake) throw syntaxError(text, mistake.pos[0], mistake.code, mistake.message);
  return document;
}

/** The tokens of the text, within the limits. */
function* tokens(text: string): Generator<CST.Token> {
  const parser = new Parser();
  let count = 0;
  let offset = 0;
  let documents = 0;
  const accept = function* (batch: Iterable<CST.Token>): Generator<CST.Token> {
    for (const token of batch) {
      if (token.type === 'error') throw syntaxError(text, token.offset, 'UNEXPECTED_TOKEN', token.message);
      if (token.type === 'document') documents += 1;
      if (documents > 1)
        throw new PipelineSyntaxError('a pipeline must be a single YAML document, but there are several');
      yield token;
    }
  };
  for (const lexeme of new Lexer().lex(text)) {
    count += 1;
    offset += lexeme.length;
    if (count > pipelineLimits.yamlTokens) {
      throw new PipelineSyntaxError(`more than ${String(pipelineLimits.yamlTokens)} YAML tokens`, { text, offset });
    }
    yield* accept(parser.next(lexeme));
    // A level of a document takes up to two entries of the stack.
    if (parser.stack.length > 4 * pipelineLimits.depth) throw tooDeep(text, offset);
  }
  yield* accept(parser.end());
}

const knownTags = new Set([
  '!',
  ...['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((tag) => `tag:yaml.org,2002:${tag}`),
]);

interface Anchored {
  value: unknown;
  size: number;
  values: number;
}

class YamlConverter {
  readonly #text: string;
  readonly #anchors = new Map<string, Anchored>();
  /** The size of everything converted so far, with aliases expanded. */
  #size = 0;
  #values = 0;

  constructor(text: string) {
    this.#text = text;
  }

  convert(node: unknown, depth: number): unknown {
    if (depth > pipelineLimits.depth) throw tooDeep(this.#text, offsetOf((node as ParsedNode | null)?.range));
    const before = { size: this.#size, values: this.#values };
    this.#grow(8, 1);
    if (isAlias(node)) return this.#alias(node.source, node);
    if (!isScalar(node) && !isMap(node) && !isSeq(node)) return null;
    if (node.tag !== undefined && !knownTags.has(node.tag)) {
      throw this.#error(`the tag ${quote(node.tag)} is not a standard YAML tag`, node);
    }
    const value = this.#value(node, depth);
    if (node.anchor) {
      const size = this.#size - before.size;
      this.#anchors.set(node.anchor, { value, size, values: this.#values - before.values });
    }
    return value;
  }

  #value(node: Node, depth: number): unknown {
    if (isMap(node)) return this.#map(node, depth + 1);
    if (isSeq(node)) return node.items.map((item) => this.convert(item, depth + 1));
    const value = isScalar(node) ? node.value : null;
    if (typeof value === 'string') this.#grow(value.length, 0);
    return value;
  }

  #alias(name: string, node: Node): unknown {
    const anchored = this.#anchors.get(name);
    if (!anchored) throw this.#error(`the alias ${quote(`*${name}`)} has no anchor before it`, node);
    this.#grow(anchored.size, anchored.values);
    return anchored.value;
  }

  #map(node: YAMLMap, depth: number): Map<string, unknown> {
    const map = new Map<string, unknown>();
    const merged: unknown[] = [];
    for (const pair of node.items) {
      if (!isPair(pair)) continue;
      const key = this.convert(pair.key, depth);
      if (typeof key !== 'string') throw this.#error('a key must be text', pair.key ?? node);
      const value = this.convert(pair.value, depth);
      if (key === '<<') merged.push(...(Array.isArray(value) ? (value as unknown[]) : [value]));
      else if (map.has(key)) throw this.#error(`the name ${quote(key)} appears twice in one map`, pair.key);
      else map.set(key, value);
    }
    for (const source of merged) {
      if (!(source instanceof Map)) throw this.#error('"<<" takes a map or a list of maps', node);
      for (const [key, value] of source as Map<string, unknown>) if (!map.has(key)) map.set(key, value);
    }
    return map;
  }

  #grow(size: number, values: number): void {
    this.#size += size;
    this.#values += values;
    if (this.#size > pipelineLimits.expandedSize || this.#values > pipelineLimits.values) {
      throw new PipelineSyntaxError('not YAML that chainr reads: too large with its aliases expanded');
    }
  }

  #error(message: string, node: unknown): PipelineSyntaxError {
    return syntaxError(this.#text, offsetOf((node as ParsedNode | null)?.range), '', message);
  }
}

function syntaxError(text: string, offset: number, code: string, message: string): PipelineSyntaxError {
  // The library reports a stack overflow in this way.
  return code === 'RESOURCE_EXHAUSTION'
    ? tooDeep(text, offset)
    : new PipelineSyntaxError(`not YAML: ${wordsOf(message)}${quoteHint(text, offset, message) ?? hints[code] ?? ''}`, {
        text,
        offset,
      });
}

/** The library writes `Missing closing "quote` without the second quote. */
const wordsOf = (message: string): string =>
  message.replace(/^Missing closing (["'])quote$/, 'the closing $1 is missing');

/** How far behind an unclosed quote the closing one is searched. */
const quotedAtMost = 10_000;

/**
 * For the library, a quoted text ends at a line that is not indented. If the closing quote comes before the next field,
 * that line is the mistake: common in scripts of several lines.
 */
function quoteHint(text: string, offset: number, message: string): string | undefined {
  const [, mark] = /^Missing closing (["'])/.exec(message) ?? [];
  if (mark === undefined) return undefined;
  const rest = text.slice(offset, offset + quotedAtMost);
  const end = rest.indexOf(mark);
  if (end < 0 || /^ *[\w-]+:(?: |$)/m.test(rest.slice(0, end))) return undefined;
  return '; every line of a text in quotes, and its closing quote, must be indented deeper than the name of the field';
}

/** The usual causes behind messages of the library. */
const hints: Readonly<Partial<Record<string, string>>> = {
  BLOCK_AS_IMPLICIT_KEY: '; put a text that contains ": " in quotes, or below a |',
  MISSING_CHAR: '; perhaps a quote is not closed, or a line of a script is not indented',
};

function tooDeep(text: string, offset: number): PipelineSyntaxError {
  const limit = String(pipelineLimits.depth);
  return new PipelineSyntaxError(`not YAML that chainr reads: nested deeper than ${limit} levels`, { text, offset });
}

/** The library gives a place as an offset, a range that begins with one, or a token that has one. */
function offsetOf(source: unknown): number {
  if (typeof source === 'number') return source;
  if (Array.isArray(source)) return offsetOf(source[0]);
  if (typeof source === 'object' && source !== null && 'offset' in source) return offsetOf(source.offset);
  return 0;
}
