/** What may stand under `space`: one value of each hyperparameter, and every form in which its values are written. */
import * as z from 'zod';
import { CLASSICAL_HYPERPARAMETERS, DEFAULT_MODEL, isClassical, MODELS, type Knob, type NumberKnob } from '../../proto/models.js';
import { SCHEDULE_KINDS } from '../space/schedule.js';
import { anyNumber, atLeastZero, fields, MAX_EPOCHS, name, oneOf, positive, whole } from './schema-parts.js';

/** A rate must stay above 0 when it is rounded to float32. */
const RATE = 'a learning rate above 0';
const rate = z
  .number(RATE)
  .positive(RATE)
  .refine((value) => Math.fround(value) > 0 && Number.isFinite(Math.fround(value)), 'a learning rate that float32 can hold');

const EPOCH_RATES = 'a list of [epoch, rate], the first at epoch 0, epochs ascending';

/** What may stand in a field inside a value: the number alone, or an axis of numbers. */
type Inside = (value: z.ZodType<number>, what: string) => z.ZodType;
const alone: Inside = (value) => value;
const swept: Inside = (value, what) => numberAxis(value, what);

const FACTOR = 'a number above 0';
const factor = positive;
const AT_LEAST_0 = 'a number of at least 0';
const lengths = whole(1, MAX_EPOCHS);
const LENGTH = 'a number of epochs';
const FRACTION = 'a number above 0 and up to 1';
const fraction = z.number(FRACTION).positive(FRACTION).max(1, FRACTION);
const BELOW_1 = 'a number above 0 and below 1';
const below1 = z.number(BELOW_1).positive(BELOW_1).lt(1, BELOW_1);
const PLATEAU_METRICS = ['val.loss', 'val.accuracy', 'val.auc', 'train.loss', 'train.accuracy'] as const;

function schedulesOf(value: z.ZodType<number>, final: z.ZodType<number>, what: string, of: Inside) {
  const pairs = z
    .array(z.tuple([whole(0, MAX_EPOCHS), value], EPOCH_RATES), EPOCH_RATES)
    .refine((list) => list[0]?.[0] === 0 && list.every(([epoch], index) => index === 0 || epoch > (list[index - 1]?.[0] ?? epoch)), EPOCH_RATES);
  const initial = of(value, what);
  return [
    fields({ steps: pairs }, 'a schedule'),
    fields({ exponential: fields({ initial, factor: of(factor, FACTOR) }, '{initial, factor}') }, 'a schedule'),
    fields({ inverseTime: fields({ initial, decay: of(atLeastZero, AT_LEAST_0) }, '{initial, decay}') }, 'a schedule'),
    fields({ constant: initial }, 'a schedule'),
    fields({ piecewise: fields({ initial, factor: of(factor, FACTOR), every: of(whole(1), LENGTH) }, '{initial, factor, every}') }, 'a schedule'),
    fields({ cosine: fields({ initial, epochs: of(lengths, LENGTH).optional(), final: of(final, AT_LEAST_0).optional() }, '{initial, epochs, final}') }, 'a schedule'),
    fields(
      {
        cosineRestarts: fields(
          { initial, every: of(lengths, LENGTH), lengthen: of(whole(1), 'a whole number').optional(), factor: of(fraction, FRACTION).optional(), final: of(final, AT_LEAST_0).optional() },
          '{initial, every, lengthen, factor, final}',
        ),
      },
      'a schedule',
    ),
  ] as const;
}

/** What no other hyperparameter may be: it changes within an epoch, or by what epochs yield. */
function ownSchedulesOf(of: Inside) {
  const least = of(atLeastZero, AT_LEAST_0).optional();
  const cycle = { peak: of(rate, 'a rate'), epochs: of(lengths, LENGTH).optional(), rise: of(below1, BELOW_1).optional(), initial: least, final: least };
  const rule = {
    initial: of(rate, 'a rate'), monitor: name(PLATEAU_METRICS).optional(), factor: of(below1, BELOW_1).optional(), patience: of(lengths, LENGTH).optional(),
    minDelta: least, cooldown: of(whole(0, MAX_EPOCHS), LENGTH).optional(), final: least,
  };
  return {
    oneCycle: fields({ oneCycle: fields(cycle, '{peak, epochs, rise, initial, final}') }, 'a schedule'),
    plateau: fields({ plateau: fields(rule, '{initial, monitor, factor, patience, minDelta, cooldown, final}') }, 'a schedule'),
  };
}

function rateSchedulesOf(of: Inside) {
  const plain = schedulesOf(rate, atLeastZero, 'a rate', of);
  const { oneCycle, plateau } = ownSchedulesOf(of);
  const after = [...plain, plateau] as const;
  const to = of === alone ? z.union([rate, ...after], { error: 'a rate or a schedule' }) : scheduleAxis(rate, after, 'a rate');
  return [...after, oneCycle, fields({ warmup: fields({ epochs: of(lengths, LENGTH), to }, '{epochs, to}') }, 'a schedule')] as const;
}

const segment = fields({ from: anyNumber, to: anyNumber, step: positive }, '{from, to, step}');
const range = fields(
  {
    min: anyNumber,
    max: anyNumber,
    type: name(['int', 'float']).optional(),
    scale: name(['linear', 'log']).optional(),
    step: positive.optional(),
    points: whole(2).optional(),
  },
  '{min, max, points}',
);

const NUMBER_FORMS = 'a list of values, {from, to, step} in a list, or {min, max, points}';

function numberAxis(value: z.ZodType<number | string | null>, what: string) {
  const item = z.union([value, segment], { error: `${what} or {from, to, step}` });
  return z.union([value, range, z.array(item, NUMBER_FORMS).min(1, 'at least one value')], { error: `${what}, ${NUMBER_FORMS}` });
}

function scheduleAxis(value: z.ZodType, schedules: readonly z.ZodType[], what: string) {
  const item = z.union([value, segment, ...schedules], { error: `${what}, {from, to, step} or a schedule` });
  return z.union([value, range, ...schedules, z.array(item, NUMBER_FORMS).min(1, 'at least one value')], {
    error: `${what}, a schedule, ${NUMBER_FORMS}`,
  });
}

function choiceAxis(value: z.ZodType, what: string) {
  return z.union([value, z.array(value).min(1, 'at least one value')], { error: `${what}, or a list of them` });
}

/** How a list-valued knob is written: a list means values. */
export const listed = (knob: Knob): string => `a list of lists such as [${JSON.stringify(Array.isArray(knob.default) && knob.default.length === 0 ? [128, 64] : knob.default)}]`;

/** A list means values, so one fixed list must stand in a list of its own; said once, not per number. */
function listAxis(knob: Knob, value: z.ZodType) {
  return z
    .array(z.unknown(), listed(knob))
    .min(1, 'at least one value')
    .refine((values): boolean => values.every((item) => Array.isArray(item)), { error: listed(knob), abort: true })
    .pipe(z.array(value));
}

const share = z.number('a number from 0 to below 1').min(0, 'a number from 0 to below 1').lt(1, 'a number from 0 to below 1');

const SHARE = 'a number from 0 to below 1';

function optimizerOf(of: Inside) {
  const part = of(share, SHARE).optional();
  const epsilon = of(positive, FACTOR).optional();
  const momentum = { momentum: part, ema: part };
  const moments = { beta1: part, beta2: part, epsilon, ema: part };
  return z.union(
    [
      name(['sgd', 'sgdm', 'nesterov', 'rmsprop', 'adam', 'adamw']),
      fields({ sgd: fields({ ema: part }, '{ema}') }, 'an optimizer'),
      fields({ sgdm: fields(momentum, '{momentum, ema}') }, 'an optimizer'),
      fields({ nesterov: fields(momentum, '{momentum, ema}') }, 'an optimizer'),
      fields({ rmsprop: fields({ rho: part, epsilon, ema: part }, '{rho, epsilon, ema}') }, 'an optimizer'),
      fields({ adam: fields(moments, '{beta1, beta2, epsilon, ema}') }, 'an optimizer'),
      fields({ adamw: fields({ ...moments, weightDecay: of(atLeastZero, AT_LEAST_0).optional() }, '{beta1, beta2, epsilon, weightDecay, ema}') }, 'an optimizer'),
    ],
    { error: 'sgd, sgdm, nesterov, rmsprop, adam or adamw, or one of them over its parameters, as in {sgdm: {momentum: 0.8}}' },
  );
}
const CLASS_WEIGHTS = 'none, balanced or a map of class to weight';
function classWeightsOf(of: Inside) {
  return z.union([z.enum(['none', 'balanced'], { error: CLASS_WEIGHTS }), z.record(z.string(), of(positive, 'a weight above 0'))], { error: CLASS_WEIGHTS });
}

const dropout = share;
const CLIP = 'a number above 0, or null for none';
const clipNorm = z.union([positive, z.null()], { error: CLIP });

function upTo(most: number): z.ZodNumber {
  const what = `a number from 0 to ${most}`;
  return z.number(what).min(0, what).max(most, what);
}
const AUGMENT = 'a map of rotation, shift, shear, zoom, flip, contrast, brightness, crop, noise, cutout, mixup and fill, or null for none';
const SHIFT = 'a fraction from 0 to 1, or [horizontal, vertical]';
const shiftPair = z.tuple([upTo(1), upTo(1)]);
const FLIPS = ['none', 'horizontal', 'vertical', 'both'] as const;
const FILLS = ['nearest', 'constant', 'reflect', 'wrap'] as const;

function augmentOf(of: Inside) {
  const amount = (most: number) => of(upTo(most), `a number from 0 to ${most}`).optional();
  const part = of(share, SHARE).optional();
  const [flip, fill] = [name(FLIPS), name(FILLS)];
  return z.union(
    [
      fields(
        {
          rotation: amount(180),
          shift: (of === alone ? z.union([upTo(1), shiftPair], { error: SHIFT }) : z.union([upTo(1), shiftPair, range, z.array(shiftPair).min(1, 'at least one value')], { error: `${SHIFT}, a list of such pairs, or {min, max, points}` })).optional(),
          shear: amount(89),
          zoom: part,
          flip: (of === alone ? flip : choiceAxis(flip, oneOf(FLIPS))).optional(),
          contrast: amount(1),
          brightness: amount(1),
          crop: part,
          noise: amount(1),
          cutout: amount(1),
          mixup: amount(2),
          fill: (of === alone ? fill : choiceAxis(fill, oneOf(FILLS))).optional(),
        },
        AUGMENT,
      ),
      z.null(),
    ],
    { error: AUGMENT },
  );
}
const HEADS = ['softmax', 'sigmoid'] as const;
const head = name(HEADS);
const batch = whole(1, 65_536);
const accumulate = whole(1, 65_536);
const epochs = whole(1, MAX_EPOCHS);
const imageSize = whole(1, 4096);

function between(min: number, max: number): z.ZodNumber {
  const what = `a number from ${min} to ${max}`;
  return z.number(what).min(min, what).max(max, what);
}

const LAYER = 'the name of a layer';
const layer = z.string(LAYER).min(1, LAYER);
const CUT = `${LAYER}, or null for the usual one`;
const cutAt = z.union([layer, z.null()], { error: CUT });
const FREEZE = `all, none, a number of layers, or ${LAYER} up to which`;
const freeze = z.union([whole(0), layer], { error: FREEZE });
const BASE_RATE = 'a learning rate above 0, or {factor: 0.1}';
function baseLrOf(of: Inside) {
  return z.union([rate, fields({ factor: of(factor, FACTOR) }, BASE_RATE)], { error: BASE_RATE });
}
const UNFREEZE = 'an epoch from 1, or null for never';
const unfreezeAt = z.union([whole(1, MAX_EPOCHS), z.null()], { error: UNFREEZE });
const POOLINGS = ['average', 'flatten'] as const;
const headPooling = name(POOLINGS);
const units = whole(1, 65_536);
const UNITS = 'a number of neurons (0 for no layer), or a list of them in a list';
const headUnits = z.union([whole(0, 65_536), z.array(units, UNITS).min(1, UNITS)], { error: UNITS });

/** One value of a knob. */
export function knobValue(knob: Knob): z.ZodType {
  if (knob.kind === 'choice') return z.literal([...knob.choices], { error: oneOf(knob.choices.map(String)) });
  if (knob.kind !== 'int-list') return numberOrWord(knob);
  const number = whole(knob.min, knob.max);
  const what = `a list of ${knob.length ?? 'whole'} numbers`;
  if (knob.length !== null) return z.array(number, what).length(knob.length, what);
  return knob.mayBeEmpty === true ? z.array(number, what) : z.array(number, what).min(1, what);
}

function numberOrWord(knob: NumberKnob): z.ZodType<number | string | null> {
  const { kind, min, max, words = [] } = knob;
  const number = kind === 'float' ? between(min, max) : whole(min, max);
  if (words.length === 0) return number;
  return z.union([number, z.literal([...words], { error: wordsOrNumber(knob) })], { error: wordsOrNumber(knob) });
}

function wordsOrNumber({ kind, min, max, words = [] }: NumberKnob): string {
  return `${words.map(String).join(', ')} or ${kind === 'float' ? 'a number' : 'a whole number'} from ${min} to ${max}`;
}

/** Every knob in each form that a model takes it in, as wide as the widest does; check.ts holds each model to its own. */
export function formsOf(knobs: readonly Knob[]): ReadonlyMap<string, readonly Knob[]> {
  return knobs.reduce((known, knob) => {
    const forms = known.get(knob.name) ?? [];
    const same = forms.find((form) => form.kind === knob.kind);
    return known.set(knob.name, same === undefined ? [...forms, knob] : forms.map((form) => (form === same ? widest(same, knob) : form)));
  }, new Map<string, readonly Knob[]>());
}

function widest(first: Knob, second: Knob): Knob {
  if (first.kind === 'choice' || second.kind === 'choice') return first;
  return {
    ...first, min: Math.min(first.min, second.min), max: Math.max(first.max, second.max),
    ...(first.words === undefined && second.words === undefined ? {} : { words: [...(first.words ?? []), ...(second.words ?? [])] }),
    length: first.length === second.length ? first.length : null, mayBeEmpty: first.mayBeEmpty === true || second.mayBeEmpty === true,
  };
}

function knobAxis(knob: Knob) {
  if (knob.kind === 'choice') return choiceAxis(knobValue(knob), oneOf(knob.choices.map(String)));
  return knob.kind === 'int-list' ? listAxis(knob, knobValue(knob)) : numberAxis(numberOrWord(knob), knob.words === undefined ? knob.meaning : wordsOrNumber(knob));
}

/** Of the forms of one name; where there are several, each says what it expects. */
export function anyOf(forms: readonly z.ZodType[], error: string): z.ZodType {
  const [first, second, ...rest] = forms;
  if (first === undefined) throw new Error('a knob has at least one form');
  return second === undefined ? first : z.union([first, second, ...rest], { error });
}

const scalar = z.union([anyNumber, z.string(), z.boolean()]);
const numberSchedulesOf = (of: Inside) => schedulesOf(anyNumber, anyNumber, 'a number', of);

const CHOICE = 'one name over its settings, as in {poly: {degree: [2, 3]}}';

/** A choice that has settings of its own, of trainables whose hyperparameters may have any names. */
function choiceOf(of: Inside): z.ZodType {
  const setting = of === alone ? scalar : z.union([scalar, range, z.array(z.union([scalar, segment])).min(1, 'at least one value')], { error: NUMBER_FORMS });
  return z.record(z.string(), z.record(z.string(), setting, CHOICE), CHOICE).refine((choice) => Object.keys(choice).length === 1 && !Object.keys(choice).some((kind) => SCHEDULE_KINDS.includes(kind)), CHOICE);
}

/** One value of each hyperparameter that every image classifier has, for checking what segments and ranges yield. */
export const commonValues: { readonly [hyperparameter: string]: z.ZodType } = {
  imageSize,
  batch,
  accumulate,
  epochs,
  lr: z.union([rate, ...rateSchedulesOf(alone)], { error: RATE }),
  dropout,
  optimizer: optimizerOf(alone),
  classWeights: classWeightsOf(alone),
  l2: atLeastZero,
  labelSmoothing: share,
  clipNorm,
  trainFraction: fraction,
  augment: augmentOf(alone),
  cutAt,
  freeze,
  baseLr: baseLrOf(alone),
  unfreezeAt,
  headPooling,
  headUnits,
  head,
};

/** Hyperparameters that no knob may be called by. */
export const COMMON_HYPERPARAMETERS: readonly string[] = Object.keys(commonValues);

/**
 * What `space` may name beside the model that a file names (the default where it names none), so that a
 * mistake lists no other model's knobs. Null where that is no model of the zoo.
 */
export function hyperparametersOf(model: unknown): readonly string[] | null {
  const known = MODELS.find(({ name: zooName }) => zooName === (model ?? DEFAULT_MODEL));
  if (known === undefined) return null;
  const common = !isClassical(known) ? COMMON_HYPERPARAMETERS : [...CLASSICAL_HYPERPARAMETERS, ...(known.takesClassWeights ? ['classWeights'] : [])];
  return [...common, ...known.knobs.map((knob) => knob.name)];
}

/** One value of a hyperparameter of the synthetic trainable. */
export function syntheticValue(hyperparameter: string): z.ZodType {
  return hyperparameter === 'epochs' ? epochs : z.union([scalar, ...numberSchedulesOf(alone), choiceOf(alone)], { error: 'a number, text, true or false' });
}

const commonSpace = {
  imageSize: numberAxis(imageSize, 'a size in pixels').optional(),
  batch: numberAxis(batch, 'a number of images').optional(),
  accumulate: numberAxis(accumulate, 'a number of parts').optional(),
  epochs: numberAxis(epochs, 'a number of epochs').optional(),
  lr: scheduleAxis(rate, rateSchedulesOf(swept), 'a rate').optional(),
  dropout: numberAxis(dropout, 'a number from 0 to below 1').optional(),
  optimizer: choiceAxis(optimizerOf(swept), 'an optimizer').optional(),
  classWeights: choiceAxis(classWeightsOf(swept), CLASS_WEIGHTS).optional(),
  l2: numberAxis(atLeastZero, 'a number of at least 0').optional(),
  labelSmoothing: numberAxis(share, 'a number from 0 to below 1').optional(),
  clipNorm: choiceAxis(clipNorm, CLIP).optional(),
  trainFraction: numberAxis(fraction, FRACTION).optional(),
  augment: choiceAxis(augmentOf(swept), AUGMENT).optional(),
  cutAt: choiceAxis(cutAt, CUT).optional(),
  freeze: choiceAxis(freeze, FREEZE).optional(),
  baseLr: choiceAxis(baseLrOf(swept), BASE_RATE).optional(),
  unfreezeAt: choiceAxis(unfreezeAt, UNFREEZE).optional(),
  headPooling: choiceAxis(headPooling, oneOf(POOLINGS)).optional(),
  headUnits: z.union([whole(0, 65_536), z.array(headUnits, UNITS).min(1, 'at least one value')], { error: UNITS }).optional(),
  head: choiceAxis(head, oneOf(HEADS)).optional(),
};

export function imageSpaceOf(forms: ReadonlyMap<string, readonly Knob[]>) {
  const knobs = Object.fromEntries([...forms].map(([knobName, known]) => [knobName, anyOf(known.map(knobAxis), known.map((knob) => knob.meaning).join(', or ')).optional()]));
  return fields({ ...commonSpace, ...knobs }, 'a map of hyperparameters');
}

/** Axes of a trainable whose hyperparameters have any names. */
export const namedAxis = { epochs: numberAxis(epochs, 'a number of epochs'), other: scheduleAxis(scalar, [...numberSchedulesOf(swept), choiceOf(swept)], 'a value') };
export const syntheticSpace = z.object({ epochs: namedAxis.epochs }, 'a map of hyperparameters with at least epochs').catchall(namedAxis.other);
/** Of a command or a module; one epoch where it does not say. */
export const programSpace = z.object({ epochs: namedAxis.epochs.optional() }, 'a map of hyperparameters').catchall(namedAxis.other);
