/** From an ensemble to the folder that predicts by itself. Written beside its place and renamed, so it is there whole or not at all. */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { BlobStore } from '../../blob/store.js';
import { readFloats } from '../../coordinator/api/ensembles.js';
import type { EnsembleMember, EnsembleView } from '../../coordinator/api/analysis-views.js';
import { meanProbabilities } from '../../coordinator/ensemble/combine.js';
import { canonicalJson } from '../../proto/canonical.js';
import { packageVersion } from '../../proto/package-root.js';
import type { ImageInput } from '../../proto/work.js';
import { type Engine, UnsupportedLayerError } from '../../worker/engine/engine.js';
import { inferenceState } from '../../worker/engine/state.js';
import { buildModel } from '../../worker/model/zoo.js';
import { littleEndian } from '../../worker/train/hand-over.js';
import { createWasmEngine } from '../../worker/engine/wasm/engine.js';
import { imageNumerics } from '../../worker/train/numerics.js';
import { BadInput, CommandFailed } from '../exit.js';
import type { Home } from '../home.js';
import { Predictor, SELF_CHECK_TOLERANCE } from '../predict/predictor.js';
import { BadBundle, BUNDLE_FORMAT, contentOf, encodeManifest, MANIFEST_NAME, sha256, type BundleContent, type BundleInput } from './format.js';
import { type Bundle, openBundle } from './read.js';
import { TrainingData } from './training-data.js';

/** Images that a bundle checks itself with: one of each class, up to so many. */
const REFERENCE_IMAGES = 8;
/** How often a bundle is put in its place while other commands place others there. */
const PLACING_ATTEMPTS = 8;

export interface BundleSource {
  readonly view: EnsembleView;
  readonly home: Home;
  readonly blobs: BlobStore;
}

/** `reference`: whether the images that it checks itself with go along. Throws BadInput where the folder has something in it, CommandFailed where a member's weights are gone. */
export async function pullBundle(source: BundleSource, folder: string, { reference }: { readonly reference: boolean }): Promise<void> {
  if (!(await isFree(folder))) throw new BadInput(`${folder}: found a file or a folder with something in it, expected an empty or a new folder; choose another, or remove it`);
  await place(await filesOf(source), folder, reference, source.home);
}

/** Writes or replaces a bundle that is trawl's own to place; one of the same ensemble is left as it is. */
export async function keepBundle(source: BundleSource, folder: string): Promise<void> {
  if (await isOf(source.view, folder)) return;
  const target = resolve(folder);
  const draft = await drafted(await filesOf(source), target, source.home);
  try {
    for (let attempt = 1; !(await takesPlace(draft, target, `${draft}.${attempt}`)); attempt += 1) {
      // Another command has placed one in the same moment. Of the same ensemble it is as good as ours.
      if (await isOf(source.view, folder)) break;
      if (attempt === PLACING_ATTEMPTS) throw new Error('other commands keep replacing it');
    }
  } catch (error) {
    throw notWritten(folder, error);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** The draft in the place of what is there, which moves aside first and goes only when the draft is in. False where something else came between. */
async function takesPlace(draft: string, target: string, aside: string): Promise<boolean> {
  const had = await rename(target, aside).then(
    () => true,
    (error: unknown) => {
      if (codeOf(error) === 'ENOENT') return false;
      throw error;
    },
  );
  try {
    await rename(draft, target);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOTEMPTY' || codeOf(error) === 'EEXIST') return false;
    if (had) await rename(aside, target);
    throw error;
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

async function isFree(folder: string): Promise<boolean> {
  try {
    return (await readdir(folder)).length === 0;
  } catch (error) {
    return codeOf(error) === 'ENOENT';
  }
}

async function isOf(view: EnsembleView, folder: string): Promise<boolean> {
  try {
    const { members, threshold, rule, provenance } = (await openBundle(folder)).manifest;
    const same = (list: readonly { readonly key: string; readonly weight: number }[]): string => canonicalJson(list.map(({ key, weight }) => ({ key, weight })));
    return same(members) === same(view.members) && threshold === view.threshold && rule === view.rule && provenance.trawl === packageVersion();
  } catch {
    // None there, or one that cannot be used: a new one is written.
    return false;
  }
}

async function place(files: ReadonlyMap<string, Uint8Array>, folder: string, reference: boolean, home: Home): Promise<void> {
  const target = resolve(folder);
  const draft = await drafted(files, target, home);
  try {
    if (!reference) await leaveOutReference(draft);
    // Takes the place of an empty folder; of one with something in it, never.
    await rename(draft, target);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw notWritten(folder, error);
  }
}

/** After the bundle was checked with them. */
async function leaveOutReference(draft: string): Promise<void> {
  const content = contentOf((await openBundle(draft)).manifest);
  const images = new Set(content.reference.map(({ file }) => file));
  const files = Object.fromEntries(Object.entries(content.files).filter(([name]) => !images.has(name)));
  await writeFile(join(draft, MANIFEST_NAME), encodeManifest({ ...content, reference: [], files }), { flush: true });
  await rm(join(draft, 'reference'), { recursive: true, force: true });
}

/** All files in a folder beside the target, whose path is returned; or none. */
async function drafted(files: ReadonlyMap<string, Uint8Array>, target: string, home: Home): Promise<string> {
  const draft = join(dirname(target), `.${basename(target)}.${randomBytes(4).toString('hex')}`);
  try {
    for (const [name, bytes] of files) {
      await mkdir(dirname(join(draft, name)), { recursive: true });
      await writeFile(join(draft, name), bytes, { flush: true });
    }
    await requireFaithful(draft, home);
    return draft;
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw notWritten(target, error);
  }
}

/**
 * What inputs are normalised by is made anew from the images where this home's worker has not kept
 * it, and with another version of the image decoder than the models were trained with it is another.
 */
async function requireFaithful(draft: string, home: Home): Promise<void> {
  const bundle = await openBundle(draft);
  const { engine, predictor } = await predictorOf(bundle, home);
  const difference = await predictor.selfCheck();
  if (difference === null || difference <= SELF_CHECK_TOLERANCE) return;
  const { numerics } = bundle.manifest.provenance;
  throw new Error(`on images of its own it differs by ${difference.toPrecision(2)} from what its trials predicted; they were trained with ${numerics.join(', ')}, and this is ${imageNumerics(engine.numerics)}: where these differ, run the sweep again, which trains with this version, or pull where it was trained`);
}

/** On wasm; on the home's native engine where a layer is known to eager alone. Throws EngineUnusable where there is none. */
export async function predictorOf(bundle: Bundle, home: Home): Promise<{ readonly engine: Engine; readonly predictor: Predictor }> {
  const wasm = await createWasmEngine();
  try {
    return { engine: wasm, predictor: await Predictor.load(bundle, wasm) };
  } catch (error) {
    if (!(error instanceof BadBundle && error.cause instanceof UnsupportedLayerError)) throw error;
    const { engineHere } = await import('../engine/survey.js');
    const engine = await engineHere('eager', () => home);
    return { engine, predictor: await Predictor.load(bundle, engine) };
  }
}

function notWritten(folder: string, error: unknown): CommandFailed {
  return new CommandFailed(`the bundle could not be written to ${folder}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : null;
}

async function filesOf({ view, home, blobs }: BundleSource): Promise<ReadonlyMap<string, Uint8Array>> {
  const { data } = view.sweep;
  if (data === null) throw new CommandFailed(`sweep ${view.sweep.name} has no data`);
  const files = new Map<string, Uint8Array>();
  const inputs = [...new Map(view.members.map(({ trajectory }) => [canonicalJson(trajectory.input), trajectory.input])).values()];
  const training = await TrainingData.open(data.manifest, home, blobs);
  const bundleInputs: BundleInput[] = [];
  for (const [index, input] of inputs.entries()) bundleInputs.push(await writeInput(input, `inputs/${index}`, training, files));
  const members: BundleContent['members'] = [];
  for (const [index, member] of view.members.entries()) {
    const input = inputs.findIndex((candidate) => canonicalJson(candidate) === canonicalJson(member.trajectory.input));
    members.push(await writeMember(member, input, `members/${index}`, blobs, files));
  }
  const reference = await writeReference(view, training, blobs, files);
  const content: BundleContent = {
    kind: 'trawl-bundle',
    format: BUNDLE_FORMAT,
    classes: [...data.classes],
    positive: data.classes.length === 2 ? (data.classes[data.positive] ?? null) : null,
    rule: view.rule,
    threshold: view.threshold,
    inputs: bundleInputs,
    members,
    // Plain JSON, as the manifest's types have it.
    metrics: JSON.parse(JSON.stringify({ val: view.val, test: view.test, single: { number: view.single.number, val: view.single.val, test: view.single.test } })) as BundleContent['metrics'],
    reference,
    provenance: {
      sweep: { id: view.sweep.id, name: view.sweep.name, revision: view.sweep.revision },
      data: data.digest,
      numerics: [...new Set(view.members.map(({ trajectory }) => trajectory.numerics))],
      trawl: packageVersion(),
    },
    files: Object.fromEntries([...files].map(([name, bytes]) => [name, { sha256: sha256(bytes), bytes: bytes.byteLength }])),
  };
  return files.set(MANIFEST_NAME, encodeManifest(content));
}

async function writeInput(input: ImageInput, prefix: string, training: TrainingData, files: Map<string, Uint8Array>): Promise<BundleInput> {
  const { mean, deviation } = await training.normalisation(input);
  const put = (name: string, values: Float32Array | null): string | null => {
    if (values === null) return null;
    files.set(`${prefix}/${name}.f32`, littleEndian(values));
    return `${prefix}/${name}.f32`;
  };
  return { ...input, mean: put('mean', mean), deviation: put('deviation', deviation) };
}

async function writeMember(member: EnsembleMember, input: number, prefix: string, blobs: BlobStore, files: Map<string, Uint8Array>): Promise<BundleContent['members'][number]> {
  const { trial, number, weight, trajectory, settings, epoch, key, params, checkpoint } = member;
  const weights = `${prefix}/weights.bin`;
  if (checkpoint === null || !(await blobs.has(checkpoint))) {
    throw new CommandFailed(`the weights of trial #${number} (epoch ${epoch}) are not in the store any more; \`trawl run\` with --no-sharing trains it again`);
  }
  const state = await buffer(await blobs.open(checkpoint));
  const isNetwork = trajectory.trainable === 'image-classifier';
  files.set(weights, isNetwork ? inferenceState(state) : state);
  const topology = `${prefix}/topology.json`;
  if (isNetwork) files.set(topology, Buffer.from(JSON.stringify(buildModel(trajectory.model, trajectory.input, trajectory.classes))));
  return { trial, number, weight, input, ...(isNetwork ? { topology } : {}), weights, settings: settings as BundleContent['members'][number]['settings'], epoch, key, params };
}

/** The first image of each class in the validation part, with what the ensemble says of it. */
async function writeReference(view: EnsembleView, training: TrainingData, blobs: BlobStore, files: Map<string, Uint8Array>): Promise<BundleContent['reference']> {
  const { classes } = training.manifest;
  const stored = await Promise.all(view.members.map(async ({ weight, probabilities }) => ({ weight, probabilities: await readFloats(blobs, probabilities.val) })));
  const mean = meanProbabilities(stored);
  const validation = training.manifest.files.filter((file) => file.part === 'val');
  const chosen = classes.map((_, label) => validation.findIndex((file) => file.label === label)).filter((index) => index >= 0);
  const reference: BundleContent['reference'] = [];
  for (const index of chosen.slice(0, REFERENCE_IMAGES)) {
    const image = validation[index];
    if (image === undefined) continue;
    const file = `reference/${reference.length}.image`;
    files.set(file, await training.bytes(image));
    const probabilities = [...mean.subarray(index * classes.length, (index + 1) * classes.length)];
    reference.push({ file, name: image.name, class: classes[image.label] ?? '', probabilities, ...(image.box === undefined ? {} : { box: image.box }) });
  }
  return reference;
}
