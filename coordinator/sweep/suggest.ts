/** What a person probably meant: near spellings, other tools' names, the right place, and what is not built yet. */
import { distance } from 'fastest-levenshtein';
import { budgetFields, dataFields, ensembleFields, imageSpace, stopFields } from './schema.js';
import { commandFields } from './schema-program.js';
import type { Path } from './mistakes.js';

/** Names of other tools (and of our own glossary's forbidden synonyms), in lower case without _ and -. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['learningrate', 'lr'],
  ['initiallearnrate', 'lr'],
  ['initiallr', 'lr'],
  ['baselr', 'lr'],
  ['stepsize', 'lr'],
  ['eta', 'lr'],
  ['batchsize', 'batch'],
  ['minibatchsize', 'batch'],
  ['batches', 'batch'],
  ['bs', 'batch'],
  ['gradientaccumulation', 'accumulate'],
  ['gradientaccumulationsteps', 'accumulate'],
  ['accumulategradbatches', 'accumulate'],
  ['accumulationsteps', 'accumulate'],
  ['gradaccum', 'accumulate'],
  ['microbatches', 'accumulate'],
  ['numepochs', 'epochs'],
  ['nepochs', 'epochs'],
  ['nbepochs', 'epochs'],
  ['maxepochs', 'epochs'],
  ['epoch', 'epochs'],
  ['imgsize', 'imageSize'],
  ['imgsz', 'imageSize'],
  ['inputsize', 'imageSize'],
  ['targetsize', 'imageSize'],
  ['resolution', 'imageSize'],
  ['size', 'imageSize'],
  ['imageheight', 'imageSize'],
  ['dropoutrate', 'dropout'],
  ['dropoutprob', 'dropout'],
  ['pdrop', 'dropout'],
  ['hiddenunits', 'fcWidth'],
  ['hiddensize', 'fcWidth'],
  ['hiddendim', 'fcWidth'],
  ['denseunits', 'fcWidth'],
  ['units', 'fcWidth'],
  ['neurons', 'fcWidth'],
  ['numfilters', 'filters'],
  ['nfilters', 'filters'],
  ['opt', 'optimizer'],
  ['optim', 'optimizer'],
  ['emamomentum', 'ema'],
  ['useema', 'ema'],
  ['emadecay', 'ema'],
  ['optimiser', 'optimizer'],
  ['solver', 'optimizer'],
  ['classweight', 'classWeights'],
  ['weightdecay', 'l2'],
  ['l2reg', 'l2'],
  ['l2regularization', 'l2'],
  ['kernelregularizer', 'l2'],
  ['smoothing', 'labelSmoothing'],
  ['gradientclip', 'clipNorm'],
  ['gradclip', 'clipNorm'],
  ['clipgradnorm', 'clipNorm'],
  ['globalclipnorm', 'clipNorm'],
  ['gradientthreshold', 'clipNorm'],
  ['maxgradnorm', 'clipNorm'],
  ['trainsize', 'trainFraction'],
  ['subset', 'trainFraction'],
  ['augmentation', 'augment'],
  ['augmentations', 'augment'],
  ['dataaugmentation', 'augment'],
  ['rotationrange', 'rotation'],
  ['rotate', 'rotation'],
  ['widthshiftrange', 'shift'],
  ['heightshiftrange', 'shift'],
  ['translate', 'shift'],
  ['translation', 'shift'],
  ['shearrange', 'shear'],
  ['zoomrange', 'zoom'],
  ['scalerange', 'zoom'],
  ['horizontalflip', 'flip'],
  ['verticalflip', 'flip'],
  ['fliplr', 'flip'],
  ['randomflip', 'flip'],
  ['brightnessrange', 'brightness'],
  ['contrastrange', 'contrast'],
  ['randomcrop', 'crop'],
  ['fillmode', 'fill'],
  ['gaussiannoise', 'noise'],
  ['noisestd', 'noise'],
  ['randomerasing', 'cutout'],
  ['coarsedropout', 'cutout'],
  ['mixupalpha', 'mixup'],
  ['nblocks', 'blocks'],
  ['numblocks', 'blocks'],
  ['depth', 'blocks'],
  ['kernelsize', 'kernel'],
  ['filtersize', 'kernel'],
  ['pool', 'pooling'],
  ['nonlinearity', 'activation'],
  ['batchnormalization', 'batchNorm'],
  ['bn', 'batchNorm'],
  ['hiddenlayers', 'hidden'],
  ['layers', 'hidden'],
  ['multistep', 'steps'],
  ['milestones', 'steps'],
  ['inversetimedecay', 'inverseTime'],
  ['exponentialdecay', 'exponential'],
  ['maxtrials', 'trials'],
  ['ntrials', 'trials'],
  ['numtrials', 'trials'],
  ['numsamples', 'trials'],
  ['maxevals', 'trials'],
  ['runcap', 'trials'],
  ['timeout', 'stageTimeout'],
  ['nodeselector', 'workers'],
  ['maxconcurrent', 'concurrency'],
  ['maxconcurrenttrials', 'concurrency'],
  ['paralleltrialcount', 'concurrency'],
  ['maxparalleltrials', 'concurrency'],
  ['parallelism', 'concurrency'],
  ['njobs', 'concurrency'],
  ['prio', 'priority'],
  ['randomseed', 'seed'],
  ['randomstate', 'seed'],
  ['rngseed', 'seed'],
  ['repeats', 'replicates'],
  ['repetitions', 'replicates'],
  ['replicate', 'replicates'],
  ['earlystopping', 'stop'],
  ['earlystop', 'stop'],
  ['earlystoppings', 'stop'],
  ['restorebestweights', 'restoreBest'],
  ['loadbestmodelatend', 'restoreBest'],
  ['mode', 'direction'],
  ['architecture', 'model'],
  ['arch', 'model'],
  ['network', 'model'],
  ['net', 'model'],
  ['parameters', 'space'],
  ['params', 'space'],
  ['hyperparameters', 'space'],
  ['hparams', 'space'],
  ['searchspace', 'space'],
  ['paramspace', 'space'],
  ['config', 'space'],
  ['study', 'name'],
  ['studyname', 'name'],
  ['experiment', 'name'],
  ['experimentname', 'name'],
  ['dataset', 'data'],
  ['datadir', 'data'],
  ['datapath', 'data'],
  ['method', 'sampler'],
  ['algorithm', 'sampler'],
  ['searchalg', 'sampler'],
  ['tuner', 'sampler'],
  ['constraint', 'constraints'],
  ['scheduler', 'pruner'],
  ['pruning', 'pruner'],
  ['earlytermination', 'pruner'],
  ['earlyterminate', 'pruner'],
  ['successivehalving', 'asha'],
  ['medianstop', 'median'],
  ['medianpruner', 'median'],
  ['medianstopping', 'median'],
  ['reductionfactor', 'eta'],
  ['graceperiod', 'minEpochs'],
  ['minresource', 'minEpochs'],
  ['miniter', 'minEpochs'],
  ['nwarmupsteps', 'minEpochs'],
  ['nstartuptrials', 'minTrials'],
  ['metric', 'objective'],
  ['goal', 'objective'],
  ['direction', 'objective'],
  ['dir', 'path'],
  ['folder', 'path'],
  ['directory', 'path'],
  ['root', 'path'],
  ['validation', 'val'],
  ['validationsplit', 'val'],
  ['valsplit', 'val'],
  ['valfraction', 'val'],
  ['testsplit', 'test'],
  ['testsize', 'test'],
  ['group', 'groupBy'],
  ['groups', 'groupBy'],
  ['poslabel', 'positive'],
  ['positiveclass', 'positive'],
  ['colormode', 'channels'],
  ['roi', 'crop'],
  ['region', 'crop'],
  ['cropbox', 'crop'],
  ['mask', 'masks'],
  ['segmentation', 'masks'],
  ['normalization', 'normalisation'],
  ['normalize', 'normalisation'],
  ['num', 'points'],
  ['count', 'points'],
  ['n', 'points'],
  ['start', 'from'],
  ['stop', 'to'],
  ['end', 'to'],
  ['low', 'min'],
  ['high', 'max'],
  ['lower', 'min'],
  ['upper', 'max'],
  ['minimum', 'min'],
  ['maximum', 'max'],
  ['gamma', 'factor'],
  ['droprate', 'factor'],
  ['decay', 'factor'],
  ['dropfactor', 'factor'],
  ['dropperiod', 'every'],
  ['period', 'every'],
  ['tmax', 'epochs'],
  ['etamin', 'final'],
  ['minlr', 'final'],
  ['stepdecay', 'piecewise'],
  ['steplr', 'piecewise'],
  ['cosineannealing', 'cosine'],
  ['cosineannealingwarmrestarts', 'cosineRestarts'],
  ['cosinedecayrestarts', 'cosineRestarts'],
  ['warmrestarts', 'cosineRestarts'],
  ['sgdr', 'cosineRestarts'],
  ['t0', 'every'],
  ['firstdecaysteps', 'every'],
  ['tmult', 'lengthen'],
  ['tmul', 'lengthen'],
  ['mmul', 'factor'],
  ['onecyclelr', 'oneCycle'],
  ['maxlr', 'peak'],
  ['pctstart', 'rise'],
  ['reducelronplateau', 'plateau'],
  ['reduceonplateau', 'plateau'],
  ['minimise', 'minimize'],
  ['maximise', 'maximize'],
  ['grayscale', 'gray'],
  ['grey', 'gray'],
  ['color', 'rgb'],
  ['momentum', 'sgdm'],
  ['gridsearch', 'grid'],
  ['randomsearch', 'random'],
  ['bayes', 'gp'],
  ['bayesian', 'gp'],
  ['gaussianprocess', 'gp'],
  ['qmc', 'sobol'],
  ['hyperopt', 'tpe'],
  ['standardize', 'standardise'],
  ['lenet', 'lenet5'],
  ['vgg', 'vgg16'],
  ['resnet', 'resnet50'],
  ['avg', 'average'],
  ['cmd', 'command'],
  ['program', 'command'],
  ['script', 'command'],
  ['entrypoint', 'command'],
  ['executable', 'command'],
  ['run', 'command'],
  ['env', 'environment'],
  ['envvars', 'environment'],
  ['sharing', 'share'],
  ['reuse', 'share'],
  ['sources', 'files'],
  ['include', 'files'],
  ['silencetimeout', 'silence'],
  ['convnet', 'cnn'],
]);

/** Where each name of a section belongs, for those who write it elsewhere. The first section wins. */
const PLACES: ReadonlyMap<string, string> = new Map(
  [
    ...Object.keys(imageSpace.shape).map((name) => ['space', name] as const),
    ...Object.keys(stopFields.shape).map((name) => ['stop', name] as const),
    ...Object.keys(budgetFields.shape).map((name) => ['budget', name] as const),
    ...Object.keys(ensembleFields.shape).map((name) => ['ensemble', name] as const),
    ...Object.keys(dataFields.shape).map((name) => ['data', name] as const),
    ...Object.keys(commandFields.shape).filter((name) => name !== 'command').map((name) => ['trainable', name] as const),
    ...['val', 'test'].map((name) => ['data.split', name] as const),
    ...['floors', 'maximize', 'minimize'].map((name) => ['objective', name] as const),
  ]
    .reverse()
    .map(([section, name]) => [name, `${section}.${name}`]),
);
const TOP_LEVEL = ['name', 'data', 'model', 'space', 'constraints', 'sampler', 'warmStart', 'pruner', 'objective', 'stop', 'ensemble', 'budget', 'stageTimeout', 'priority', 'concurrency', 'workers', 'seed', 'replicates', 'trainable', 'command', 'module'];

/** Whether a key of the file's top level says, in whoever's words, that a command or a module is trained. */
export function namesProgram(key: string): boolean {
  return ['command', 'module'].includes(ALIASES.get(plain(key)) ?? key);
}

export const NOT_BUILT = 'known but not built yet';

/** What the design has and this version does not build, by field. */
const NOT_BUILT_FIELDS: readonly RegExp[] = [
  /^explain$/,
  /^data\.sample$/,
  /^space\.(pretrained|momentum)$/,
  /^space\.optimizer(\[\d+\])?\.nadam$/,
];
const NOT_BUILT_VALUES: ReadonlyMap<string, RegExp> = new Map([
  ['space.optimizer', /^nadam$/],
]);

export function notBuiltField(field: string): string | null {
  return NOT_BUILT_FIELDS.some((known) => known.test(field)) ? `${field} is ${NOT_BUILT}: take it out for now` : null;
}

export function notBuiltValue(field: string, value: unknown): string | null {
  const known = NOT_BUILT_VALUES.get(field.replace(/\[\d+\]$/, ''));
  return typeof value === 'string' && known?.test(value) === true ? `${value} is ${NOT_BUILT}` : null;
}

/** Advice for a key that may not stand at `parent`, where `candidates` may. */
export function suggestKey(key: string, candidates: readonly string[], parent: Path): string | null {
  const same = likelyName(key, candidates);
  if (same !== null) return `did you mean ${same}?`;
  if (parent.length === 0 && (key === 'data' || key === 'model') && !candidates.includes(key)) return 'what is trained instead stands in the place of data and model: take one out';
  const meant = [key, ALIASES.get(plain(key)) ?? key].find((name) => PLACES.has(name) || (parent.length > 0 && TOP_LEVEL.includes(name)));
  if (meant !== undefined) {
    const top = parent.length > 0 && TOP_LEVEL.includes(meant);
    return top ? `write ${meant} at the top level` : `write it as ${PLACES.get(meant) ?? meant}`;
  }
  return nearest(key, candidates);
}

/** Advice for a value that is none of `candidates`. */
export function suggestValue(value: unknown, candidates: readonly string[]): string | null {
  if (typeof value !== 'string') return null;
  const same = likelyName(value, candidates);
  return same === null ? nearest(value, candidates) : `did you mean ${same}?`;
}

/** Advice for a metric: `val_auc` and `auc` for `val.auc`; the class in brackets is kept. */
export function suggestMetric(metric: string, known: readonly string[]): string | null {
  const [, base = '', label = ''] = /^([^[]*)(\[.*)?$/s.exec(metric) ?? [];
  const dotted = base.toLowerCase().replace(/^(val|train)(idation)?[_/ -]/, '$1.').replace(/acc$/, 'accuracy').replace(/roc_?auc$/, 'auc');
  const match = [dotted, `val.${dotted}`].find((candidate) => known.includes(candidate)) ?? closest(dotted, known);
  return match === null ? null : `did you mean ${match}${label}?`;
}

/** The candidate that only spelling habits (case, _ and -) or another tool's vocabulary keep apart from `name`. */
function likelyName(name: string, candidates: readonly string[]): string | null {
  const alias = ALIASES.get(plain(name));
  return candidates.find((candidate) => plain(candidate) === plain(name)) ?? candidates.find((candidate) => candidate === alias) ?? null;
}

function nearest(name: string, candidates: readonly string[]): string | null {
  const match = closest(name, candidates);
  return match === null ? null : `did you mean ${match}?`;
}

/** The nearest by edit distance, if at most a third of its letters must change: of short names one, of four or five two. */
function closest(name: string, candidates: readonly string[]): string | null {
  let best: string | null = null;
  let least = Infinity;
  for (const candidate of candidates) {
    const changes = distance(name.toLowerCase(), candidate.toLowerCase());
    if (changes < least && changes <= Math.ceil(candidate.length / 3)) [best, least] = [candidate, changes];
  }
  return best;
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[_\s-]/g, '');
}
