/**
 * What pages show of a sweep, gathered here so that no page loads all trials: a part of the leaderboard, curves
 * of some trials, points and sums over all of them. Every answer is bounded, and says of how many it is a part.
 */
import { metricValue } from '../../proto/confusion.js';
import type { PlacedTrial, RecordedCurve, SweepCosts, SweepRecord } from '../store/records.js';
import type { Store } from '../store/store.js';
import { boardOf, type Board, type Boards } from './board.js';
import { columnNamed, type TrialColumn } from './columns.js';
import { Costs } from './costs.js';
import { BadRequest, SweepNotFound } from './errors.js';
import type { ColumnView, CurvesView, FailuresView, LeaderboardRow, LeaderboardView, PointsView, SeriesPoint, SeriesView, SpaceView } from './page-views.js';
import { standsAlone } from './results.js';
import { holdsFor, sorted } from './select.js';
import type { TrialResult } from './trial-views.js';

export interface PagesOptions {
  readonly store: Store;
  readonly boards: Boards;
  readonly project: string;
}

export interface LeaderboardQuery {
  readonly filter?: string | undefined;
  readonly sort?: string | undefined;
  readonly columns?: string | undefined;
  /** Whether columns may be those of the answer's trials alone, where the others would have to be read for them. */
  readonly quick: boolean;
  readonly offset: number;
  readonly limit: number;
}

/** So many columns are shown where none were asked for. */
const USUAL_METRICS = 8;
const NUMBERS_PER_GROUP = 100;
const MOST_DERIVED = 200;
const NO_CURVE: RecordedCurve = { values: [], seconds: [] };

export class Pages {
  readonly #options: PagesOptions;
  readonly #costs: Costs;

  constructor(options: PagesOptions) {
    this.#options = options;
    this.#costs = new Costs(options.store);
  }

  /** Of all sweeps, in the order in which they were made. */
  async costs(): Promise<readonly SweepCosts[]> {
    return this.#costs.of(await this.#options.store.listSweeps(this.#options.project));
  }

  /** Throws SweepNotFound; BadRequest for a formula that cannot be read or names no column. */
  async leaderboard(idOrName: string, query: LeaderboardQuery): Promise<LeaderboardView> {
    const record = await this.#find(idOrName);
    const quickly = query.quick && !this.#options.boards.knows(record) ? await this.#part(record, query) : null;
    if (quickly !== null) return quickly;
    const { filter, sort, columns, offset, limit } = query;
    const board = await this.#options.boards.of(record);
    const shown = columns === undefined ? usualColumns(board) : columns.split(',').map((name) => columnNamed(name.trim(), board, board.columns, 'columns'));
    const kept = chosen(board, filter);
    const ordered = sort === undefined ? kept : sorted(kept, board, comparable(board, 'sort'), sort, 'sort');
    return {
      ...{ columns: shown.map(columnView), available: board.columns.map(columnView), total: board.trials.length, matching: kept.length, offset, partial: false },
      trials: await this.#leaderboardRows(record, ordered.slice(offset, offset + limit), shown, placeOf(board, 0)),
    };
  }

  /** Read by itself, without the trials before and after it. Null where that cannot be. */
  async #part(record: SweepRecord, { filter, sort, columns, offset, limit }: LeaderboardQuery): Promise<LeaderboardView | null> {
    if (filter !== undefined || sort !== undefined || columns !== undefined || !standsAlone(record)) return null;
    const part = await this.#options.store.leaderboardPart(record.id, offset, limit);
    if (part === null) return null;
    const board = await boardOf(record, part.rows, null);
    const shown = usualColumns(board);
    return {
      ...{ columns: shown.map(columnView), available: board.columns.map(columnView), total: part.total, matching: part.total, offset, partial: true },
      trials: await this.#leaderboardRows(record, board.trials, shown, placeOf(board, offset)),
    };
  }

  /** Means over epochs are read for what is shown alone. */
  async #leaderboardRows(record: SweepRecord, page: readonly TrialResult[], shown: readonly TrialColumn[], place: (trial: TrialResult) => number | null): Promise<LeaderboardRow[]> {
    const means = await this.#options.store.trialMeans(record.id, page.map(({ id }) => id));
    return page.map((bare) => {
      const mean = means.get(bare.id);
      const trial = mean === undefined ? bare : { ...bare, ...mean };
      const { id, number, state, failure } = trial;
      return { id, number, state, place: place(bare), failure, values: shown.map((column) => column.value(trial)) };
    });
  }

  async series(idOrName: string, points: number): Promise<SeriesView> {
    const record = await this.#find(idOrName);
    const { metric, direction } = record.spec.objective;
    const stored = await this.#options.store.objectiveSeries(record.id, points);
    if (stored !== null) {
      const moments = stored.moments.map(({ id, number, at, minimised: value, isPoint, isBest, goesOn }) => ({ isPoint, isBest, point: { number, id, at: at.toISOString(), value: direction === 'maximize' ? -value : value, goesOn } }));
      return { metric, direction, of: stored.of, points: moments.flatMap(({ isPoint, point }) => (isPoint ? [point] : [])), best: moments.flatMap(({ isBest, point }) => (isBest ? [point] : [])) };
    }
    const { trials, rows } = await this.#options.boards.of(record);
    const ended = trials
      .flatMap(({ id, number, state, objective, shortfall }) => {
        const at = rows.get(id)?.updatedAt;
        return state !== 'completed' || objective === null || at === undefined ? [] : [{ id, number, at, value: objective, keeps: (shortfall ?? 1) <= 0 }];
      })
      .sort((a, b) => a.at.getTime() - b.at.getTime() || a.number - b.number);
    const view = ({ id, number, at, value }: (typeof ended)[number]): SeriesPoint => ({ number, id, at: at.toISOString(), value, goesOn: null });
    let so = direction === 'maximize' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    const best = ended.filter(({ value, keeps }) => {
      const isBetter = keeps && (direction === 'maximize' ? value > so : value < so);
      if (isBetter) so = value;
      return isBetter;
    });
    return { metric, direction, of: ended.length, points: evenly(ended, points).map(view), best: best.map(view) };
  }

  /** `trials`: numbers; else the best ones for which the filter holds. Throws BadRequest. */
  async curves(idOrName: string, { metric, trials, filter, limit }: { readonly metric?: string | undefined; readonly trials?: string | undefined; readonly filter?: string | undefined; readonly limit: number }): Promise<CurvesView> {
    const record = await this.#find(idOrName);
    const wanted = metric ?? record.spec.objective.metric;
    const { of, drawn } = await this.#drawn(record, trials, filter, limit);
    const curves = await this.#curvesOf(record, drawn, wanted);
    return { metric: wanted, of, curves: drawn.flatMap(({ id, number, state }) => (curves.get(id) === undefined ? [] : [{ number, id, state, ...(curves.get(id) ?? NO_CURVE) }])) };
  }

  /** Those whose curves are drawn, the best first; the best of all without the others, where nothing else of the sweep has been read. */
  async #drawn(record: SweepRecord, trials: string | undefined, filter: string | undefined, limit: number): Promise<{ readonly of: number; readonly drawn: readonly PlacedTrial[] }> {
    const numbers = trials === undefined ? null : new Set(trials.split(',').map((text) => numberIn(text, 'trials')));
    const part = numbers === null && filter === undefined && standsAlone(record) && !this.#options.boards.knows(record) ? await this.#options.store.leadingTrials(record.id, limit) : null;
    if (part !== null) return { of: part.total, drawn: part.trials };
    const board = await this.#options.boards.of(record);
    const kept = numbers === null ? chosen(board, filter) : board.trials.filter(({ number }) => numbers.has(number));
    return { of: kept.length, drawn: kept.slice(0, limit) };
  }

  /** By trial; of a metric that is read off confusion matrices or ROC curves only for so many, whose results must be read whole. */
  async #curvesOf({ data }: SweepRecord, trials: readonly PlacedTrial[], metric: string): Promise<ReadonlyMap<string, RecordedCurve>> {
    const { store } = this.#options;
    const ids = trials.map(({ id }) => id);
    const reported = await store.curvesOf(ids, metric);
    if (data === null || [...reported.values()].some(({ values }) => values.some((value) => value !== null))) return reported;
    const results = await store.resultsOf(ids.slice(0, MOST_DERIVED));
    return new Map([...results].map(([id, epochs]) => [id, { values: epochs.map(({ result }) => metricValue(metric, result, data.classes, data.positive)), seconds: epochs.map(({ seconds }) => seconds) }]));
  }

  /** Of the named columns, or of the hyperparameters that differ and the objectives. */
  async points(idOrName: string, { filter, columns, limit }: { readonly filter?: string | undefined; readonly columns?: string | undefined; readonly limit: number }): Promise<PointsView> {
    const board = await this.#board(idOrName);
    const shown = columns === undefined ? [...settingColumns(board), ...goalColumns(board)] : columns.split(',').map((name) => columnNamed(name.trim(), board, comparable(board, 'columns'), 'columns'));
    const kept = chosen(board, filter).filter((trial) => trial.objective !== null);
    return { columns: shown.map(columnView), of: kept.length, trials: evenly(kept, limit).map((trial) => ({ number: trial.number, id: trial.id, state: trial.state, rank: trial.rank, values: shown.map((column) => column.value(trial)) })) };
  }

  /** Completed trials over all objectives, the Pareto front whole. */
  async pareto(idOrName: string, limit: number): Promise<PointsView> {
    const board = await this.#board(idOrName);
    const shown = goalColumns(board);
    if (shown.length < 2) throw new BadRequest(`${board.sweep.name} has one objective, expected two or more (objective: [...] in the sweep file); its leaderboard tells the best`);
    const kept = board.trials.filter(({ state, objectives }) => state === 'completed' && objectives.every((value) => value !== null));
    const front = kept.filter(({ rank }) => rank === 1);
    const others = evenly(kept.filter(({ rank }) => rank !== 1), Math.max(0, limit - front.length));
    return { columns: shown.map(columnView), of: kept.length, trials: [...front, ...others].map((trial) => ({ number: trial.number, id: trial.id, state: trial.state, rank: trial.rank, values: shown.map((column) => column.value(trial)) })) };
  }

  async failures(idOrName: string): Promise<FailuresView> {
    const { store } = this.#options;
    const found = await store.failuresOf((await this.#find(idOrName)).id, NUMBERS_PER_GROUP);
    return { groups: await Promise.all(found.map(async ({ class: name, count, id, message, numbers }) => ({ class: name, count, example: { trial: id, number: numbers[0], message }, log: await store.lastLog(id), numbers }))) };
  }

  async space(idOrName: string): Promise<SpaceView> {
    const { record, trials } = await this.#board(idOrName);
    const [best] = trials;
    return {
      axes: record.spec.axes.filter(({ when }) => when === undefined).map(({ name, values, range = null }) => ({ name, values, range })),
      best: best?.state === 'completed' ? { number: best.number, settings: best.settings } : null,
    };
  }

  async #find(idOrName: string): Promise<SweepRecord> {
    const sweep = await this.#options.store.findSweep(this.#options.project, idOrName);
    if (sweep === null) throw new SweepNotFound(idOrName);
    return sweep;
  }

  async #board(idOrName: string): Promise<Board> {
    return this.#options.boards.of(await this.#find(idOrName));
  }
}

/** What trials are compared by, where what an option names is refused if it is read for the trials in sight alone. */
function comparable({ columns }: Board, option: string): readonly TrialColumn[] {
  const refused = (): never => {
    throw new BadRequest(`${option}: found secondsPerEpoch, which is read for the trials in sight alone; trawl trials has it of all`);
  };
  return columns.map((column) => (column.name === 'secondsPerEpoch' ? { ...column, value: refused } : column));
}

/** Throws BadRequest. */
function chosen(board: Board, filter: string | undefined): readonly TrialResult[] {
  return filter === undefined || filter.trim() === '' ? board.trials : board.trials.filter(holdsFor(board, comparable(board, 'filter'), filter, 'filter'));
}

function columnView({ name, best, measured = false }: TrialColumn): ColumnView {
  return { name, best, measured };
}

/** Completed trials stand first. */
function placeOf({ trials }: Board, offset: number): (trial: TrialResult) => number | null {
  const places = new Map(trials.filter(({ state }) => state === 'completed').map(({ id }, index) => [id, offset + index + 1]));
  return ({ id }) => places.get(id) ?? null;
}

/** Objective, the hyperparameters that differ, epochs, and what was measured. */
function usualColumns(board: Board): TrialColumn[] {
  const fixed = board.columns.filter(({ name }) => ['objective', 'mean', 'spread', 'rank', 'epochs'].includes(name));
  const measured = board.columns.filter(({ name, measured: is = false }) => is && name !== 'objective');
  return [...fixed, ...settingColumns(board), ...measured.slice(0, USUAL_METRICS)];
}

/** Hyperparameters that are not the same in every trial. */
function settingColumns({ columns, trials }: Board): TrialColumn[] {
  return columns.filter(({ name, value }) => {
    if (!name.startsWith('settings.')) return false;
    const [first, ...others] = trials;
    const one = first === undefined ? '' : JSON.stringify(value(first));
    return others.some((trial) => JSON.stringify(value(trial)) !== one);
  });
}

function goalColumns({ columns, sweep: { objective } }: Board): TrialColumn[] {
  const names = objective.others === undefined ? ['objective'] : [objective, ...objective.others].map(({ metric }) => metric);
  return names.flatMap((wanted) => columns.find(({ name }) => name === wanted) ?? []);
}

/** At most so many, the first and the last among them. */
function evenly<Item>(items: readonly Item[], most: number): readonly Item[] {
  if (items.length <= most) return items;
  if (most < 1) return [];
  return Array.from({ length: most }, (_, index) => items[most === 1 ? 0 : Math.round((index * (items.length - 1)) / (most - 1))] as Item);
}

function numberIn(text: string, field: string): number {
  const number = Number(text.trim());
  if (!Number.isInteger(number) || text.trim() === '') throw new BadRequest(`${field}: found ${JSON.stringify(text.slice(0, 40))}, expected numbers of trials with commas between, such as 0,3,17`);
  return number;
}

