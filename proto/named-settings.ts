import type { Names } from './expression.js';
import type { Json } from './work.js';

/**
 * Settings as formulas name them. Numbers are numbers, true and false are 1 and 0. A text is a text, and so is
 * the name of a choice that has settings of its own, which are named after it: of {optimizer: {adam:
 * {beta2: 0.99}}} that is the text `optimizer`, "adam", and the number `optimizer.adam.beta2`.
 */
export function namedSettings(settings: { readonly [name: string]: Json }): Names {
  const numbers: { [name: string]: number } = {};
  const texts: { [name: string]: string } = {};
  const put = (name: string, value: Json): void => {
    if (typeof value === 'number') numbers[name] = value;
    else if (typeof value === 'boolean') numbers[name] = value ? 1 : 0;
    else if (typeof value === 'string') texts[name] = value;
    else if (value !== null && !isList(value)) {
      const inner = Object.entries(value);
      const [only, ...more] = inner;
      if (only !== undefined && more.length === 0 && typeof only[1] === 'object' && only[1] !== null && !isList(only[1])) texts[name] = only[0];
      for (const [field, own] of inner) put(`${name}.${field}`, own);
    }
  };
  for (const [name, value] of Object.entries(settings)) put(name, value);
  return { numbers, texts };
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
