/**
 * The one description of a sweep file, with schema-space.ts and the other schema files beside it: its types, the checks of every single field, the words of their
 * messages, and the JSON Schema for editors all come from here. The `error` of each schema is what was
 * expected there, as it stands in a mistake after "expected". What depends on more than one field is
 * in check.ts; what is known but not built yet, and other tools' names, are in suggest.ts.
 */
import * as z from 'zod';
import { MODULE_PATH } from '../../proto/model-module.js';
import { MODELS, type Knob } from '../../proto/models.js';
import { PRETRAINED_NORMALISATIONS, type PretrainedNormalisation } from '../../proto/normalisations.js';
import { ENSEMBLE_RULES } from '../ensemble/combine.js';
import { anyNumber, fields, MAX_TRIALS, name, oneOf, seed, text, whole } from './schema-parts.js';
import { command, modulePath, program } from './schema-program.js';
import { constraints, pruner, sampler, warmStartFields } from './schema-search.js';
import { anyOf, commonValues, formsOf, imageSpaceOf, knobValue, programSpace, syntheticSpace } from './schema-space.js';
import { someTime, time } from './schema-time.js';

const fraction = z.union([z.number().gt(0, 'a fraction above 0 and below 1').lt(1, 'a fraction above 0 and below 1'), z.literal('given')], {
  error: 'a fraction above 0 and below 1, or given',
});
const merge = z.literal('merge', { error: 'merge' });

const LABELS = '{file, path, label, group, part}, or the .npy file of the labels';
const COLUMN = 'the name of a column';
const CLASSES = 'a list of names, of class 0 first';

const PRETRAINED = Object.keys(PRETRAINED_NORMALISATIONS) as PretrainedNormalisation[];
const BOX = '[x, y, width, height] as shares of the image from its upper left corner, width and height above 0, x + width and y + height up to 1';
const share = z.number(BOX);
/** Sums of decimals may miss 1 by a last bit. */
const isWithin = (from: number, length: number): boolean => from >= 0 && length > 0 && from + length <= 1 + 1e-9;

const CROP = '{box: [x, y, width, height]} or {masks: FOLDER, margin}';
const MARGIN = 'a share from 0 to 1 of the sides of what is cut out';
const box = z.tuple([share, share, share, share], BOX).refine(([x, y, width, height]) => isWithin(x, width) && isWithin(y, height), BOX);
const cropFields = z.union([fields({ box }, CROP), fields({ masks: text('a folder of masks'), margin: z.number(MARGIN).min(0, MARGIN).max(1, MARGIN).optional() }, CROP)], { error: CROP });

export const dataFields = fields(
  {
    path: text('a folder of images'),
    split: fields({ val: fraction.optional(), test: fraction.optional(), seed: seed.optional(), given: merge.optional() }, '{val, test}').optional(),
    given: merge.optional(),
    label: text('a regular expression').optional(),
    labels: z.union([text(LABELS), fields({ file: text('a CSV file'), path: text(COLUMN).optional(), label: text(COLUMN).optional(), group: text(COLUMN).optional(), part: text(COLUMN).optional() }, LABELS)], { error: LABELS }).optional(),
    classes: z.array(text('the name of a class'), CLASSES).min(2, CLASSES).refine((names) => new Set(names).size === names.length, 'each name once').optional(),
    perClass: whole(1).optional(),
    dedupe: z.boolean('true or false').optional(),
    groupBy: text('a regular expression').optional(),
    positive: z.union([text('a class'), z.number()], { error: 'the name of a class' }).optional(),
    channels: name(['gray', 'rgb']).optional(),
    resize: name(['stretch', 'pad', 'crop']).optional(),
    crop: cropFields.optional(),
    normalisation: name(['scale', 'zerocenter', 'standardise', ...PRETRAINED]).optional(),
    maxRejected: z.number('a share from 0 to 1').min(0, 'a share from 0 to 1').max(1, 'a share from 0 to 1').optional(),
  },
  'a folder, or a map with path',
);
export type DataFile = z.infer<typeof dataFields>;

const metric = text('the name of a metric');
const floors = z.record(metric, anyNumber, 'a map of metric to least value').optional();
const CEILING = 'a number above 0';
const ceilings = z.record(metric, z.number(CEILING).positive(CEILING), 'a map of metric to largest value').optional();
const oneObjective = z.union([fields({ maximize: metric, floors, ceilings }, '{maximize: METRIC}'), fields({ minimize: metric, floors, ceilings }, '{minimize: METRIC}')], {
  error: '{maximize: METRIC} or {minimize: METRIC}',
});
const OBJECTIVES = '{maximize: METRIC} or {minimize: METRIC}, or a list of them';
const objective = z.union([oneObjective, z.array(oneObjective, OBJECTIVES).min(1, 'at least one objective')], { error: OBJECTIVES });
export type ObjectiveFile = z.infer<typeof oneObjective>;

export const stopFields = fields(
  {
    monitor: metric.optional(),
    direction: name(['minimize', 'maximize']).optional(),
    patience: whole(1),
    minDelta: z.number('a number of at least 0').min(0, 'a number of at least 0').optional(),
    restoreBest: z.boolean('true or false').optional(),
  },
  '{monitor, patience, minDelta, restoreBest}',
);

const HOURS = 'a number of hours above 0';
const hours = z.number(HOURS).positive(HOURS);

export const budgetFields = fields(
  { trials: whole(1, MAX_TRIALS).optional(), wallClock: someTime.optional(), epochs: whole(1).optional(), slotHours: hours.optional(), gpuHours: hours.optional(), target: anyNumber.optional(), stagnation: whole(1, MAX_TRIALS).optional() },
  '{trials, wallClock, epochs, slotHours, gpuHours, target, stagnation}',
);

export type BudgetFile = z.infer<typeof budgetFields>;

const ENSEMBLE = '{maxMembers, rule}, or none';
export const ensembleFields = fields({ maxMembers: whole(1, 100).optional(), rule: name(ENSEMBLE_RULES).optional() }, ENSEMBLE);

// It becomes part of addresses and of commands that people paste.
const sweepName = z.string('a name').regex(/^(?!\.{1,2}$)[^\s/\\\p{Cc}](?:[^/\\\p{Cc}]{0,98}[^\s/\\\p{Cc}])?$/u, 'a name of 1 to 100 characters without / and \\, and not . or ..');

/** Room for every order of sweeps that people keep in their heads. */
const MAX_PRIORITY = 1000;

const MAX_REPLICATES = 100;

// As `trawl worker --pool` and `--label` take them.
const word = (what: string): z.ZodString => z.string(`${what}, 1 to 63 characters without spaces`).regex(/^\S{1,63}$/, `${what}, 1 to 63 characters without spaces`);
export const workersFields = fields({ pool: word('the name of a pool').optional(), labels: z.record(z.string(), word('the value of a label'), 'a map of labels, e.g. {zone: a}').optional() }, '{pool, labels}');
export type WorkersFile = z.infer<typeof workersFields>;

const common = {
  constraints: constraints.optional(),
  sampler: sampler.optional(),
  warmStart: warmStartFields.optional(),
  pruner: pruner.optional(),
  objective: objective.optional(),
  stop: stopFields.optional(),
  budget: budgetFields.optional(),
  stageTimeout: time.optional(),
  priority: whole(-MAX_PRIORITY, MAX_PRIORITY).optional(),
  concurrency: whole(1).optional(),
  workers: workersFields.optional(),
  seed: seed.optional(),
  replicates: whole(1, MAX_REPLICATES).optional(),
};

const WEIGHTS = 'a file of weights or its address (https://…), or {file, sha256}';
const ADDRESS = 'a file of weights, or its address at a host, that begins with https:// or http://';
const weightsFile = text(WEIGHTS).refine((file) => !/^[a-z][a-z0-9+.-]*:\/\//i.test(file) || (/^https?:/i.test(file) && URL.canParse(file)), ADDRESS);
const DIGEST = 'a SHA-256: 64 hexadecimal digits';
export const weightsFields = z.union([weightsFile, fields({ file: weightsFile, sha256: z.string(DIGEST).regex(/^[0-9a-f]{64}$/, DIGEST).optional() }, WEIGHTS)], { error: WEIGHTS });

const formula = z.union([text('a formula'), anyNumber], { error: 'a formula over epoch and hyperparameters' });

const zooNames = MODELS.map((model) => model.name);
const MODEL = `${oneOf(zooNames)}, or a module such as ./my-model.ts`;

function imageFileOf<Space extends z.ZodType>(space: Space) {
  return fields(
    {
      name: sweepName.optional(),
      data: z.union([text('a folder of images'), dataFields], { error: 'a folder of images, or a map with path' }),
      model: z.union([z.enum(zooNames as [string, ...string[]]), z.string().regex(MODULE_PATH, { abort: true })], { error: MODEL }).optional(),
      weights: weightsFields.optional(),
      space: space.optional(),
      ensemble: z.union([z.literal('none'), ensembleFields], { error: ENSEMBLE }).optional(),
      ...common,
    },
    'a map with at least data',
  );
}

/** What a file with an image classifier may hold, where its model has these knobs. */
export interface ImageSchemas {
  readonly space: ReturnType<typeof imageSpaceOf>;
  readonly file: ReturnType<typeof imageFileOf<ReturnType<typeof imageSpaceOf>>>;
  /** One value of each hyperparameter. */
  readonly values: { readonly [hyperparameter: string]: z.ZodType };
}

export function imageSchemas(knobs: readonly Knob[]): ImageSchemas {
  const forms = formsOf(knobs);
  const space = imageSpaceOf(forms);
  const values = { ...commonValues, ...Object.fromEntries([...forms].map(([knobName, known]) => [knobName, anyOf(known.map(knobValue), 'a value of this knob')])) };
  return { space, file: imageFileOf(space), values };
}

/** With the knobs of the whole zoo. */
export const zooSchemas = imageSchemas(MODELS.flatMap((model) => model.knobs));
export const imageSpace = zooSchemas.space;
export const imageFile = zooSchemas.file;

export const syntheticFile = fields(
  {
    name: sweepName.optional(),
    trainable: fields(
      {
        synthetic: fields(
          {
            epochMs: z.number('milliseconds, at least 0').min(0, 'milliseconds, at least 0').optional(),
            metrics: z.record(metric, formula, 'a map of metric to formula'),
          },
          '{epochMs, metrics}',
        ),
      },
      '{synthetic: {epochMs, metrics}}',
    ),
    space: syntheticSpace,
    ...common,
  },
  'a map with trainable and space',
);

/** Exactly one of `trainable`, `command` and `module` is there: check-program.ts. */
export const programFile = fields(
  { name: sweepName.optional(), trainable: program.optional(), command: command.optional(), module: modulePath.optional(), space: programSpace.optional(), ...common },
  'a map with command, module or trainable',
);

export const sweepFile = z.union([imageFile, syntheticFile, programFile]);
export type ImageFile = z.infer<typeof imageFile>;
export type SyntheticFile = z.infer<typeof syntheticFile>;
export type ProgramFile = z.infer<typeof programFile>;
