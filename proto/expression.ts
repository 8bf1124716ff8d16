/**
 * The formulas of constraints and of the synthetic trainable: numbers, names, + - * / % **, comparisons,
 * ?:, && || !, whether a name is a text, and a fixed list of functions. jsep reads the text; only what
 * stands in `Expression` is taken from its tree, so nothing else of JavaScript can come through. A name
 * with dots is looked up as a whole.
 */
import jsep from 'jsep';
import { CodedError } from './coded-error.js';

export type Expression =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'is'; readonly name: string; readonly text: string; readonly not: boolean }
  | { readonly kind: 'unary'; readonly operator: UnaryOperator; readonly of: Expression }
  | { readonly kind: 'binary'; readonly operator: BinaryOperator; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'choice'; readonly test: Expression; readonly yes: Expression; readonly no: Expression }
  | { readonly kind: 'call'; readonly name: FunctionName; readonly of: readonly Expression[] };

export class ExpressionError extends CodedError {
  readonly code = 'BadExpression';
  readonly why: string;
  constructor(text: string, why: string) {
    super(`${JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text)}: ${why}`);
    this.why = why;
  }
}

/** Long enough for any curve, short enough that neither reading nor evaluating can run deep. */
const MAX_LENGTH = 2000;

const truth = (condition: boolean): number => (condition ? 1 : 0);

const unaryOperators = {
  '-': (a: number) => -a,
  '+': (a: number) => a,
  '!': (a: number) => truth(a === 0),
};
type UnaryOperator = keyof typeof unaryOperators;

const binaryOperators = {
  '+': (a: number, b: number) => a + b,
  '-': (a: number, b: number) => a - b,
  '*': (a: number, b: number) => a * b,
  '/': (a: number, b: number) => a / b,
  '%': (a: number, b: number) => a % b,
  '**': (a: number, b: number) => a ** b,
  '<': (a: number, b: number) => truth(a < b),
  '<=': (a: number, b: number) => truth(a <= b),
  '>': (a: number, b: number) => truth(a > b),
  '>=': (a: number, b: number) => truth(a >= b),
  '==': (a: number, b: number) => truth(a === b),
  '!=': (a: number, b: number) => truth(a !== b),
  '&&': (a: number, b: number) => truth(a !== 0 && b !== 0),
  '||': (a: number, b: number) => truth(a !== 0 || b !== 0),
};
type BinaryOperator = keyof typeof binaryOperators;

interface MathFunction {
  readonly least: number;
  readonly most: number;
  readonly apply: (...values: number[]) => number;
}

const of1 = (apply: (x: number) => number): MathFunction => ({ least: 1, most: 1, apply });
const many = (apply: (...values: number[]) => number): MathFunction => ({ least: 1, most: 16, apply });

const functions = {
  abs: of1(Math.abs),
  ceil: of1(Math.ceil),
  cos: of1(Math.cos),
  exp: of1(Math.exp),
  floor: of1(Math.floor),
  log: of1(Math.log),
  log10: of1(Math.log10),
  log2: of1(Math.log2),
  max: many(Math.max),
  min: many(Math.min),
  pow: { least: 2, most: 2, apply: Math.pow } satisfies MathFunction,
  round: of1(Math.round),
  sign: of1(Math.sign),
  sin: of1(Math.sin),
  sqrt: of1(Math.sqrt),
  tanh: of1(Math.tanh),
};
type FunctionName = keyof typeof functions;

const constants: ReadonlyMap<string, number> = new Map([
  ['PI', Math.PI],
  ['E', Math.E],
]);

export const FUNCTION_NAMES: readonly string[] = Object.keys(functions);

/** Names that mean something already, so no hyperparameter may be called by them. */
export const RESERVED_NAMES: ReadonlySet<string> = new Set([...FUNCTION_NAMES, ...constants.keys(), 'Math', 'this', 'true', 'false', 'null']);

/** Throws ExpressionError, saying what is wrong. Comparisons and logic give 1 or 0. */
export function parseExpression(text: string): Expression {
  if (text.length > MAX_LENGTH) throw new ExpressionError(text, `longer than ${MAX_LENGTH} characters`);
  let tree: jsep.Expression;
  try {
    tree = jsep(text);
  } catch (error) {
    throw new ExpressionError(text, `${error instanceof Error ? error.message : String(error)}${isAssigned(text) ? '; did you mean ==?' : ''}`);
  }
  return take(tree, text);
}

/** Whether a = stands alone, outside of quotes. */
function isAssigned(text: string): boolean {
  return /(?<![=!<>])=(?!=)/.test(text.replaceAll(/"[^"]*"|'[^']*'/g, ''));
}

/** What names stand for. */
export interface Names {
  readonly numbers: { readonly [name: string]: number };
  readonly texts: { readonly [name: string]: string };
}

/** Throws ExpressionError for a number that `names` lacks. NaN and infinities are values like any other. A text that is lacking is no text. */
export function evaluate(expression: Expression, names: Names): number {
  return valueOf(expression, names, (name) => {
    throw new ExpressionError(name, `no such name; there are ${Object.keys(names.numbers).join(', ')}`);
  }) ?? NaN;
}

/**
 * Null where numbers that `names` lacks decide, by Kleene's logic: what needs one is unknown, `false &&
 * unknown` is false and `true || unknown` is true.
 */
export function evaluatePartly(expression: Expression, names: Names): number | null {
  return valueOf(expression, names, () => null);
}

function valueOf(expression: Expression, names: Names, lacking: (name: string) => null): number | null {
  switch (expression.kind) {
    case 'number':
      return expression.value;
    case 'name':
      return Object.hasOwn(names.numbers, expression.name) ? (names.numbers[expression.name] ?? null) : lacking(expression.name);
    case 'is':
      return truth((Object.hasOwn(names.texts, expression.name) && names.texts[expression.name] === expression.text) !== expression.not);
    case 'unary': {
      const value = valueOf(expression.of, names, lacking);
      return value === null ? null : unaryOperators[expression.operator](value);
    }
    case 'binary': {
      const left = valueOf(expression.left, names, lacking);
      // The other side then decides nothing, and may need what is not there.
      if (expression.operator === '&&' && left === 0) return 0;
      if (expression.operator === '||' && left !== null && left !== 0) return 1;
      const right = valueOf(expression.right, names, lacking);
      if (left !== null && right !== null) return binaryOperators[expression.operator](left, right);
      if (expression.operator === '&&' && right === 0) return 0;
      return expression.operator === '||' && right !== null && right !== 0 ? 1 : null;
    }
    case 'choice': {
      const test = valueOf(expression.test, names, lacking);
      return test === null ? null : valueOf(test !== 0 ? expression.yes : expression.no, names, lacking);
    }
    case 'call': {
      const { apply }: MathFunction = functions[expression.name];
      const values = expression.of.map((argument) => valueOf(argument, names, lacking));
      return values.every((value) => value !== null) ? apply(...values) : null;
    }
  }
}

/** The names that an expression needs as numbers, each once, in order of appearance. */
export function namesIn(expression: Expression): readonly string[] {
  return [...new Set(partsOf(expression).flatMap((part) => (part.kind === 'name' ? [part.name] : [])))];
}

/** The names that an expression compares with texts, with the texts. */
export function textsIn(expression: Expression): readonly { readonly name: string; readonly text: string }[] {
  return partsOf(expression).flatMap((part) => (part.kind === 'is' ? [{ name: part.name, text: part.text }] : []));
}

/** The expression and all inside it, in the order of the text. */
function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'number':
    case 'name':
    case 'is':
      return [expression];
    case 'unary':
      return [expression, ...partsOf(expression.of)];
    case 'binary':
      return [...partsOf(expression.left), ...partsOf(expression.right)];
    case 'choice':
      return [...partsOf(expression.test), ...partsOf(expression.yes), ...partsOf(expression.no)];
    case 'call':
      return expression.of.flatMap(partsOf);
  }
}

/** `Math.exp` is read as `exp`, because that is how many people write it. */
const MATH = 'Math.';
const NOT_A_NAME = 'dots and brackets stand in names of metrics and settings alone, such as val.auc, val.recall[PNEUMONIA] or optimizer.adam.beta2';

function take(node: jsep.Expression, text: string): Expression {
  const core = node as jsep.CoreExpression;
  switch (core.type) {
    case 'Literal':
      return takeLiteral(core.value, text);
    case 'Identifier':
      return constant(core.name) ?? { kind: 'name', name: core.name };
    case 'MemberExpression': {
      const name = dottedName(core) ?? fail(text, NOT_A_NAME);
      if (!name.startsWith(MATH)) return { kind: 'name', name };
      return constant(name.slice(MATH.length)) ?? fail(text, `${name} is not a constant; there are ${[...constants.keys()].join(', ')}`);
    }
    case 'UnaryExpression':
      if (!Object.hasOwn(unaryOperators, core.operator)) fail(text, `operator ${core.operator} is not built`);
      return { kind: 'unary', operator: core.operator as UnaryOperator, of: take(core.argument, text) };
    case 'BinaryExpression':
      return takeBinary(core, text);
    case 'ConditionalExpression':
      return { kind: 'choice', test: take(core.test, text), yes: take(core.consequent, text), no: take(core.alternate, text) };
    case 'CallExpression':
      return takeCall(core, text);
    case 'Compound':
      return fail(text, core.body.length === 0 ? 'nothing stands here' : 'one formula is expected, and here are several');
    default:
      return fail(text, 'only numbers, names, operators, ?: and functions may stand here');
  }
}

function takeLiteral(value: unknown, text: string): Expression {
  if (typeof value === 'number' && Number.isFinite(value)) return { kind: 'number', value };
  if (typeof value === 'boolean') return { kind: 'number', value: truth(value) };
  return fail(text, typeof value === 'string' ? 'a text may only be compared with a name, as in optimizer == "adam"' : 'only numbers may stand here');
}

function takeBinary(node: jsep.BinaryExpression, text: string): Expression {
  const strict = node.operator === '===' ? '==' : node.operator === '!==' ? '!=' : node.operator;
  if (!Object.hasOwn(binaryOperators, strict)) fail(text, `operator ${node.operator} is not built`);
  const compared = strict === '==' || strict === '!=' ? takeComparison(node, strict) : null;
  if (compared !== null) return compared;
  // -x ** 2 is an error in JavaScript, -(x ** 2) in Python and (-x) ** 2 in jsep: nobody shall have to guess.
  if (strict === '**' && node.left.type === 'UnaryExpression') fail(text, 'a sign before ** can be read in two ways; write -(x ** y) or pow(-x, y)');
  return { kind: 'binary', operator: strict as BinaryOperator, left: take(node.left, text), right: take(node.right, text) };
}

/** A name against a text, on whichever side; null where no text stands. */
function takeComparison(node: jsep.BinaryExpression, operator: '==' | '!='): Expression | null {
  for (const [one, other] of [[node.left, node.right], [node.right, node.left]] as const) {
    const name = dottedName(one);
    if (name !== null && other.type === 'Literal' && typeof other.value === 'string') return { kind: 'is', name, text: other.value, not: operator === '!=' };
  }
  return null;
}

/** `optimizer`, `optimizer.adam.beta2`, `val.recall[PNEUMONIA]`, `val.recall["Viral Pneumonia"]`; null for anything else. */
function dottedName(node: jsep.Expression): string | null {
  const core = node as jsep.CoreExpression;
  if (core.type === 'Identifier') return core.name;
  if (core.type !== 'MemberExpression' || core.optional === true) return null;
  const object = dottedName(core.object);
  const property = core.property as jsep.CoreExpression;
  if (object === null) return null;
  // Metrics carry a class or a level, and have a dot before it; nothing else has an element.
  if (core.computed && !object.includes('.')) return null;
  if (core.computed) return property.type === 'Identifier' ? `${object}[${property.name}]` : property.type === 'Literal' ? `${object}[${String(property.value)}]` : null;
  return property.type === 'Identifier' ? `${object}.${property.name}` : null;
}

function takeCall(node: jsep.CallExpression, text: string): Expression {
  const called = dottedName(node.callee);
  const name = called?.startsWith(MATH) === true ? called.slice(MATH.length) : (called ?? '');
  if (!Object.hasOwn(functions, name)) return fail(text, `${called ?? 'this'} is not a function; there are ${FUNCTION_NAMES.join(', ')}`);
  const { least, most }: MathFunction = functions[name as FunctionName];
  const given = node.arguments.length;
  if (given < least || given > most) fail(text, `${name} takes ${least === most ? least : `${least} to ${most}`} values, and here are ${given}`);
  return { kind: 'call', name: name as FunctionName, of: node.arguments.map((argument) => take(argument, text)) };
}

function constant(name: string): Expression | null {
  const value = constants.get(name);
  return value === undefined ? null : { kind: 'number', value };
}

function fail(text: string, why: string): never {
  throw new ExpressionError(text, why);
}
