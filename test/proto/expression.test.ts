import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { namedSettings } from '../../proto/named-settings.js';
import { ExpressionError, FUNCTION_NAMES, evaluate, evaluatePartly, namesIn, parseExpression, textsIn } from '../../proto/expression.js';

const value = (text: string, names: { readonly [name: string]: number } = {}): number => evaluate(parseExpression(text), { numbers: names, texts: {} });

test('a lone = is told to be ==, and one in a text or a comparison is left alone', () => {
  assert.throws(() => parseExpression('epochs = 6'), /did you mean ==\?/);
  for (const text of ['a == 1 &&', 'a <= 1 )', 'name == "a=b" "']) assert.throws(() => parseExpression(text), (error: Error) => !error.message.includes('did you mean'));
});

test('arithmetic follows the usual precedence', () => {
  assert.equal(value('1 + 2 * 3'), 7);
  assert.equal(value('(1 + 2) * 3'), 9);
  assert.equal(value('2 ** 3 ** 2'), 512);
  assert.equal(value('7 % 4 - -1'), 4);
  assert.equal(value('1e-3 * 1000'), 1);
});

test('comparisons and logic give 1 or 0', () => {
  assert.deepEqual(['1 < 2', '2 <= 1', '1 == 1', '1 === 1', '1 != 1', '1 > 0 && 0 > 1', '0 || 3', '!0', '!5', 'true + true'].map((text) => value(text)), [1, 0, 1, 1, 0, 0, 1, 1, 0, 2]);
});

test('a choice evaluates one of its two sides', () => {
  assert.equal(value('epoch < 3 ? 10 : epoch', { epoch: 2 }), 10);
  assert.equal(value('epoch < 3 ? 10 : epoch', { epoch: 7 }), 7);
  assert.equal(value('1 ? 2 : missing'), 2);
});

test('functions are those of Math, with or without its name', () => {
  for (const name of FUNCTION_NAMES) {
    const math = (Math as unknown as { readonly [name: string]: (...values: number[]) => number })[name];
    assert.ok(math !== undefined, name);
    const given = name === 'pow' ? [2, 3] : [0.5];
    assert.equal(value(`${name}(${given.join(', ')})`), math(...given), name);
    assert.equal(value(`Math.${name}(${given.join(', ')})`), math(...given), name);
  }
  assert.equal(value('max(1, min(5, 3), 2)'), 3);
  assert.equal(value('cos(PI)'), -1);
  assert.equal(value('Math.PI'), Math.PI);
});

test('names are listed once each, constants are none', () => {
  assert.deepEqual(namesIn(parseExpression('exp(-lr * epoch) + (lr > x ? y : -PI)')), ['lr', 'epoch', 'x', 'y']);
});

test('what is no number is a value too', () => {
  assert.ok(Number.isNaN(value('0 / 0')));
  assert.equal(value('1 / 0'), Infinity);
});

test('a name without a value is an error, inherited ones too', () => {
  assert.throws(() => value('lr', { epoch: 1 }), (error: unknown) => error instanceof ExpressionError && error.message.includes('epoch'));
  assert.throws(() => value('toString', {}), ExpressionError);
});

test('nothing else of JavaScript comes through', () => {
  const refused = [
    '', '1 +', '(1', '1 2', 'a; b', 'a, b', 'a = 1', '"text"', '[1]', 'this', 'this.x', 'null', 'x[0]', 'x["y"]', 'x.y.z()', 'x?.y', 'lr + "a"', '"a" == "a"', 'x < "a"', 'globalThis["process"]', 'x.constructor("return process")()', 'Math["exp"](1)', 'Math.random()', 'Math.nope',
    'process.exit(1)', 'constructor(1)', 'toString()', 'f(1)', 'exp()', 'exp(1, 2)', 'pow(2)', '~1', '1 & 2', '1 << 2', 'a ?? b', '`x`', '-x ** 2', 'exp', 'new Date()', '1'.repeat(3000),
  ];
  for (const text of refused.filter((each) => each !== 'exp')) {
    assert.throws(() => parseExpression(text), (error: unknown) => error instanceof ExpressionError && !error.message.includes('\n'), text);
  }
});

test('any text is either an expression or an ExpressionError', () => {
  const pieces = fc.array(fc.constantFrom('1', 'x', '+', '-', '*', '**', '(', ')', '?', ':', '.', ',', '!', '<', 'exp', 'Math', ' ', '[', '"', '&&', '='), { maxLength: 30 });
  fc.assert(
    fc.property(fc.oneof(fc.string(), pieces.map((parts) => parts.join(''))), (text) => {
      try {
        evaluate(parseExpression(text), { numbers: { x: 0.5 }, texts: {} });
      } catch (error) {
        assert.ok(error instanceof ExpressionError, `${text}: ${String(error)}`);
      }
    }),
    { numRuns: 500 },
  );
});

test('a name with dots is one name, and no way into anything', () => {
  assert.deepEqual(namesIn(parseExpression('optimizer.adam.beta2 < process.env.HOME')), ['optimizer.adam.beta2', 'process.env.HOME']);
  assert.equal(evaluate(parseExpression('a.b + 1'), { numbers: { 'a.b': 2 }, texts: {} }), 3);
  for (const text of ['constructor.constructor', '__proto__.x', 'x.__proto__', 'x.toString']) assert.throws(() => value(text, { x: 1 }), ExpressionError, text);
});

test('a name may carry a class or a level in brackets, as metrics do', () => {
  const names = { numbers: { 'val.recall[PNEUMONIA]': 0.9, 'val.recall[Viral Pneumonia]': 0.8, 'val.at[0.95]': 0.7 }, texts: {} };
  const said = (text: string): number => evaluate(parseExpression(text), names);
  assert.deepEqual(['val.recall[PNEUMONIA]', 'val.recall["Viral Pneumonia"]', 'val.at[0.95]'].map(said), [0.9, 0.8, 0.7]);
  for (const text of ['val.recall[1 + 1]', 'val["constructor"]', 'val.recall[a.b]', 'x[y[z]]']) assert.throws(() => said(text), ExpressionError, text);
});

test('a name is compared with a text, and one that is no text is not equal', () => {
  const names = { numbers: { lr: 0.1 }, texts: { optimizer: 'adam' } };
  const said = (text: string): number => evaluate(parseExpression(text), names);
  assert.deepEqual(['optimizer == "adam"', '"adam" === optimizer', "optimizer != 'sgd'", 'optimizer == "sgd"', 'lr == "adam"', 'gone != "adam"'].map(said), [1, 1, 1, 0, 0, 1]);
  assert.deepEqual(textsIn(parseExpression('optimizer == "adam" && (lr.cosine != "x" || lr < 1)')), [{ name: 'optimizer', text: 'adam' }, { name: 'lr.cosine', text: 'x' }]);
});

test('where a number is lacking, what it does not decide is still known (Kleene, 1938)', () => {
  const partly = (text: string): number | null => evaluatePartly(parseExpression(text), { numbers: { a: 1 }, texts: {} });
  assert.deepEqual(['b < 1', '!b', 'b + 1', 'max(a, b)', 'b ? 1 : 2', 'a && b', 'b && a', 'a > 1 || b'].map(partly), Array(8).fill(null));
  assert.deepEqual(['a < 1 && b', 'b && a < 1', 'a || b', 'b || a', 'a ? a : b'].map(partly), [0, 0, 1, 1, 1]);
});

test('settings are named by their places; a choice over its settings is a text too', () => {
  const settings = { lr: { cosine: { initial: 0.1, epochs: 20 } }, optimizer: 'adam', batchNorm: true, clipNorm: null, filters: [8, 16], augment: { rotation: 10, flip: 'both' }, kernel: { poly: { degree: 2 } }, classWeights: { A: 2 } };
  assert.deepEqual(namedSettings(settings), {
    numbers: { 'lr.cosine.initial': 0.1, 'lr.cosine.epochs': 20, batchNorm: 1, 'augment.rotation': 10, 'kernel.poly.degree': 2, 'classWeights.A': 2 },
    texts: { lr: 'cosine', optimizer: 'adam', 'augment.flip': 'both', kernel: 'poly' },
  });
});
