/** Command about models: which there are; the layers of one, and what it costs. */
import { Option, type Command } from 'commander';
import { resolve } from 'node:path';
import { isModulePath, moduleModel } from '../../proto/model-module.js';
import { CLASSICAL, MODELS, ZOO, type ZooModel } from '../../proto/models.js';
import type { Json, Topology } from '../../proto/work.js';
import type { EngineName } from '../../worker/engine/names.js';
import { withEngine } from '../engine/option.js';
import { BadInput } from '../exit.js';
import { homeAt } from '../home.js';
import { showClassical } from '../model/classical.js';
import { listModels } from '../model/list.js';
import { adviceOf, chosenKnobs, complaintOf, inputOf, wholeOption } from '../model/options.js';
import { bytes } from '../text/format.js';
import { table } from '../text/table.js';
import { print, printJson } from './on-service.js';

interface ModelOptions {
  readonly input?: string;
  readonly classes: string;
  readonly images: string;
  readonly head?: string;
  readonly batch?: string;
  readonly accumulate?: string;
  readonly engine?: EngineName;
  readonly home?: string;
  readonly json?: boolean;
}

/** Options that say nothing of all models. */
const OF_ONE = ['input', 'classes', 'images', 'head', 'batch', 'accumulate', 'engine'] as const;

export function addModel(program: Command): void {
  const command = program
    .command('model')
    .summary('the models there are, or layers, parameters and memory of one')
    .description(`Without a name: lists the models with input, parameters, source and knobs. With one: shows the layers of a network (${ZOO.map(({ name }) => name).join(', ')}) and the memory that training it takes, or what a classical model (${CLASSICAL.map(({ name }) => name).join(', ')}) may be told. Knobs are options of their own: --fcWidth 50, --filters 8,16,49.`)
    .argument('[name]', 'a model of the zoo, a classical one, or a module such as ./my-model.ts (default: a list of all)')
    .argument('[knobs...]', '--KNOB VALUE')
    .option('--input <size>', "height x width x channels (default: the model's image size, gray)")
    .option('--classes <n>', 'number of classes', '2')
    .option('--images <n>', 'training images that a classical model is fitted to', '5000')
    .addOption(new Option('--head <kind>', 'the last layer of a model of the zoo: a unit per class, or one for two classes (default: softmax)').choices(['softmax', 'sigmoid']))
    .option('--batch <n>', "images per step (default: the model's)")
    .option('--accumulate <n>', 'parts in which each batch is trained, in the memory of one', '1')
    .option('--home <dir>', 'where engines are kept (default: $TRAWL_HOME, else ~/.trawl)')
    .option('--json', 'one JSON document on stdout, everything else on stderr')
    .allowUnknownOption()
    .addHelpText('after', '\nExamples:\n  trawl model\n  trawl model garth-cnn --input 100x100x1 --classes 2 --batch 30 --fcWidth 50');
  withEngine(command, 'whose memory and layers are meant: graph, wasm or eager (default: wasm)').action(async (name: string | undefined, knobs: readonly string[], options: ModelOptions) => {
    if (name !== undefined) return showModel(name, knobs, options);
    const given = OF_ONE.filter((option) => command.getOptionValueSource(option) === 'cli');
    if (given.length > 0) throw new BadInput(given.map((option) => `--${option}: found ${options[option] ?? ''} without a model, expected NAME before it; trawl model lists the names`).join('\n'));
    return listModels(options.json === true);
  });
}

type Input = { readonly height: number; readonly width: number; readonly channels: 1 | 3 };

/** Where a model's layers come from. */
interface Source {
  readonly model: ZooModel;
  readonly build: (knobs: { readonly [knob: string]: Json }, input: Input, classes: number) => Promise<Topology>;
  readonly close: () => Promise<void>;
}

async function showModel(name: string, knobs: readonly string[], options: ModelOptions): Promise<void> {
  const classical = CLASSICAL.find((model) => model.name === name);
  if (classical !== undefined) {
    await showClassical(classical, knobs, options);
    return;
  }
  const source = isModulePath(name) ? await moduleSource(name, options) : await zooSource(name, options.head);
  try {
    await showSource(source, knobs, options);
  } finally {
    await source.close();
  }
}

/** Throws BadInput. */
async function moduleSource(path: string, { engine, home, head }: ModelOptions): Promise<Source> {
  if (head !== undefined) throw new BadInput(`--head: found ${head} for ${path}, expected a model of the zoo; a module's last layer says it`);
  const [{ OpenModule }, { hasNative }] = await Promise.all([import('../module/model-module.js'), import('../engine/survey.js')]);
  const module = await OpenModule.open({ file: resolve(path), path, engine: { asked: engine ?? null, hasNative: hasNative(homeAt(home)) } });
  return {
    model: moduleModel({ path, knobs: module.knobs }),
    build: (settings, input, classes) => module.build({ settings, input: { ...input, classes } }),
    close: () => module.close(),
  };
}

/** Throws BadInput. */
async function zooSource(name: string, head: string | undefined): Promise<Source> {
  const [{ notBuiltValue, suggestValue }, { buildModel }] = await Promise.all([import('../../coordinator/sweep/suggest.js'), import('../../worker/model/zoo.js')]);
  const names = MODELS.map((candidate) => candidate.name);
  const model = ZOO.find((candidate) => candidate.name === name);
  if (model === undefined) {
    const suggestion = notBuiltValue('model', name) ?? suggestValue(name, names);
    throw new BadInput(`model: found ${name}, expected one of ${names.join(', ')}, or a module such as ./my-model.ts${suggestion === null ? '' : `; ${suggestion}`}`);
  }
  return { model, build: async (knobs, input, classes) => builtOrBad(() => buildModel({ name, knobs, ...(head === 'sigmoid' ? { head } : {}) }, input, classes)), close: async () => undefined };
}

async function showSource({ model, build }: Source, knobs: readonly string[], options: ModelOptions): Promise<void> {
  // What only this command needs is loaded by it alone.
  const { layerTable } = await import('../../worker/model/layer-table.js');
  const { name } = model;
  const chosen = chosenKnobs(model, knobs, await complaintOf(), await adviceOf());
  const input = inputOf(options.input, model);
  const classes = wholeOption('--classes', options.classes, 2);
  const batch = options.batch === undefined ? model.defaults.batch : wholeOption('--batch', options.batch, 1);
  const accumulate = wholeOption('--accumulate', options.accumulate ?? '1', 1);
  if (accumulate > batch) throw new BadInput(`--accumulate: found ${accumulate}, expected at most the batch, which is ${batch}`);

  const topology = await build(chosen, input, classes);
  const { eagerLayerTable } = options.engine === 'eager' ? await import('../../worker/engine/eager/layer-table.js') : { eagerLayerTable: null };
  const layers = builtOrBad(() => (eagerLayerTable ?? layerTable)(topology));
  const sum = (of: (layer: (typeof layers)[number]) => number): number => layers.reduce((total, layer) => total + of(layer), 0);
  const normalisation = { mean: null, deviation: null };
  const training = { optimizer: model.defaults.optimizer, classes, normalisation, initSeed: 0, replicate: 0, maxBatch: batch, accumulate, clips: false, augments: false, memoryBytes: null };
  const totals = {
    params: sum((layer) => layer.params),
    learnables: sum((layer) => layer.learnables),
    multiplyAdds: sum((layer) => layer.multiplyAdds),
    memoryBytes: (await (await import('../engine/survey.js')).engineHere(options.engine ?? null, () => homeAt(options.home))).estimate(topology, training),
  };
  if (options.json === true) {
    printJson({ model: name, knobs: chosen, input, classes, batch, accumulate, ...totals, layers });
    return;
  }
  const number = (value: number): string => value.toLocaleString('en-US');
  print([
    `${name} on ${input.height} x ${input.width} x ${input.channels}, ${classes} classes: ${model.meaning} (${model.from})`,
    Object.entries(chosen).map(([knob, value]) => `${knob} ${JSON.stringify(value)}`).join(', '),
    '',
    ...table(
      [
        { title: 'layer', value: (layer) => layer.name },
        { title: 'class', value: (layer) => layer.className },
        { title: 'output', value: (layer) => layer.output.join(' x ') },
        { title: 'parameters', value: (layer) => number(layer.params), align: 'right' },
        { title: 'multiply-adds', value: (layer) => number(layer.multiplyAdds), align: 'right' },
        { title: 'activations', value: (layer) => bytes(layer.activationBytes), align: 'right' },
      ],
      layers,
    ),
    '',
    `${number(totals.params)} parameters, ${number(totals.learnables)} of them learnt; ${number(totals.multiplyAdds)} multiply-adds per image`,
    `training at batch ${batch}${accumulate === 1 ? '' : ` in ${accumulate} parts`} with ${model.defaults.optimizer.name}: about ${bytes(totals.memoryBytes)} of memory beside that of the process`,
  ]);
}

/** What the model itself refuses (images too small for its pools) is the user's to mend. */
function builtOrBad<Result>(build: () => Result): Result {
  try {
    return build();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ModelError') throw new BadInput(error.message);
    throw error;
  }
}
