/**
 * Submitted files, and changes that commands make, on their one way to a revision. What is told before
 * (`preview`, a dry run) and what is then written come from the same prospect.
 */
import type { OwnedBlobStore } from '../../blob/store.js';
import type { BlobId } from '../../proto/work.js';
import { ManifestPacks } from '../blob/manifest-packs.js';
import { isProposed } from '../sampler/search.js';
import { isExtension, replacementsOf, type SweepChange } from '../sweep/change.js';
import { conflictLines } from '../sweep/conflict-text.js';
import { differences } from '../sweep/difference.js';
import { fieldName } from '../sweep/mistakes.js';
import { replicatesOf } from '../sweep/replicates.js';
import { Resolver } from '../sweep/resolve.js';
import { revisionDigest } from '../sweep/revision-digest.js';
import { rewrite, type Replacement } from '../sweep/rewrite.js';
import type { DataSummary, SweepSpec, TrialPlan } from '../sweep/spec.js';
import type { RevisionOrigin, SweepRecord, TrialRecord } from '../store/records.js';
import type { Store } from '../store/store.js';
import type { Carried, NewSweep } from '../store/turn-writes.js';
import type { WarmStart } from '../sweep/warm-start.js';
import { foldRuleOf } from '../trial/fold.js';
import { isEnded, type SweepState } from '../trial/states.js';
import { carryTrials, type Carrying } from './carry.js';
import { compileRequest, compileRewritten, fieldLine, type Compiled, type Stored } from './compile.js';
import { StaleWrite } from '../store/errors.js';
import { endedPaths, foldedPaths } from './ended-paths.js';
import { BadRequest, codeOf } from './errors.js';
import { distinctKeys, epochsOf } from './known-epochs.js';
import type { Leading } from './leading.js';
import { outlookOf } from './outlook.js';
import { pathOf, sweepView } from './results.js';
import { takeWarmStart, warmStartView } from './warm-starts.js';
import type { Changed, Preview, Submitted, SubmitRequest } from './views.js';

/** Others may write in the same moment; so often it is worked out anew. */
const TRIES = 5;

export interface SubmissionOptions {
  readonly store: Store;
  readonly blobs: OwnedBlobStore;
  readonly leader: Leading;
  readonly project: string;
  readonly actor: string;
}

/** What a submission would mean. */
interface Prospect {
  readonly standing: Preview['standing'];
  readonly existing: SweepRecord | null;
  /** Of the sweep as it stands; null for a new one. */
  readonly records: readonly TrialRecord[];
  readonly differences: readonly string[];
  readonly commands: readonly string[];
  readonly warmStart: WarmStart | null;
  /** Only of a revision. */
  readonly carrying: Carrying | null;
}

export class Submissions {
  readonly #options: SubmissionOptions;
  readonly #store: Store;

  constructor(options: SubmissionOptions) {
    this.#options = options;
    this.#store = options.store;
  }

  async preview(request: SubmitRequest): Promise<Preview> {
    const compiled = compileRequest(request);
    const prospect = await this.#prospect(compiled, 'file', request.replace === true);
    // Whoever runs the file of a sweep that was stopped lets all of it go on.
    return this.#view(compiled, prospect, prospect.carrying !== null || prospect.existing?.state === 'stopped');
  }

  async submit(request: SubmitRequest): Promise<Submitted> {
    const compiled = compileRequest(request);
    if (request.data !== null) await this.#registerData(request.data.manifest);
    if (request.program !== undefined) await this.#register(request.program.blob, 'program');
    if (request.weights !== undefined) await this.#register(request.weights.blob, 'weights');
    return this.#retrying(async () => {
      const prospect = await this.#prospect(compiled, 'file', request.replace === true);
      if (prospect.standing === 'conflict') throw new BadRequest(conflictLines(compiled.source.name, { ...prospect, name: compiled.spec.name }).join('\n'));
      const { existing, standing } = prospect;
      if (existing !== null && (standing === 'same' || standing === 'kept')) return { id: existing.id, revision: existing.revision, change: 'same' };
      return this.#write(compiled, prospect, { origin: 'file', state: 'running', clockGoesOn: false, revives: true, told: { changes: prospect.differences } });
    });
  }

  /** A new revision of a stored sweep; `find` reads that as it stands. */
  change(find: () => Promise<SweepRecord>, change: SweepChange, dryRun: boolean): Promise<Changed> {
    return this.#retrying(async () => {
      const sweep = await find();
      const stored = await this.#storedOf(sweep);
      const compiled = compileRewritten(stored, requireRight(change, stored.source.text, sweep.spec));
      const prospect = await this.#prospect(compiled, 'command', false);
      if (prospect.existing?.changes !== sweep.changes) throw new StaleWrite(`sweep ${sweep.name} was changed in the same moment`);
      const state = stateAfter(prospect, change, compiled.spec);
      const revives = isOpen(state) && isWider(sweep, change, compiled.spec);
      const preview = await this.#view(compiled, prospect, revives);
      if (dryRun || prospect.standing === 'same') return { preview, sweep: sweepView(sweep), applied: false };
      await this.#write(compiled, prospect, { origin: 'command', state, clockGoesOn: !isExtension(change), revives, told: { changes: prospect.differences } });
      return { preview, sweep: sweepView(await find()), applied: true };
    });
  }

  /** A new sweep of the stored spec and data of another: what that has trained, this one need not. */
  async fork(sweep: SweepRecord, name: string, change: SweepChange, dryRun: boolean): Promise<Changed> {
    if ((await this.#store.findSweep(this.#options.project, name)) !== null) throw new BadRequest(`name: found ${name}, which is a sweep already, expected a new name; \`trawl extend\` and \`trawl edit\` change a sweep`);
    const stored = await this.#storedOf(sweep);
    const changes = requireRight(change, stored.source.text, sweep.spec);
    const compiled = compileRewritten(stored, [{ path: ['name'], value: name }, ...changes]);
    const prospect = await this.#prospect(compiled, 'command', false);
    const preview = { ...(await this.#view(compiled, prospect, false)), differences: differences(sweep.spec, { ...compiled.spec, name: sweep.name }) };
    if (dryRun) return { preview, sweep: null, applied: false };
    const { id } = await this.#write(compiled, prospect, { origin: 'command', state: 'running', clockGoesOn: false, revives: false, told: { forkedFrom: sweep.id } });
    const made = await this.#store.findSweep(this.#options.project, id);
    return { preview, sweep: made === null ? null : sweepView(made), applied: true };
  }

  /** The sweep as a file, as it stands now. */
  async file(sweep: SweepRecord): Promise<string> {
    const { source } = await this.#storedOf(sweep);
    return rewrite(source.text, [{ path: ['name'], value: sweep.name }]);
  }

  async #storedOf(sweep: SweepRecord): Promise<Stored> {
    const source = await this.#store.sourceOf(sweep.id);
    if (source === null) throw new BadRequest(`sweep ${sweep.name} was submitted before sweep files were kept; submit its file once more, with a change: trawl run FILE`);
    return { source, sharing: sweep.spec.sharing, data: sweep.data, numerics: sweep.numerics };
  }

  async #prospect(compiled: Compiled, origin: RevisionOrigin, replace: boolean): Promise<Prospect> {
    const { spec, data, numerics, planned, source } = compiled;
    const existing = await this.#store.findSweep(this.#options.project, spec.name);
    if (existing === null) return { standing: 'new', existing, records: [], differences: [], commands: [], warmStart: await this.#warmStart(compiled), carrying: null };
    const records = await this.#store.trialsOf(existing.id);
    const known = { existing, records, commands: [], warmStart: existing.warmStart, carrying: null };
    if (revisionDigest({ spec, data, numerics, trials: planned }) === existing.digest) return { ...known, standing: 'same', differences: [] };
    if (origin === 'file' && existing.origin === 'command' && !replace) {
      const file = await this.#store.fileOf(existing.id);
      const edited = [...changes(file, spec, data), ...(file.numerics === numerics ? [] : [`engine: ${file.numerics} -> ${numerics}`])];
      return { ...known, standing: edited.length === 0 ? 'kept' : 'conflict', differences: edited, commands: changes(file, existing.spec, existing.data) };
    }
    const resolver = new Resolver({ spec, data, numerics, module: source.module });
    const carrying = carryTrials({ spec: existing.spec, trials: records }, spec, planned, (number, assignment, replicate) => resolver.plan(number, assignment, replicate));
    return { ...known, standing: 'revised', differences: changes(existing, spec, data), warmStart: await this.#warmStart(compiled), carrying };
  }

  /** Throws BadRequest with a line per sweep that cannot be learnt from. */
  async #warmStart({ spec, say }: Compiled): Promise<WarmStart | null> {
    const { warmStart, problems } = await takeWarmStart(this.#store, this.#options.project, spec);
    if (problems.length > 0) throw new BadRequest(say(problems).join('\n'));
    return warmStart;
  }

  /** `revives`: whether trials that were cancelled go on. */
  async #view({ spec, data, planned }: Compiled, prospect: Prospect, revives: boolean): Promise<Preview> {
    const { existing, records, carrying } = prospect;
    const stay = carrying?.kept ?? records;
    const made = existing === null ? planned : (carrying?.fresh ?? []).map(({ plan }) => plan);
    const all = await epochsOf(this.#store, distinctKeys([...stay.map(({ plan }) => plan.path), ...made.map(({ path }) => path)]));
    const fresh = foldedPaths(made, foldRuleOf(spec, data), (key) => all.get(key));
    const trials = [...endedPaths(stay, revives, (key) => all.has(key)), ...fresh];
    return {
      name: spec.name,
      ...(await outlookOf(this.#store, spec, trials, all)),
      proposed: isProposed(spec) ? { most: spec.budget.trials === null ? null : spec.budget.trials * replicatesOf(spec) } : null,
      // All trials of a revision have the same: they were submitted with one.
      existing: existing === null ? null : { id: existing.id, revision: existing.revision, state: existing.state, numerics: records[0]?.plan.trajectory.numerics ?? null },
      standing: prospect.standing,
      differences: prospect.differences,
      commands: prospect.commands,
      carried: carrying === null ? null : countsOf(carrying, fresh),
      warmStart: prospect.warmStart === null ? null : warmStartView(prospect.warmStart),
    };
  }

  async #write(compiled: Compiled, { existing, records, carrying, warmStart }: Prospect, more: Pick<NewSweep, 'origin' | 'told'> & Pick<Carried, 'state' | 'clockGoesOn' | 'revives'>): Promise<Submitted> {
    const { project, actor, leader } = this.#options;
    const { spec, data, numerics, source, planned } = compiled;
    const { state, clockGoesOn, revives, origin, told } = more;
    const carried: Carried | null =
      existing === null || carrying === null
        ? null
        : {
            from: existing,
            kept: carrying.kept.map(({ id }) => id),
            judgedAnew: JSON.stringify(existing.spec.pruner) !== JSON.stringify(spec.pruner),
            foldedAnew: carrying.foldedAnew,
            known: records.length,
            fresh: carrying.fresh,
            ...{ state, clockGoesOn, revives },
          };
    const answer = await this.#store.submit({ project, actor, spec, data, numerics, trials: planned, source, origin, told, carried, warmStart }, await leader.epoch());
    await leader.wake();
    return answer;
  }

  async #retrying<Result>(attempt: () => Promise<Result>): Promise<Result> {
    for (let tried = 1; ; tried += 1) {
      try {
        return await attempt();
      } catch (error) {
        if (codeOf(error) !== 'StaleWrite' || tried === TRIES) throw error;
      }
    }
  }

  /** The bytes are there already; from now on the store knows them, so that they are kept while a sweep needs them. */
  async #registerData(manifest: BlobId): Promise<void> {
    await this.#register(manifest, 'manifest');
    for (const pack of await new ManifestPacks(this.#options.blobs).of(manifest)) await this.#register(pack, 'data');
  }

  async #register(id: BlobId, kind: 'manifest' | 'data' | 'program' | 'weights'): Promise<void> {
    await this.#store.touchBlob(id);
    const bytes = await this.#options.blobs.size(id);
    if (bytes === null) throw new BadRequest(`${kind} blob ${id} was not uploaded before the sweep; submit it again`);
    await this.#store.putBlob(id, bytes, kind);
  }
}

/** Throws BadRequest with a line per mistake. */
function requireRight(change: SweepChange, file: string, spec: SweepSpec): readonly Replacement[] {
  const { replacements, problems } = replacementsOf(change, file, spec);
  if (problems.length > 0) throw new BadRequest(problems.map((problem) => fieldLine({ ...problem, field: fieldName(problem.path) })).join('\n'));
  return replacements;
}

function changes(before: Pick<SweepRecord, 'spec' | 'data'>, spec: SweepSpec, data: DataSummary | null): string[] {
  const said = differences(before.spec, spec);
  return before.data?.digest === data?.digest ? said : [...said, 'data: the images, their classes or their parts are others than before'];
}

/** A paused sweep stays so. One that has ended runs again where there is something to do; one that a person stopped, only for new work. */
function stateAfter({ existing, carrying }: Prospect, change: SweepChange, spec: SweepSpec): SweepRecord['state'] {
  const state = existing?.state ?? 'running';
  if (existing === null || carrying === null || isOpen(state)) return state;
  const left = carrying.fresh.length > 0 || carrying.kept.some((trial) => !isEnded(trial.state) || trial.state === 'cancelled');
  const more = isProposed(spec) && (spec.budget.trials === null || carrying.kept.length + carrying.fresh.length < spec.budget.trials * replicatesOf(spec));
  return isWider(existing, change, spec) && (left || more) ? 'running' : state;
}

/** Whether a change lets what was cancelled go on: more work does, and a larger budget where no person stopped the sweep. */
function isWider({ state, onlyAsked, spec: before }: SweepRecord, change: SweepChange, spec: SweepSpec): boolean {
  return isExtension(change) || (state !== 'stopped' && !onlyAsked && JSON.stringify(before.budget) !== JSON.stringify(spec.budget));
}

function isOpen(state: SweepState): boolean {
  return state === 'running' || state === 'paused';
}

/** `plans`: of the fresh ones, with their paths as far as they go. One that is made anew and yet ends where it did, as it has diverged there, stays as it is. */
function countsOf({ kept, fresh, dropped }: Carrying, plans: readonly TrialPlan[]): NonNullable<Preview['carried']> {
  const former = fresh.flatMap(({ of }, index) => (of === null ? [] : [{ before: pathOf(of), now: plans[index]?.path ?? [] }]));
  const unmoved = former.filter(({ before, now }) => before.length === now.length && before.every((key, epoch) => key === now[epoch])).length;
  return { kept: kept.length + unmoved, goOn: former.length - unmoved, fresh: fresh.length - former.length, dropped: dropped.length };
}
