/** What of a weight file does not fit the base, as mistakes in the sweep file. */
import type { ZooModel } from '../../proto/models.js';
import { ZOO } from '../../proto/models.js';
import type { Problem } from '../../coordinator/sweep/mistakes.js';
import { ModelError } from '../../worker/model/model-error.js';
import { baseLayers, usualCut } from '../../worker/model/transfer.js';
import { buildModel } from '../../worker/model/zoo.js';
import type { FileTensors } from './file.js';
import { fitting, wantedTensors, type Unfit, type WantedTensor } from './match.js';

/** A tensor of the base that the file does not have as it should. */
export interface Misfit {
  readonly wanted: WantedTensor;
  readonly why: Unfit | { readonly kind: 'notFinite'; readonly name: string; readonly count: number; readonly of: number };
}

export interface Fit {
  readonly misfits: readonly Misfit[];
  /** How many tensors the base has. */
  readonly tensors: number;
  readonly model: { readonly name: string; readonly knobs: readonly { readonly name: string }[] };
  readonly channels: number;
  readonly file: FileTensors;
  /** The file, as a person wrote it. */
  readonly shown: string;
}

/** More lines than these say the same. */
const MOST_LINES = 5;
/** From this share of tensors on, and so many, it is another network's file. */
const ANOTHER_NETWORK = 0.9;

export function misfitProblems(fit: Fit): Problem[] {
  const { misfits, tensors } = fit;
  const unlike = misfits.filter(({ why }) => why.kind !== 'notFinite');
  if (unlike.length > MOST_LINES && unlike.length >= ANOTHER_NETWORK * tensors) return [anotherNetwork(fit, unlike)];
  const lines = misfits.slice(0, MOST_LINES).map((misfit) => problemOf(misfit, fit));
  const last = lines.at(-1);
  if (last === undefined || misfits.length <= MOST_LINES) return lines;
  return [...lines.slice(0, -1), { ...last, suggestion: `${last.suggestion === null ? '' : `${last.suggestion}; `}and ${misfits.length - MOST_LINES} more of the base's ${tensors} tensors that do not fit` }];
}

const AT = { path: ['weights'], at: 'value' } as const;

const shapeText = (shape: readonly number[]): string => `[${shape.join(', ')}]`;

function problemOf({ wanted, why }: Misfit, { file, shown, misfits, tensors }: Fit): Problem {
  const own = `${wanted.layer}/${wanted.tensor}`;
  const name = why.name === own ? own : `${why.name} (${own})`;
  if (why.kind === 'notFinite') return { ...AT, found: `${name} with ${why.count} of ${why.of} values NaN or infinite in ${shown}`, expected: 'numbers', suggestion: 'the file is damaged, or its training diverged: take another' };
  if (why.kind === 'missing') return { ...AT, found: `no ${name} in ${shown}`, expected: `the shape ${shapeText(why.expected)}`, suggestion: misfits.length === tensors ? `it has ${few(file)}` : null };
  if (why.kind === 'mistyped') return { ...AT, found: `${name} of the type ${why.type} in ${shown}`, expected: 'float32, float16, bfloat16 or float64', suggestion: null };
  const gray = why.expected.length === 4 && why.expected.some((extent, axis) => extent === 1 && why.shape[axis] === 3);
  return { ...AT, found: `${name} of ${shapeText(why.shape)} in ${shown}`, expected: shapeText(why.expected), suggestion: gray ? 'its images had three channels: write channels: rgb under data' : null };
}

function anotherNetwork(fit: Fit, unlike: readonly Misfit[]): Problem {
  const { tensors, model, file, shown } = fit;
  const first = problemOf(unlike[0]!, fit);
  const found = `${shown}, of which ${unlike.length} of ${tensors} tensors do not fit (the first: found ${first.found.replace(` in ${shown}`, '')}, expected ${first.expected})`;
  return { ...AT, found, expected: `weights of ${model.name}`, suggestion: modelThatFits(fit) ?? `it has ${few(file)}; what the layers of ${model.name} are called and measure: \`trawl model ${model.name}\`${knobsText(model.knobs)}` };
}

function knobsText(knobs: readonly { readonly name: string }[]): string {
  return knobs.length === 0 ? '' : `, by ${knobs.map(({ name }) => name).join(', ')}`;
}

/** The network of the zoo, at its defaults, whose base the file has. */
function modelThatFits({ file, model, channels }: Fit): string | null {
  for (const planes of [channels, channels === 1 ? 3 : 1]) {
    const name = ZOO.find((one) => isOf(one, planes, file))?.name;
    if (name === undefined) continue;
    const images = planes === channels ? '' : `channels: ${planes === 3 ? 'rgb' : 'gray'} under data`;
    if (name !== model.name) return `it fits ${name}: write model: ${name}${images === '' ? '' : ` and ${images}`}`;
    return images === '' ? `it fits ${name} with its knobs at their defaults` : `it fits ${name} with its knobs at their defaults and ${images}`;
  }
  return null;
}

function isOf({ name, knobs, defaults: { imageSize } }: ZooModel, channels: number, file: FileTensors): boolean {
  try {
    const topology = buildModel({ name, knobs: Object.fromEntries(knobs.map((knob) => [knob.name, knob.default])) }, { height: imageSize, width: imageSize, channels }, 2);
    const cut = usualCut(topology);
    if (cut === null) return false;
    const base = new Set(baseLayers(topology, cut).map(({ config }) => config.name));
    const wanted = wantedTensors(topology).filter(({ layer }) => base.has(layer));
    return wanted.length > 0 && fitting(wanted, file, name) === wanted.length;
  } catch (error) {
    if (error instanceof ModelError) return false;
    throw error;
  }
}

function few({ layers, tensors, otherTypes }: FileTensors): string {
  const names = [...(layers ?? [...tensors.keys(), ...otherTypes.keys()])];
  return names.length === 0 ? 'no tensors' : `${names.slice(0, 4).join(', ')}${names.length > 4 ? ', ...' : ''}`;
}
