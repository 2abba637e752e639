import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import ts from 'typescript';

/** A constant of a file with a number, or a property of one. */
export interface NumericConstant {
  file: string;
  /** `lossBackoffMs`, or `pipelineLimits.jobs`. */
  name: string;
  /** As a person reads it: `8 × 1,024 × 1,024` is `8,388,608`. */
  value: string;
  /** Its comment on one line; empty if there is none. */
  doc: string;
}

/** Benchmarks and tests have no defaults. */
const packages = ['core', 'executor', 'gate', 'sched', 'work', 'notif', 'recycle', 'ui', 'cli'];

/** Every constant of the sources whose value is a number, or a list or map of numbers. */
export function numericConstants(): NumericConstant[] {
  return sourceFiles().flatMap(constantsOf);
}

function sourceFiles(): string[] {
  const patterns = packages.map((name) => `:(glob)${name}/src/**/*.ts`);
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', ...patterns], {
    encoding: 'utf8',
  });
  // In the middle of a merge git lists a file once for each side.
  return [...new Set(files.split('\n').filter(Boolean))];
}

/** Times and sizes in the middle of a file, where nobody finds them: `file: name`. */
export function hiddenNumbers(): string[] {
  return sourceFiles().flatMap((file) => {
    const hidden: string[] = [];
    const look = (node: ts.Node): void => {
      if (isNamedNumber(node)) hidden.push(`${file}: ${node.name.getText()}`);
      ts.forEachChild(node, look);
    };
    // Constants at the top are listed. This looks inside functions and classes.
    for (const statement of parse(file).statements) if (!ts.isVariableStatement(statement)) look(statement);
    return hidden;
  });
}

type Named = ts.PropertyAssignment | ts.BindingElement | ts.ParameterDeclaration | ts.PropertyDeclaration;

function isNamedNumber(node: ts.Node): node is Named {
  const named =
    ts.isPropertyAssignment(node) ||
    ts.isBindingElement(node) ||
    ts.isParameter(node) ||
    ts.isPropertyDeclaration(node);
  if (!named || !node.initializer || !/(Ms|Seconds|Bytes)$/.test(node.name.getText())) return false;
  // 0 and 1 are where counting begins.
  return (numberOf(node.initializer) ?? 0) > 1;
}

function constantsOf(file: string): NumericConstant[] {
  const statements = parse(file).statements.filter(ts.isVariableStatement);
  return statements.flatMap((statement) =>
    statement.declarationList.declarations.flatMap(({ name, initializer }) => {
      if (!initializer || !ts.isIdentifier(name)) return [];
      return fromValue(unwrap(initializer), { file, name: name.text, doc: docOf(statement) });
    }),
  );
}

const parse = (file: string): ts.SourceFile =>
  ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);

function fromValue(value: ts.Expression, of: Omit<NumericConstant, 'value'>): NumericConstant[] {
  if (ts.isArrayLiteralExpression(value)) {
    const numbers = value.elements.map(numberOf);
    return numbers.length > 0 && numbers.every(isNumber) ? [{ ...of, value: numbers.map(show).join(', ') }] : [];
  }
  if (!ts.isObjectLiteralExpression(value)) {
    const number = numberOf(value);
    return number === undefined ? [] : [{ ...of, value: show(number) }];
  }
  return value.properties.flatMap((property) => {
    if (!ts.isPropertyAssignment(property) || !ts.isIdentifier(property.name)) return [];
    const number = numberOf(property.initializer);
    if (number === undefined) return [];
    return [{ ...of, name: `${of.name}.${property.name.text}`, value: show(number), doc: docOf(property) || of.doc }];
  });
}

/** The value of an expression of numbers; undefined for any other. */
function numberOf(value: ts.Expression): number | undefined {
  const expression = unwrap(value);
  if (ts.isNumericLiteral(expression)) return Number(expression.text);
  if (!ts.isBinaryExpression(expression)) return undefined;
  const [left, right] = [numberOf(expression.left), numberOf(expression.right)];
  if (left === undefined || right === undefined) return undefined;
  const operator = expression.operatorToken.kind;
  if (operator === ts.SyntaxKind.AsteriskToken) return left * right;
  if (operator === ts.SyntaxKind.AsteriskAsteriskToken) return left ** right;
  return operator === ts.SyntaxKind.MinusToken ? left - right : undefined;
}

function unwrap(expression: ts.Expression): ts.Expression {
  return ts.isAsExpression(expression) || ts.isSatisfiesExpression(expression)
    ? unwrap(expression.expression)
    : expression;
}

function docOf(node: ts.Node): string {
  const text = ts.getJSDocCommentsAndTags(node).flatMap((doc) => (ts.isJSDoc(doc) ? [commentOf(doc)] : []));
  return text.join(' ').replace(/\s+/g, ' ').trim();
}

const commentOf = ({ comment }: ts.JSDoc): string =>
  typeof comment === 'string' ? comment : (ts.getTextOfJSDocComment(comment) ?? '');

const isNumber = (value: number | undefined): value is number => value !== undefined;

const show = (value: number | undefined): string => (value ?? 0).toLocaleString('en-US');
