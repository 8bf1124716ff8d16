/** The weight file that a sweep file names: found or fetched, held against the model, and stored for workers. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { BlobStore } from '../../blob/store.js';
import { shapingAssignments } from '../../coordinator/sweep/bases.js';
import { describe, type Problem } from '../../coordinator/sweep/mistakes.js';
import type { SweepSpec, WeightsSpec } from '../../coordinator/sweep/spec.js';
import { modelChoice, modelFor, structureOf } from '../../coordinator/sweep/structures.js';
import { canonicalJson } from '../../proto/canonical.js';
import type { ModelModule } from '../../proto/model-module.js';
import type { ModelChoice } from '../../proto/work.js';
import { usualNormalisation, type WeightsSource } from '../../proto/pretrained.js';
import { DataError } from '../../worker/data/data-error.js';
import { writeSafetensors, type NamedTensor } from '../../worker/model/safetensors.js';
import { programOf } from '../../worker/engine/program.js';
import type { Input } from '../../worker/model/layers.js';
import { ModelError } from '../../worker/model/model-error.js';
import type { Topology } from '../../worker/model/topology.js';
import { baseLayers, layerNames, usualCut } from '../../worker/model/transfer.js';
import { buildModel } from '../../worker/model/zoo.js';
import { shownUrl } from '../engine/sources.js';
import { digestOfWeights, fetchWeights } from './fetch.js';
import { readWeightFile, type FileTensors } from './file.js';
import { type Found, matched, namesOf, type WantedTensor, wantedTensors } from './match.js';

export interface WeightsOptions {
  /** Of the sweep file. */
  readonly base: string;
  readonly blobs: BlobStore;
  /** Where what was fetched lies. */
  readonly cacheDir: string;
  readonly classes: number;
  /** The one that the spec names as its model, built for it. */
  readonly module: ModelModule | null;
  /** Of a download, in bytes; `total` null where the server does not say. */
  readonly onProgress: (done: number, total: number | null) => void;
  readonly signal: AbortSignal;
}

export type PreparedWeights = { readonly source: WeightsSource } | { readonly problems: readonly Problem[] };

/** One of the networks that the sweep trains, and where its base may end. */
interface Network {
  readonly topology: Topology;
  readonly cuts: ReadonlySet<string | null>;
}

/** Throws DownloadFailed, WrongHash and the blob store's errors. */
export async function prepareWeights(spec: SweepSpec, written: WeightsSpec, options: WeightsOptions): Promise<PreparedWeights> {
  const problem = (found: string, expected: string, suggestion: string | null = null): PreparedWeights => ({ problems: [{ path: ['weights'], at: 'value', found, expected, suggestion }] });
  const shown = shownUrl(written.file);
  let file: FileTensors;
  try {
    const path = isAddress(written.file) ? await fetchWeights(written, options) : resolve(options.base, written.file);
    if ((await stat(path).catch(() => null))?.isFile() !== true) return problem(describe(written.file), 'a file of weights', 'it is looked for beside the sweep file, and is not there');
    file = await readWeightFile(path);
    if (written.sha256 !== undefined && !isAddress(written.file)) {
      const digest = await digestOfWeights(path, options.signal);
      if (digest !== written.sha256) return problem(`${written.file} of SHA-256 ${digest}`, written.sha256);
    }
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    return problem(`${shown}: ${error.message}`, 'weights of Keras (.h5, .weights.h5), safetensors, or a model.json of TensorFlow.js');
  }
  return match(spec, shown, file, options);
}

async function match(spec: SweepSpec, shown: string, file: FileTensors, { blobs, module, classes }: WeightsOptions): Promise<PreparedWeights> {
  const { trainable } = spec;
  if (trainable.kind !== 'image-classifier') throw new TypeError('only image classifiers begin with weights');
  const names = namesOf(file);
  // Keras' caffe mode takes blue first.
  const blueFirst = names === 'keras' && (trainable.data.normalisation === 'caffe' || usualNormalisation(trainable.model, names) === 'caffe');
  const tensors = new Map<string, NamedTensor>();
  const wrong = new Map<string, { readonly wanted: WantedTensor; readonly found: Exclude<Found, { kind: 'found' }> }>();
  const networks = networksOf(spec, module, classes);
  for (const { topology, cuts } of networks) {
    const needed = neededLayers(topology, cuts);
    const wanted = wantedTensors(topology);
    matched(wanted, file, trainable.model, blueFirst).forEach((found, index) => {
      const one = wanted[index]!;
      if (found.kind === 'found') tensors.set(found.tensor.name, found.tensor);
      else if (needed.has(one.layer)) wrong.set(`${one.layer}/${one.tensor}`, { wanted: one, found });
    });
  }
  const problems = problemsOf([...wrong.values()], shown, file, tensors.size === 0);
  if (problems.length > 0) return { problems };
  const { id, bytes } = await blobs.put(writeSafetensors([...tensors.values()]));
  return { source: { blob: id, bytes, names } };
}

/** Names that are no layers are told by the check of the bases. */
function neededLayers(topology: Topology, cuts: ReadonlySet<string | null>): ReadonlySet<string> {
  const known = new Set(layerNames(topology));
  return new Set([...cuts].map((cut) => cut ?? usualCut(topology)).filter((cut) => cut !== null).filter((cut) => known.has(cut)).flatMap((cut) => baseLayers(topology, cut)).map(({ config }) => config.name));
}

/** Each once: tensors do not depend on the size of images. */
function networksOf(spec: SweepSpec, module: ModelModule | null, classes: number): Network[] {
  const { trainable } = spec;
  if (trainable.kind !== 'image-classifier') return [];
  const model = modelFor(trainable.model, module);
  const networks = new Map<string, { readonly topology: Topology; readonly cuts: Set<string | null> }>();
  for (const assignment of shapingAssignments(spec, trainable, module)) {
    const structure = structureOf(assignment, model, trainable.data, classes);
    const name = canonicalJson([structure.settings, module === null ? null : structure.input]);
    let network = networks.get(name);
    if (network === undefined) {
      const choice = modelChoice(trainable.model, module, structure);
      const topology = choice === null ? null : builtOrNull(choice, structure.input, classes);
      if (topology === null) continue;
      network = { topology, cuts: new Set() };
      networks.set(name, network);
    }
    network.cuts.add((assignment.cutAt ?? null) as string | null);
  }
  return [...networks.values()];
}

/** Null for images that are too small for the model: such trials are infeasible, and the others have its tensors. */
function builtOrNull(model: ModelChoice, input: Input, classes: number): Topology | null {
  try {
    const topology = buildModel(model, input, classes);
    programOf(topology, 'wasm');
    return topology;
  } catch (error) {
    if (error instanceof ModelError) return null;
    throw error;
  }
}

/** More lines than these say the same. */
const MOST_LINES = 5;

function problemsOf(wrong: readonly { readonly wanted: WantedTensor; readonly found: Exclude<Found, { kind: 'found' }> }[], shown: string, file: FileTensors, nothing: boolean): Problem[] {
  const lines = wrong.slice(0, MOST_LINES).map(({ wanted, found }): Problem => {
    const base = { path: ['weights'], at: 'value' } as const;
    const own = `${wanted.layer}/${wanted.tensor}`;
    const name = found.name === own ? own : `${found.name} (${own})`;
    if (found.kind === 'missing') return { ...base, found: `no ${name} in ${shown}`, expected: `one of [${wanted.shape.join(', ')}]`, suggestion: nothing ? `it has ${few(file)}` : null };
    const gray = found.expected.length === 4 && found.expected.some((extent, axis) => extent === 1 && found.shape[axis] === 3);
    return { ...base, found: `${name} of [${found.shape.join(', ')}] in ${shown}`, expected: `[${found.expected.join(', ')}]`, suggestion: gray ? 'its images had three channels: write channels: rgb under data' : null };
  });
  const last = lines.at(-1);
  if (last === undefined || wrong.length <= MOST_LINES) return lines;
  return [...lines.slice(0, -1), { ...last, suggestion: `${last.suggestion === null ? '' : `${last.suggestion}; `}and ${wrong.length - MOST_LINES} more of the base's ${wrong.length} tensors that do not fit` }];
}

function few({ layers, tensors }: FileTensors): string {
  const names = [...(layers ?? tensors).keys()];
  return names.length === 0 ? 'no tensors' : `${names.slice(0, 4).join(', ')}${names.length > 4 ? ', ...' : ''}`;
}

function isAddress(file: string): boolean {
  return /^https?:\/\//.test(file);
}
