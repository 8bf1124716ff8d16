/** From images and labels, in any of their forms, to a data set that workers can fetch: scan, split, pack. */
import type { BlobStore } from '../../blob/store.js';
import type { DataSpec, DataSummary } from '../../coordinator/sweep/spec.js';
import type { Part } from '../../proto/work.js';
import { placeOf } from './layout-of.js';
import { packDataset } from './pack.js';
import { DataProblem } from './problem.js';
import { scanFolder, type Scan, type ScannedFile } from './scan.js';
import { capClasses, dropTrainedCopies } from './select.js';
import { splitDataset, type Split } from './split.js';
import { count } from '../text/format.js';
import { bytes as shownBytes } from '../text/format.js';

export interface PrepareProgress {
  /** `fetch`: bytes of weights; `unpack`: bytes or images of an array; `scan`: files looked at; `masks`: images whose masks were; `pack`: distinct images stored. */
  readonly phase: 'fetch' | 'unpack' | 'scan' | 'masks' | 'pack';
  readonly done: number;
  /** Of a fetch 0 where nobody knows it. */
  readonly total: number;
}

export interface PrepareOptions {
  /** The sweep file's folder, which the paths in `spec` are relative to. */
  readonly base: string;
  readonly spec: DataSpec;
  /** Of the split, where `spec.split` brings none of its own. */
  readonly seed: number;
  readonly blobs: BlobStore;
  readonly cacheDir: string;
  /** Told which classes there are before any image is read; what it throws ends it. `spec.positive` is one of them or null. */
  readonly onClasses?: (classes: readonly string[]) => void;
  readonly onProgress?: (progress: PrepareProgress) => void;
  readonly signal?: AbortSignal;
}

/** What a person sees of it meanwhile. */
export function progressLine({ phase, done, total }: PrepareProgress): string {
  if (phase === 'fetch') return `fetching weights: ${total === 0 ? shownBytes(done) : `${Math.floor((100 * done) / total)} % of ${shownBytes(total)}`}`;
  if (phase === 'unpack') return `unpacking arrays: ${Math.floor((100 * done) / total)} %`;
  return `${{ scan: 'reading images', masks: 'reading masks', pack: 'storing images' }[phase]}: ${done} of ${total}`;
}

/** Throws DataProblem, and the blob store's errors. Rethrows the signal's reason when it is aborted. */
export async function prepareDataset(options: PrepareOptions): Promise<DataSummary> {
  const { spec, cacheDir, signal } = options;
  const progress = (phase: PrepareProgress['phase']) => (done: number, total: number) => options.onProgress?.({ phase, done, total });
  const aborting = signal === undefined ? {} : { signal };
  const scan = await scanFolder({ ...placeOf(spec, options.base), cacheDir, maxRejected: spec.maxRejected, pooled: spec.split?.merge === true, onProgress: progress('scan'), onMasks: progress('masks'), onUnpack: (_, done, total) => progress('unpack')(done, total), ...(options.onClasses === undefined ? {} : { onClasses: options.onClasses }), ...aborting });
  const positive = positiveClass(spec.positive, scan.classes);
  const split = assignParts(scan, spec, options.seed);
  const { manifest, blob } = await packDataset({
    read: (file) => scan.read(file),
    classes: scan.classes,
    files: split.files,
    blobs: options.blobs,
    cacheDir,
    onProgress: progress('pack'),
    ...aborting,
  });
  return {
    manifest: blob,
    digest: manifest.digest,
    images: manifest.files.length,
    classes: scan.classes,
    positive: positive.label,
    counts: countsOf(split.files, scan.classes.length),
    rejected: scan.rejected,
    warnings: [...scan.warnings, ...split.warnings, ...positive.warnings],
  };
}

/** Which images are taken, and the part of each. Throws DataProblem. */
export function assignParts(scan: Pick<Scan, 'files' | 'classes' | 'given'>, spec: DataSpec, seed: number): Split<ScannedFile> {
  const chosen = chooseFiles(scan.files, spec, seed);
  if (spec.split?.merge !== true) requireEveryClass(chosen.files, scan.classes, scan.given);
  const split = splitDataset(chosen.files, scan.classes, scan.given, spec.split, spec.groupBy, seed);
  return { ...split, warnings: [...chosen.warnings, ...split.warnings] };
}

/** Which images enter the data set. With `given: merge` every part is cut anew, and copies stay together by themselves. */
export function chooseFiles(files: readonly ScannedFile[], spec: DataSpec, seed: number): { readonly files: readonly ScannedFile[]; readonly warnings: readonly string[] } {
  const distinct = spec.dedupe && spec.split?.merge !== true ? dropTrainedCopies(files) : files;
  const dropped = files.length - distinct.length;
  const capped = spec.perClass === null ? distinct : capClasses(distinct, spec.perClass, spec.split?.seed ?? seed, spec.split?.merge === true);
  const warnings = dropped === 0 ? [] : [`${count(dropped, 'image')} of train that ${dropped === 1 ? 'lies' : 'lie'} in val or test too ${dropped === 1 ? 'is' : 'are'} left out (dedupe)`];
  return { files: capped, warnings };
}

/** What is left out may have been all of a class. */
function requireEveryClass(files: readonly ScannedFile[], classes: readonly string[], given: readonly Part[]): void {
  for (const part of given) {
    classes.forEach((name, label) => {
      if (files.some((file) => file.label === label && file.part === part)) return;
      throw new DataProblem('ClassMissingInPart', {
        path: ['data', 'dedupe'],
        found: `no image of class ${name} left in ${part}: each lies in val or test too`,
        expected: 'images of every class in every part',
        suggestion: 'add others, leave "dedupe" out, or pool all parts with "given: merge"',
      });
    });
  }
}

function positiveClass(named: string | null, classes: readonly string[]): { readonly label: number; readonly warnings: readonly string[] } {
  if (named === null) {
    // With more classes nothing binary is reported, so there is nothing to say either.
    const warnings = classes.length === 2 ? [`the positive class is ${classes[1]}, the second in order; data.positive names another`] : [];
    return { label: 1, warnings };
  }
  const label = classes.indexOf(named.normalize('NFC'));
  if (label < 0) throw new RangeError(`${named} is none of the classes ${classes.join(', ')}`);
  return { label, warnings: [] };
}

function countsOf(files: readonly { readonly file: { readonly label: number }; readonly part: Part }[], classes: number): DataSummary['counts'] {
  const zeros = (): number[] => Array.from({ length: classes }, () => 0);
  const counts = { train: zeros(), val: zeros(), test: zeros() };
  for (const { file, part } of files) counts[part][file.label] = (counts[part][file.label] ?? 0) + 1;
  return counts;
}
