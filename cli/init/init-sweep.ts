/** Looks at a folder of images and writes a sweep file for it, beside the folder and never into it. */
import { constants } from 'node:fs';
import { access, readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { shellWord } from '../../proto/shell-word.js';
import type { UnpackProgress } from '../data/arrays.js';
import { guessGroups, type GroupGuess } from '../data/guess-groups.js';
import { guessPositive, type PositiveGuess } from '../data/guess-positive.js';
import { isArrayFile } from '../data/layout-of.js';
import { DataProblem, some } from '../data/problem.js';
import { scanFolder, type Scan } from '../data/scan.js';
import { splitDataset } from '../data/split.js';
import { median, sampleFacts, type ImageFacts } from '../../worker/data/survey.js';
import { BadInput } from '../exit.js';
import type { Home } from '../home.js';
import { requirePlace, writeNew } from '../output-file.js';
import { commandLine, near } from '../program-name.js';
import { count } from '../text/format.js';
import { fittingMaxRejected, MARK, sweepFileText } from './design.js';
import { hazardLines, leakedImages } from './hazards.js';

export interface InitOptions {
  /** Of images; or a file or folder of arrays. */
  readonly folder: string;
  /** Where to write; null for a file beside the folder, named like it. */
  readonly file: string | null;
  readonly home: Home;
  readonly onLine: (line: string) => void;
  readonly onProgress: (done: number, total: number) => void;
  readonly onUnpack?: UnpackProgress;
  readonly signal: AbortSignal;
}

/** What `init --json` prints. */
export interface InitReport {
  /** The sweep file's absolute path. */
  readonly file: string;
  readonly images: number;
  readonly classes: { readonly [name: string]: number };
  /** Files that are left out. */
  readonly unreadable: readonly { readonly file: string; readonly why: string }[];
  /** As guessed; null where there are more than two classes. */
  readonly positive: string | null;
  /** As guessed from the names; null where nothing was. */
  readonly groupBy: string | null;
}

/** Where the file would stand: beside the folder, or where the person stands if nothing may be written there. */
async function sweepFileOf(folder: string): Promise<string> {
  const name = `${basename(resolve(folder), isArrayFile(folder) ? extname(folder) : '')}.yaml`;
  const beside = dirname(resolve(folder));
  const isWritable = await access(beside, constants.W_OK).then(
    () => true,
    () => false,
  );
  return join(isWritable ? beside : process.cwd(), name);
}

/** The sweep file for `run FOLDER`: the one that was written before for this folder, else a new one. Throws BadInput. */
export async function sweepFileFor(options: Omit<InitOptions, 'file'>): Promise<string> {
  const file = await sweepFileOf(options.folder);
  const known = await readFile(file, 'utf8').catch(() => null);
  if (known === null) return (await initSweep({ ...options, file })).file;
  if (!known.startsWith(`# ${MARK}`) || !(await isAbout(known, file, options.folder))) {
    throw new BadInput(`${near(file)} is there already and was not written for this folder; run that file, or choose another name: trawl init ${near(options.folder)} FILE.yaml`);
  }
  options.onLine(`using ${near(file)}, which was written for this folder before`);
  return file;
}

/** Whether a sweep file's `data.path` is this folder. Folders of one name may share a file's place, and a file may have been edited. */
async function isAbout(text: string, file: string, folder: string): Promise<boolean> {
  const document = parseDocument(text);
  // What cannot be read is not run either: loading it tells every mistake with its line.
  if (document.errors.length > 0) return true;
  const path: unknown = document.getIn(['data', 'path']) ?? document.get('data');
  if (typeof path !== 'string') return true;
  const real = async (where: string): Promise<string> => realpath(where).catch(() => resolve(where));
  return (await real(resolve(dirname(file), path))) === (await real(folder));
}

/** Throws BadInput where the file is there already or cannot be written, or the folder cannot be swept. */
export async function initSweep(options: InitOptions): Promise<InitReport> {
  const folder = resolve(options.folder);
  const file = resolve(options.file ?? (await sweepFileOf(folder)));
  if (await exists(file)) throw new BadInput(`${near(file)} is there already, and is left as it is; remove it, or choose another name: trawl init ${near(folder)} FILE.yaml`);
  const inside = relative(folder, file);
  if (!inside.startsWith('..') && resolve(folder, inside) === file && dirname(file).startsWith(folder)) {
    throw new BadInput(`${near(file)}: found a place inside the folder of images, expected one outside; images folders are left as they are`);
  }
  await requirePlace(file, `write it elsewhere: trawl init ${shellWord(near(folder))} FILE.yaml`);
  try {
    const { text, report } = await describeFolder(folder, file, options);
    await writeNew(file, text);
    options.onLine(`wrote ${near(file)}`);
    return report;
  } catch (error) {
    if (error instanceof DataProblem) throw new BadInput(error.message);
    throw error;
  }
}

/** However many files cannot be read: the sweep file that is written says so and allows for them. */
async function describeFolder(folder: string, file: string, options: InitOptions): Promise<{ readonly text: string; readonly report: InitReport }> {
  const scan = await scanFolder({ folder, cacheDir: options.home.dataCache, maxRejected: 1, onProgress: options.onProgress, ...(options.onUnpack === undefined ? {} : { onUnpack: options.onUnpack }), signal: options.signal });
  const counts = scan.classes.map((_, label) => scan.files.filter((found) => found.label === label).length);
  const names = scan.files.map((found) => found.name);
  const facts = await sampleFacts(scan.files, (file) => scan.read(file));
  const groups = usableGroups(scan, scan.arrays ? null : guessGroups(names));
  const positive = positiveOf(scan.classes, counts);
  options.onLine(`${count(scan.files.length, 'image')} of ${count(scan.classes.length, 'class', 'classes')}: ${scan.classes.map((name, label) => `${name} ${counts[label] ?? 0}`).join(', ')}`);
  if (positive !== null) options.onLine(`the positive class is taken to be ${positive.className}, because ${positive.why}`);
  if (groups !== null) options.onLine(`images of one patient stay together: groupBy '${groups.pattern}' finds ${count(groups.groups, 'group')} in ${groups.matched} of ${count(groups.files, 'file name')}`);
  warnOfRejected(scan, options.onLine);
  for (const line of hazardLines(scan, facts, commandLine(['data', 'check', near(folder)], options.home))) options.onLine(line);
  const text = sweepFileText({
    path: pathFrom(dirname(file), folder),
    name: nameOf(file),
    classes: scan.classes,
    counts,
    rejected: scan.rejected.length,
    given: scan.given,
    leaked: leakedImages(scan),
    arrays: scan.arrays,
    side: median(facts.map((fact) => Math.min(fact.height, fact.width))),
    colour: await colourOf(scan, facts),
    groups,
    positive,
  });
  const classes = Object.fromEntries(scan.classes.map((name, label) => [name, counts[label] ?? 0]));
  return { text, report: { file, images: scan.files.length, classes, unreadable: scan.rejected, positive: positive?.className ?? null, groupBy: groups?.pattern ?? null } };
}

function warnOfRejected({ files, rejected }: Scan, onLine: (line: string) => void): void {
  if (rejected.length === 0) return;
  const examples = some(rejected.map(({ file, why }) => `${file} (${why})`), 3);
  const fitting = fittingMaxRejected(rejected.length, files.length);
  const allowed = fitting === null ? '' : `; the sweep file allows for it with maxRejected: ${fitting}, but look at them first`;
  onLine(`warning: ${rejected.length} of ${count(files.length + rejected.length, 'file')} cannot be read and ${rejected.length === 1 ? 'is' : 'are'} left out: ${examples}${allowed}`);
}

/** Groups may be so large that a class cannot be in every part; then each image stands alone, as it would without a guess. */
function usableGroups(scan: Scan, guess: GroupGuess | null): GroupGuess | null {
  const split = (groupBy: string | null): void => void splitDataset(scan.files, scan.classes, scan.given, null, groupBy, 0);
  if (guess !== null) {
    try {
      split(guess.pattern);
      return guess;
    } catch (error) {
      if (!(error instanceof DataProblem) || error.code !== 'TooFewGroups') throw error;
    }
  }
  split(null);
  return null;
}

function positiveOf(classes: readonly string[], counts: readonly number[]): PositiveGuess | null {
  const [first, second, third] = classes;
  if (first === undefined || second === undefined || third !== undefined) return null;
  return guessPositive([first, second], [counts[0] ?? 0, counts[1] ?? 0]);
}

/** Whether the share of colour files differs between classes, from a sample of each. */
async function colourOf(scan: Scan, all: readonly ImageFacts[]): Promise<{ share: number; tellsClasses: boolean }> {
  const shareOf = (facts: readonly ImageFacts[]): number => (facts.length === 0 ? 0 : facts.filter((fact) => fact.channels >= 3).length / facts.length);
  const share = shareOf(all);
  if (share === 0 || share === 1) return { share, tellsClasses: false };
  const shares: number[] = [];
  for (const label of scan.classes.keys()) {
    const files = scan.files.filter((file) => file.label === label);
    shares.push(shareOf(await sampleFacts(files, (file) => scan.read(file), 200)));
  }
  return { share, tellsClasses: Math.max(...shares) - Math.min(...shares) > 0.02 };
}

/** Relative, so that folder and file can move together. */
function pathFrom(from: string, folder: string): string {
  const way = relative(from, folder).replaceAll('\\', '/');
  return way.startsWith('.') || way.startsWith('/') ? way : `./${way}`;
}

/** A sweep's name as the schema takes it, from the file's base name. */
function nameOf(file: string): string {
  const plain = basename(file, extname(file))
    .replace(/[\p{Cc}/\\]/gu, ' ')
    .trim()
    .slice(0, 100)
    .trim();
  return plain === '' ? 'images' : plain;
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
