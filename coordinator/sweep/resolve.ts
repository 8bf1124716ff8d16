/**
 * From a spec to its trials: what is in force in each epoch, and the path of keys (rules 1 to 4 of the
 * architecture). Settings and keys are made once and shared: trials that agree up to an epoch hold the
 * same settings objects and the same key strings up to there.
 */
import { CodedError } from '../../proto/coded-error.js';
import { canonicalJson } from '../../proto/canonical.js';
import { keyAfter, rootKey } from '../../proto/keys.js';
import type { ModelModule, Structure } from '../../proto/model-module.js';
import { IMAGE_CLASSIFIER_VERSION, isClassical, SYNTHETIC_VERSION } from '../../proto/models.js';
import { PROGRAM_CONTRACT } from '../../proto/program.js';
import { KEY_FORMAT, type EpochKey, type EpochSettings, type ImageEpochSettings, type ImageTrajectory, type ModelChoice, type ProgramTrajectory, type SyntheticEpochSettings, type SyntheticTrajectory, type Trajectory } from '../../proto/work.js';
import { sampledAssignments } from '../sampler/assignments.js';
import { resolveOptimizer, type WrittenOptimizer } from '../space/optimizer.js';
import { resolveAugmentation, type WrittenAugmentation } from '../space/augmentation.js';
import { isSchedule, plateauAt, rateAt, ratesOf, type RateSchedule, type Schedule } from '../space/schedule.js';
import { basesFor, type BaseFor } from './bases.js';
import { classicalSettings, classicalTrajectory } from './classical.js';
import { costsFor } from './costs.js';
import { classWeights, inputOf } from './image-input.js';
import { replicatesOf } from './replicates.js';
import { modelChoice, modelFor, structureOf } from './structures.js';
import type { TransferBase } from '../../worker/model/base.js';
import { baseSettings, type ImageSpec, transferOf } from './transfer.js';
import type { Assignment, CommandSpec, DataSummary, ModuleSpec, SweepSpec, TrialPlan } from './spec.js';

export class UnresolvableSweep extends CodedError {
  readonly code = 'UnresolvableSweep';
}

/**
 * The trials in the order of their numbers, the replicates of an assignment one after another. `data` is null for a trainable without data; `numerics` is
 * the executor's, or of a classical model that of plain JavaScript; `module` is the one that the spec names as its model. Throws UnresolvableSweep for an
 * image classifier without data, or with a structure that the module was not built for.
 */
export function resolveTrials(spec: SweepSpec, data: DataSummary | null, numerics: string, module: ModelModule | null = null): TrialPlan[] {
  const resolver = new Resolver({ spec, data, numerics, module });
  const plans: TrialPlan[] = [];
  for (const assignment of sampledAssignments(spec, costsFor(spec, data, module))) {
    for (let replicate = 0; replicate < replicatesOf(spec); replicate += 1) plans.push(resolver.plan(plans.length, assignment, replicate));
  }
  return plans;
}

/** Resolves one sweep's trials one by one, sharing settings and keys between them. */
export class Resolver {
  readonly #context: Submitted;
  readonly #keys = new KeyTree();
  readonly #settings = new SettingsPool();
  /** Of a sweep with pretrained weights alone. */
  readonly #baseFor: BaseFor | null;

  constructor(context: Submitted) {
    this.#context = context;
    const { spec: { trainable }, data, module } = context;
    this.#baseFor = trainable.kind === 'image-classifier' && trainable.weights !== undefined && data !== null ? basesFor(trainable, data.classes.length, module) : null;
  }

  /** Throws UnresolvableSweep for an image classifier without data. */
  plan(number: number, assignment: Assignment, replicate: number): TrialPlan {
    const { spec } = this.#context;
    const shares = spec.sharing && (spec.trainable.kind !== 'command' || spec.trainable.share);
    const salt = shares ? null : number;
    const { trajectory, epochs } = resolve(this.#context, assignment, this.#baseFor?.(assignment) ?? null, { replicate, salt }, this.#settings);
    return { number, assignment, trajectory, epochs, path: this.#keys.path(trajectory, epochs) };
  }
}

/** Epochs on all paths, and how many of them there are to train when each is trained once. */
export function epochCounts(plans: readonly TrialPlan[]): { readonly requested: number; readonly distinct: number } {
  const distinct = new Set<EpochKey>();
  let requested = 0;
  for (const { path } of plans) {
    requested += path.length;
    for (const key of path) distinct.add(key);
  }
  return { requested, distinct: distinct.size };
}

interface Resolved {
  readonly trajectory: Trajectory;
  readonly epochs: readonly EpochSettings[];
}

export interface Submitted {
  readonly spec: SweepSpec;
  readonly data: DataSummary | null;
  readonly numerics: string;
  readonly module: ModelModule | null;
}

function resolve({ spec, data, numerics, module }: Submitted, assignment: Assignment, base: TransferBase | null, { replicate, salt }: Pick<ImageTrajectory, 'replicate' | 'salt'>, pool: SettingsPool): Resolved {
  const { trainable } = spec;
  if (trainable.kind === 'synthetic') {
    const trajectory: SyntheticTrajectory = {
      format: KEY_FORMAT,
      trainable: 'synthetic',
      version: SYNTHETIC_VERSION,
      numerics: 'none',
      epochMs: trainable.epochMs,
      metrics: trainable.metrics,
      // The keys of replicate 0 are those from before there were replicates.
      ...(replicate === 0 ? {} : { replicate }),
      salt,
    };
    return { trajectory, epochs: namedEpochs(assignment, pool) };
  }
  if (trainable.kind !== 'image-classifier') return { trajectory: programTrajectory(spec, trainable, { replicate, salt }), epochs: namedEpochs(assignment, pool) };
  if (data === null) throw new UnresolvableSweep(`sweep ${spec.name} has no data yet`);
  const model = modelFor(trainable.model, module);
  if (isClassical(model)) {
    const settings = classicalSettings(assignment, data, spec.seed);
    return { trajectory: classicalTrajectory(model, trainable.data, data, assignment, { numerics, seed: spec.seed, replicate, salt }), epochs: [pool.get(canonicalJson(settings), () => settings)] };
  }
  const trajectory: ImageTrajectory = {
    format: KEY_FORMAT,
    trainable: 'image-classifier',
    version: IMAGE_CLASSIFIER_VERSION,
    numerics,
    data: data.digest,
    classes: data.classes.length,
    input: inputOf(trainable.data, Number(assignment.imageSize), model.defaults.normalisation),
    model: { ...chosenModel(trainable.model, module, structureOf(assignment, model, trainable.data, data.classes.length)), ...(base === null ? {} : { knobs: base.knobs }), ...chosenTransfer(spec.name, trainable, assignment, base) },
    optimizer: resolveOptimizer(assignment.optimizer as WrittenOptimizer),
    loss: 'softmaxCrossEntropy',
    initSeed: spec.seed,
    replicate,
    salt,
  };
  return { trajectory, epochs: imageEpochs(trainable, assignment, base, data, spec.seed, pool) };
}

function chosenModel(name: string, module: ModelModule | null, structure: Structure): ModelChoice {
  const choice = modelChoice(name, module, structure);
  if (choice === null) throw new UnresolvableSweep(`${module?.path ?? name} was not built for ${JSON.stringify(structure)}`);
  return choice;
}

function chosenTransfer(sweep: string, trainable: ImageSpec, assignment: Assignment, base: TransferBase | null): Pick<ModelChoice, 'transfer'> {
  const transfer = transferOf(trainable, assignment, base);
  if (transfer === null) throw new UnresolvableSweep(`the weights of sweep ${sweep} were not submitted with it`);
  return transfer === undefined ? {} : { transfer };
}

function imageEpochs(trainable: ImageSpec, assignment: Assignment, transferBase: TransferBase | null, data: DataSummary, seed: number, pool: SettingsPool): EpochSettings[] {
  const count = Number(assignment.epochs);
  const lr = assignment.lr as number | RateSchedule;
  const fixed = {
    batch: Number(assignment.batch),
    accumulate: Number(assignment.accumulate ?? 1),
    dropout: Number(assignment.dropout),
    classWeights: classWeights(assignment.classWeights ?? 'none', data),
    // Off unless they are named.
    l2: Number(assignment.l2 ?? 0),
    labelSmoothing: Number(assignment.labelSmoothing ?? 0),
    clipNorm: (assignment.clipNorm ?? null) as number | null,
    trainFraction: Number(assignment.trainFraction ?? 1),
    augment: resolveAugmentation((assignment.augment ?? null) as WrittenAugmentation | null),
    dataSeed: seed,
  };
  const family = canonicalJson(fixed);
  let last: ImageEpochSettings | null = null;
  return Array.from({ length: count }, (_, epoch) => {
    const rates = ratesOf(lr, epoch, count);
    const [lrFrom, rate] = [Math.fround(rates.from), Math.fround(rates.to)];
    const plateau = plateauAt(lr, epoch);
    const base = baseSettings(trainable, assignment, transferBase, epoch, { from: lrFrom, to: rate, reacts: plateau !== null });
    if (last?.lr !== rate || last.lrFrom !== lrFrom || (last.plateau === undefined) !== (plateau === null) || last.base?.freeze !== base?.freeze) {
      const more = { ...(plateau === null ? {} : { plateau }), ...(base === undefined ? {} : { base }) };
      last = pool.get<ImageEpochSettings>(`${family} ${lrFrom} ${rate} ${canonicalJson(more)}`, () => ({ lr: rate, lrFrom, ...more, ...fixed }));
    }
    return last;
  });
}

function programTrajectory({ name, seed }: SweepSpec, trainable: CommandSpec | ModuleSpec, { replicate, salt }: Pick<ImageTrajectory, 'replicate' | 'salt'>): ProgramTrajectory {
  const common = { format: KEY_FORMAT, version: PROGRAM_CONTRACT, numerics: 'none', seed, replicate, salt } as const;
  const { program } = trainable;
  if (trainable.kind === 'command') return { ...common, trainable: 'command', command: trainable.command, environment: trainable.environment, program: program ?? null };
  if (program === undefined) throw new UnresolvableSweep(`the module of sweep ${name} was not submitted with it`);
  return { ...common, trainable: 'module', program };
}

/** Of a trainable whose hyperparameters have any names. */
function namedEpochs(assignment: Assignment, pool: SettingsPool): EpochSettings[] {
  const { epochs, ...hyperparameters } = assignment;
  const count = Number(epochs);
  const scheduled = Object.values(hyperparameters).some(isSchedule);
  const at = (epoch: number): SyntheticEpochSettings => {
    const values = Object.fromEntries(Object.entries(hyperparameters).map(([name, value]) => [name, isSchedule(value) ? rateAt(value as Schedule, epoch, count) : value]));
    return pool.get(canonicalJson(values), () => ({ values }));
  };
  if (scheduled) return Array.from({ length: count }, (_, epoch) => at(epoch));
  return new Array<EpochSettings>(count).fill(at(0));
}

/** Equal settings are one object, so that they can be compared by identity and are stored once. */
class SettingsPool {
  readonly #known = new Map<string, EpochSettings>();

  /** `text` must tell settings apart as well as their canonical JSON does, within one kind of trainable. */
  get<Settings extends EpochSettings>(text: string, make: () => Settings): Settings {
    const known = this.#known.get(text);
    if (known !== undefined) return known as Settings;
    const made = make();
    this.#known.set(text, made);
    return made;
  }
}

interface KeyNode {
  readonly key: EpochKey;
  /** Most epochs have one successor, so the map is made for the second. */
  first: { readonly settings: EpochSettings; readonly node: KeyNode } | null;
  others: Map<EpochSettings, KeyNode> | null;
}

/** Every key once: a tree of settings below each trajectory. Relies on equal settings being one object. */
class KeyTree {
  readonly #roots = new Map<string, KeyNode>();
  readonly #texts = new Map<EpochSettings, string>();

  path(trajectory: Trajectory, epochs: readonly EpochSettings[]): EpochKey[] {
    let node = this.#root(trajectory);
    return epochs.map((settings) => {
      node = this.#child(node, settings);
      return node.key;
    });
  }

  #child(node: KeyNode, settings: EpochSettings): KeyNode {
    if (node.first?.settings === settings) return node.first.node;
    const known = node.others?.get(settings);
    if (known !== undefined) return known;
    const made: KeyNode = { key: keyAfter(node.key, this.#text(settings)), first: null, others: null };
    if (node.first === null) node.first = { settings, node: made };
    else (node.others ??= new Map<EpochSettings, KeyNode>()).set(settings, made);
    return made;
  }

  #root(trajectory: Trajectory): KeyNode {
    const key = rootKey(trajectory);
    let root = this.#roots.get(key);
    if (root === undefined) {
      root = { key, first: null, others: null };
      this.#roots.set(key, root);
    }
    return root;
  }

  #text(settings: EpochSettings): string {
    let text = this.#texts.get(settings);
    if (text === undefined) {
      text = canonicalJson(settings);
      this.#texts.set(settings, text);
    }
    return text;
  }
}
