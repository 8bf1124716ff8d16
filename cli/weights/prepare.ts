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
import { WeightFileError } from '../../worker/model/weight-file-error.js';
import type { Topology } from '../../worker/model/topology.js';
import { baseLayers, layerNames, usualCut } from '../../worker/model/transfer.js';
import { buildModel } from '../../worker/model/zoo.js';
import { DownloadFailed } from '../engine/errors.js';
import { shownUrl } from '../engine/sources.js';
import { digestOfWeights, fetchWeights, WrongDigest } from './fetch.js';
import { readWeightFile, type FileTensors } from './file.js';
import { matched, namesOf, wantedTensors } from './match.js';
import { misfitProblems, type Misfit } from './unfit.js';

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

/** Throws DownloadFailed and the blob store's errors. */
export async function prepareWeights(spec: SweepSpec, written: WeightsSpec, options: WeightsOptions): Promise<PreparedWeights> {
  const problem = (found: string, expected: string, suggestion: string | null = null): PreparedWeights => ({ problems: [{ path: ['weights'], at: 'value', found, expected, suggestion }] });
  const shown = shownUrl(written.file);
  const wrongDigest = (digest: string, suggestion: string): PreparedWeights => ({ problems: [{ path: ['weights', 'sha256'], at: 'value', found: `${shown} of SHA-256 ${digest}`, expected: String(written.sha256), suggestion }] });
  let file: FileTensors;
  try {
    const path = isAddress(written.file) ? await fetchWeights(written, options) : resolve(options.base, written.file);
    const there = await stat(path).catch(() => null);
    if (there?.isDirectory() === true) return problem(`the folder ${describe(written.file)}`, 'a file of weights', 'name the file in it');
    if (there?.isFile() !== true) return problem(describe(written.file), 'a file of weights', 'it is looked for beside the sweep file, and is not there');
    file = await readWeightFile(path);
    if (written.sha256 !== undefined && !isAddress(written.file)) {
      const digest = await digestOfWeights(path, options.signal);
      if (digest !== written.sha256) return wrongDigest(digest, 'if that is the file you mean, its hash goes here; otherwise fetch it again from where the hash was published');
    }
  } catch (error) {
    if (error instanceof DownloadFailed && error.refusal !== null) return problem(`${error.refusal.url}, for which the server answers ${error.refusal.status}`, 'the address of a file of weights', 'check it, or fetch the file elsewhere and name it here');
    if (error instanceof WrongDigest) return wrongDigest(error.digest, 'what was fetched is thrown away: run the same command again; if the same comes again, either this hash is wrong or the server or a proxy gives another file');
    if (error instanceof WeightFileError) return problem(`${shown}: ${error.found}`, error.expected, error.suggestion);
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
  const misfits = new Map<string, Misfit>();
  const base = new Set<string>();
  for (const { topology, cuts } of networksOf(spec, module, classes)) {
    const needed = neededLayers(topology, cuts);
    const wanted = wantedTensors(topology);
    matched(wanted, file, trainable.model, blueFirst).forEach((found, index) => {
      const one = wanted[index]!;
      const own = `${one.layer}/${one.tensor}`;
      if (found.kind === 'found') tensors.set(own, found.tensor);
      if (!needed.has(one.layer)) return;
      base.add(own);
      const why = found.kind === 'found' ? notFinite(found.name, found.tensor.values) : found;
      if (why !== null) misfits.set(own, { wanted: one, why });
    });
  }
  const problems = misfitProblems({ misfits: [...misfits.values()], tensors: base.size, model: modelFor(trainable.model, module), channels: trainable.data.channels === 'rgb' ? 3 : 1, file, shown });
  if (problems.length > 0) return { problems };
  const { id, bytes } = await blobs.put(writeSafetensors([...tensors.values()]));
  return { source: { blob: id, bytes, names } };
}

function notFinite(name: string, values: Float32Array): Misfit['why'] | null {
  let count = 0;
  for (const value of values) if (!Number.isFinite(value)) count += 1;
  return count === 0 ? null : { kind: 'notFinite', name, count, of: values.length };
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

function isAddress(file: string): boolean {
  return /^https?:\/\//i.test(file);
}
