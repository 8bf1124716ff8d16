/** A classical model as `trawl model` shows it: its knobs, and the memory that fitting it takes. */
import type { ClassicalModel, Knob } from '../../proto/models.js';
import type { Json } from '../../proto/work.js';
import { print, printJson } from '../commands/on-service.js';
import { BadInput } from '../exit.js';
import { bytes } from '../text/format.js';
import { table } from '../text/table.js';
import { adviceOf, chosenKnobs, complaintOf, inputOf, wholeOption } from './options.js';

export interface ClassicalOptions {
  readonly input?: string;
  readonly classes: string;
  readonly images: string;
  readonly head?: string;
  readonly batch?: string;
  readonly engine?: string;
  readonly json?: boolean;
}

/** Throws BadInput. */
export async function showClassical(model: ClassicalModel, given: readonly string[], options: ClassicalOptions): Promise<void> {
  const foreign = (['head', 'batch', 'engine'] as const).filter((option) => options[option] !== undefined);
  if (foreign.length > 0) throw new BadInput(foreign.map((option) => `--${option}: found ${options[option] ?? ''} for ${model.name}, expected a network; a classical model has no layers, steps or engine`).join('\n'));
  const { kindOf } = await import('../../worker/classical/kinds.js');
  const knobs = chosenKnobs(model, given, await complaintOf(), await adviceOf());
  const input = inputOf(options.input, model);
  const classes = wholeOption('--classes', options.classes, 2);
  const images = wholeOption('--images', options.images, 1);
  const memoryBytes = kindOf(model.name).memory({ count: images, size: input.height * input.width * input.channels, classes, knobs });
  if (options.json === true) {
    printJson({ model: model.name, knobs, input, classes, images, memoryBytes });
    return;
  }
  print([
    `${model.name}: ${model.meaning} (${model.from})`,
    '',
    ...table(
      [
        { title: 'knob', value: (knob) => knob.name },
        { title: 'value', value: (knob) => text(knobs[knob.name] ?? null) },
        { title: 'may be', value: (knob) => rangeOf(knob) },
        { title: 'meaning', value: (knob) => knob.meaning },
      ],
      model.knobs,
    ),
    '',
    `beside them imageSize, trainFraction${model.takesClassWeights ? ' and classWeights' : ''}; one epoch, in plain JavaScript`,
    `fitting it to ${images.toLocaleString('en')} images of ${input.height} x ${input.width} x ${input.channels} and ${classes} classes: at most about ${bytes(memoryBytes)} of memory beside that of the process`,
  ]);
}

function rangeOf(knob: Knob): string {
  if (knob.kind === 'choice') return knob.choices.join(', ');
  return [...(knob.words ?? []).map(text), `${knob.min} to ${knob.max}`].join(', ');
}

function text(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
