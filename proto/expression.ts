/**
 * The formulas of the synthetic trainable: numbers, names, + - * / % **, comparisons, ?:, && || !, and
 * a fixed list of functions. jsep reads the text; only what stands in `Expression` is taken from its
 * tree, so nothing else of JavaScript can come through.
 */
import jsep from 'jsep';

export type Expression =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'unary'; readonly operator: UnaryOperator; readonly of: Expression }
  | { readonly kind: 'binary'; readonly operator: BinaryOperator; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'choice'; readonly test: Expression; readonly yes: Expression; readonly no: Expression }
  | { readonly kind: 'call'; readonly name: FunctionName; readonly of: readonly Expression[] };

export class ExpressionError extends Error {
  readonly code = 'BadExpression';
  readonly why: string;
  constructor(text: string, why: string) {
    super(`${JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text)}: ${why}`);
    this.name = 'ExpressionError';
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
    throw new ExpressionError(text, error instanceof Error ? error.message : String(error));
  }
  return take(tree, text);
}

/** Throws ExpressionError for a name that `names` lacks. NaN and infinities are values like any other. */
export function evaluate(expression: Expression, names: { readonly [name: string]: number }): number {
  switch (expression.kind) {
    case 'number':
      return expression.value;
    case 'name': {
      const value = Object.hasOwn(names, expression.name) ? names[expression.name] : undefined;
      if (value === undefined) throw new ExpressionError(expression.name, `no such name; there are ${Object.keys(names).join(', ')}`);
      return value;
    }
    case 'unary':
      return unaryOperators[expression.operator](evaluate(expression.of, names));
    case 'binary':
      return binaryOperators[expression.operator](evaluate(expression.left, names), evaluate(expression.right, names));
    case 'choice':
      return evaluate(evaluate(expression.test, names) !== 0 ? expression.yes : expression.no, names);
    case 'call': {
      const { apply }: MathFunction = functions[expression.name];
      return apply(...expression.of.map((argument) => evaluate(argument, names)));
    }
  }
}

/** The names that an expression needs, each once, in order of appearance. */
export function namesIn(expression: Expression): readonly string[] {
  const found = new Set<string>();
  const visit = (part: Expression): void => {
    switch (part.kind) {
      case 'number':
        return;
      case 'name':
        found.add(part.name);
        return;
      case 'unary':
        { visit(part.of); return; }
      case 'binary':
        visit(part.left);
        { visit(part.right); return; }
      case 'choice':
        visit(part.test);
        visit(part.yes);
        { visit(part.no); return; }
      case 'call':
        part.of.forEach(visit);
    }
  };
  visit(expression);
  return [...found];
}

function take(node: jsep.Expression, text: string): Expression {
  const core = node as jsep.CoreExpression;
  switch (core.type) {
    case 'Literal':
      return takeLiteral(core.value, text);
    case 'Identifier':
      return constant(core.name) ?? { kind: 'name', name: core.name };
    case 'MemberExpression':
      return constant(mathMember(core, text)) ?? fail(text, `${mathMember(core, text)} is not a constant; there are ${[...constants.keys()].join(', ')}`);
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
  return fail(text, 'only numbers may stand here');
}

function takeBinary(node: jsep.BinaryExpression, text: string): Expression {
  const strict = node.operator === '===' ? '==' : node.operator === '!==' ? '!=' : node.operator;
  if (!Object.hasOwn(binaryOperators, strict)) fail(text, `operator ${node.operator} is not built`);
  // -x ** 2 is an error in JavaScript, -(x ** 2) in Python and (-x) ** 2 in jsep: nobody shall have to guess.
  if (strict === '**' && node.left.type === 'UnaryExpression') fail(text, 'a sign before ** can be read in two ways; write -(x ** y) or pow(-x, y)');
  return { kind: 'binary', operator: strict as BinaryOperator, left: take(node.left, text), right: take(node.right, text) };
}

function takeCall(node: jsep.CallExpression, text: string): Expression {
  const callee = node.callee as jsep.CoreExpression;
  const name = callee.type === 'Identifier' ? callee.name : callee.type === 'MemberExpression' ? mathMember(callee, text) : '';
  if (!Object.hasOwn(functions, name)) return fail(text, `${name === '' ? 'this' : name} is not a function; there are ${FUNCTION_NAMES.join(', ')}`);
  const { least, most }: MathFunction = functions[name as FunctionName];
  const given = node.arguments.length;
  if (given < least || given > most) fail(text, `${name} takes ${least === most ? least : `${least} to ${most}`} values, and here are ${given}`);
  return { kind: 'call', name: name as FunctionName, of: node.arguments.map((argument) => take(argument, text)) };
}

/** `Math.exp` is read as `exp`, because that is how many people write it. */
function mathMember(node: jsep.MemberExpression, text: string): string {
  const object = node.object as jsep.CoreExpression;
  const property = node.property as jsep.CoreExpression;
  if (node.computed || object.type !== 'Identifier' || object.name !== 'Math' || property.type !== 'Identifier') {
    return fail(text, 'only Math may stand before a dot');
  }
  return property.name;
}

function constant(name: string): Expression | null {
  const value = constants.get(name);
  return value === undefined ? null : { kind: 'number', value };
}

function fail(text: string, why: string): never {
  throw new ExpressionError(text, why);
}
