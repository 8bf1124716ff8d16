/** The knobs that a module exports, as the zoo's are written. */
import * as z from 'zod';
import { describe, fieldName } from '../../coordinator/sweep/mistakes.js';
import { COMMON_HYPERPARAMETERS, knobValue } from '../../coordinator/sweep/schema-space.js';
import type { Knob } from '../../proto/models.js';

const meaning = z.string().optional();
const choice = z.union([z.string(), z.boolean()]);
const bounds = { min: z.number(), max: z.number(), meaning };
const FORM = '{default, min, max}, or {default, choices}';
const written = z.union(
  [
    z.strictObject({ default: choice, choices: z.array(choice).min(1), meaning }),
    z.strictObject({ default: z.number(), type: z.enum(['int', 'float']).optional(), ...bounds }),
    z.strictObject({ default: z.array(z.number()).min(1), length: z.int().min(1).optional(), ...bounds }),
  ],
  { error: FORM },
);

/** Options of `trawl model`, where each knob is an option too. */
const TAKEN = [...COMMON_HYPERPARAMETERS, 'input', 'classes', 'json', 'help'];

/** `exported` is null where there are none. Mistakes are `knobs.NAME: found X, expected Y`. */
export function readKnobs(exported: unknown): { readonly knobs: readonly Knob[]; readonly mistakes: readonly string[] } {
  if (exported === null) return { knobs: [], mistakes: [] };
  if (typeof exported !== 'object' || Array.isArray(exported)) return { knobs: [], mistakes: [`knobs: found ${describe(exported)}, expected a map of name to ${FORM}`] };
  const knobs: Knob[] = [];
  const mistakes: string[] = [];
  for (const [name, value] of Object.entries(exported)) {
    const said = (found: string, expected: string): number => mistakes.push(`${fieldName(['knobs', name])}: found ${found}, expected ${expected}`);
    const read = written.safeParse(value);
    if (!/^[A-Za-z_$][\w$-]*$/.test(name)) said(describe(name), 'a name of letters and digits');
    else if (TAKEN.includes(name)) said(describe(name), `a name that is not taken (${TAKEN.join(', ')})`);
    else if (!read.success) said(describe(value), FORM);
    else {
      const knob = knobOf(name, read.data);
      const wrong = knobValue(knob).safeParse(knob.default).error?.issues[0];
      if (wrong === undefined) knobs.push(knob);
      else said(`the default ${describe(knob.default)}`, wrong.message);
    }
  }
  return { knobs, mistakes };
}

function knobOf(name: string, value: z.infer<typeof written>): Knob {
  const said = value.meaning ?? 'a knob of the module';
  if ('choices' in value) return { name, kind: 'choice', default: value.default, choices: value.choices, meaning: said };
  const { min, max } = value;
  if (Array.isArray(value.default)) return { name, kind: 'int-list', default: value.default, min, max, length: ('length' in value ? value.length : undefined) ?? null, meaning: said };
  return { name, kind: 'type' in value && value.type === 'float' ? 'float' : 'int', default: value.default, min, max, length: null, meaning: said };
}
