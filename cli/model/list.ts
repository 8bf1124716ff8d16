/** Which models there are, as `trawl model` lists them: each at its defaults, for two classes. */
import { isClassical, MODELS, type Knob, type NamedModel } from '../../proto/models.js';
import { print, printJson } from '../commands/on-service.js';
import { table } from '../text/table.js';
import { inputOf } from './options.js';

const CLASSES = 2;

interface ListedModel {
  readonly name: string;
  readonly kind: 'network' | 'classical';
  readonly meaning: string;
  readonly from: string;
  readonly input: { readonly height: number; readonly width: number; readonly channels: 1 | 3 };
  readonly classes: number;
  /** Moving statistics included; null for a classical model, which has as many as its images make. */
  readonly parameters: number | null;
  readonly knobs: readonly Knob[];
}

export async function listModels(json: boolean): Promise<void> {
  // What only this command needs is loaded by it alone.
  const [{ buildModel }, { layerTable }] = await Promise.all([import('../../worker/model/zoo.js'), import('../../worker/model/layer-table.js')]);
  const models = MODELS.map((model): ListedModel => {
    const { name, meaning, from, knobs } = model;
    const input = inputOf(undefined, model);
    const count = (): number => layerTable(buildModel({ name, knobs: Object.fromEntries(knobs.map((knob) => [knob.name, knob.default])) }, input, CLASSES)).reduce((sum, { params }) => sum + params, 0);
    return { name, kind: kindOf(model), meaning, from, input, classes: CLASSES, parameters: isClassical(model) ? null : count(), knobs };
  });
  if (json) {
    printJson({ models });
    return;
  }
  print([
    ...table(
      [
        { title: 'model', value: ({ name }) => name },
        { title: 'input', value: ({ input: { height, width, channels } }) => `${height} x ${width} x ${channels}` },
        { title: 'parameters', value: ({ parameters }) => parameters?.toLocaleString('en-US') ?? '-', align: 'right' },
        { title: 'from', value: ({ from }) => from },
        { title: 'knobs', value: ({ knobs }) => knobs.map(({ name }) => name).join(', ') },
      ],
      models,
    ),
    '',
    `Parameters are those for ${CLASSES} classes at that input, with every knob at its default. Layers, cost and what a knob may be: trawl model NAME`,
  ]);
}

function kindOf(model: NamedModel): ListedModel['kind'] {
  return isClassical(model) ? 'classical' : 'network';
}
