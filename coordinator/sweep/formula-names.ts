/** What formulas may name: the numbers and texts that the settings of a space have. */
import { namesIn, textsIn, type Expression } from '../../proto/expression.js';
import { namedSettings } from '../../proto/named-settings.js';
import type { Json } from '../../proto/work.js';
import { describe, type Problem } from './mistakes.js';
import { oneOf } from './schema-parts.js';
import type { Axis } from './spec.js';
import { suggestKey, suggestValue } from './suggest.js';

type Place = Pick<Problem, 'path' | 'at'>;

/** `base` is where the formula stands. */
export function checkNames(expression: Expression, known: KnownNames, base: Place): Problem[] {
  return [...checkNumbers(expression, known, base), ...checkTexts(expression, known, base)];
}

function checkNumbers(expression: Expression, known: KnownNames, base: Place): Problem[] {
  const numbers = [...known].filter(([, named]) => named.other === undefined).map(([name]) => name);
  const compared = new Set(textsIn(expression).map(({ name }) => name));
  return namesIn(expression).flatMap((name): Problem[] => {
    const named = known.get(name);
    if (named === undefined) return [{ ...base, found: `the name ${name}`, expected: oneOf(numbers), suggestion: suggestKey(name, numbers, base.path) }];
    // A formula that asks which it is may use it as both.
    if (named.other === undefined || (named.isNumber && compared.has(name))) return [];
    const [text] = named.texts;
    return [{ ...base, found: `${name}, which can be ${describe(named.other)}`, expected: 'hyperparameters that are numbers', suggestion: text === undefined ? null : `ask for a text with ${name} == ${JSON.stringify(text)}` }];
  });
}

function checkTexts(expression: Expression, known: KnownNames, base: Place): Problem[] {
  const names = [...known].filter(([, { texts }]) => texts.size > 0).map(([name]) => name);
  return textsIn(expression).flatMap(({ name, text }): Problem[] => {
    const texts = [...(known.get(name)?.texts ?? [])];
    if (texts.includes(text)) return [];
    if (texts.length === 0) return [{ ...base, found: `${name} before the text ${describe(text)}`, expected: names.length === 0 ? 'numbers' : oneOf(names), suggestion: suggestKey(name, names, base.path) }];
    return [{ ...base, found: `the text ${describe(text)}, which ${name} never is`, expected: oneOf(texts), suggestion: suggestValue(text, texts) }];
  });
}

export type KnownNames = ReadonlyMap<string, Named>;

interface Named {
  readonly texts: Set<string>;
  isNumber: boolean;
  /** A value that is no number, as written. */
  other: Json | undefined;
}

/** Every name that the settings of these axes have. What is null is nothing to compare, and no mistake. */
export function namesOfAxes(axes: readonly Axis[]): Map<string, Named> {
  const known = new Map<string, Named>();
  const namedBy = (name: string): Named => {
    const named = known.get(name) ?? { texts: new Set<string>(), isNumber: false, other: undefined };
    known.set(name, named);
    return named;
  };
  for (const axis of axes) {
    // Axes that would be called alike have indexes; in settings both are called by their place.
    const name = axis.name.replace(/\[\d+\]/g, '');
    for (const value of axis.values) {
      const { numbers, texts } = namedSettings({ [name]: value });
      const named = namedBy(name);
      for (const number of Object.keys(numbers)) namedBy(number).isNumber = true;
      for (const [place, text] of Object.entries(texts)) namedBy(place).texts.add(text);
      if (value !== null && !Object.hasOwn(numbers, name)) named.other ??= value;
      for (const [place, text] of Object.entries(texts)) namedBy(place).other ??= text;
    }
  }
  return known;
}
