/** The form for a trial of one's own, made from the space. Pure. */
import type { Answers, Json } from '../../api/types.js';

type Space = Answers['GET /sweeps/:sweep/space'];
type Axis = Space['axes'][number];

export interface EnqueueField {
  readonly name: string;
  /** The best trial's value, else the first of the axis, as it stands in the field. */
  readonly initial: string;
  /** Listed values and the best trial's; empty for a range. */
  readonly options: readonly string[];
  /** What may be written. */
  readonly hint: string;
  /** Whether the space has one value of it: a field that most leave alone. */
  readonly isFixed: boolean;
  /** Whether all its values are texts, so that `1` is one too. */
  readonly isText: boolean;
}

export function fieldsOf({ axes, best }: Space): EnqueueField[] {
  return axes.map((axis) => {
    const { name, values, range } = axis;
    const known = best?.settings[name] ?? null;
    return {
      name,
      initial: textOf(known ?? values[0] ?? null),
      options: range === null ? [...new Set([...values, known].filter((value) => value !== null).map(textOf))] : [],
      hint: hintOf(axis),
      isFixed: range === null && values.length < 2,
      isText: values.length > 0 && values.every((value) => typeof value === 'string'),
    };
  });
}

function hintOf({ values, range }: Axis): string {
  if (range !== null) return `${range.type === 'int' ? 'a whole number' : 'a number'}, in the space from ${range.min} to ${range.max}`;
  return values.length > 1 ? `in the space ${values.map(textOf).join(', ').slice(0, 200)}` : 'fixed in the space';
}

/** What is sent: every field that is not empty. `written`: by name, what the viewer has changed. */
export function settingsOf(fields: readonly EnqueueField[], written: { readonly [name: string]: string }): { readonly [name: string]: Json } {
  return Object.fromEntries(fields.flatMap(({ name, initial, isText }): [string, Json][] => {
    const text = written[name] ?? initial;
    return text.trim() === '' ? [] : [[name, isText ? text : read(text.trim())]];
  }));
}

function textOf(value: Json): string {
  return value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value);
}

/** As sweep files have them: `.5`, `5.` and `+5` too. */
const NUMBER = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i;

/** A number, true or false, or a map as JSON; what is none of these is a text. */
function read(text: string): Json {
  if (NUMBER.test(text)) return Number(text);
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}
