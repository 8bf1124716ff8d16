/** Trials as points over hyperparameters and objectives: what the views of the space draw, a sample where there are many. */
import type { Answers, Json, SweepView } from '../../api/types.js';

export interface PlotTrial {
  readonly id: string;
  readonly number: number;
  /** Of those that differ between trials. */
  readonly settings: { readonly [name: string]: Json };
  readonly objective: number | null;
  /** The first one's value first. */
  readonly objectives: readonly (number | null)[];
  /** 1 on the Pareto front; null for one objective. */
  readonly rank: number | null;
}

export interface SpacePoints {
  readonly sweep: SweepView;
  /** Best first. */
  readonly trials: readonly PlotTrial[];
  /** Of how many they are a part. */
  readonly of: number;
}

/** As many as are told apart, and as an answer may have. */
export const MOST_POINTS = 2_000;

const SETTING = 'settings.';

export function pointsOf(sweep: SweepView, { columns, trials, of }: Answers['GET /sweeps/:sweep/points']): SpacePoints {
  const goals = [sweep.objective, ...(sweep.objective.others ?? [])];
  const places = goals.map(({ metric }, index) => columns.findIndex(({ name }) => name === metric || (index === 0 && name === 'objective')));
  const settings = columns.flatMap(({ name }, index) => (name.startsWith(SETTING) ? [{ name: name.slice(SETTING.length), index }] : []));
  return {
    sweep,
    of,
    trials: trials.map(({ id, number, rank, values }) => {
      const objectives = places.map((place) => numberOrNull(values[place]));
      return { id, number, rank, objectives, objective: objectives[0] ?? null, settings: Object.fromEntries(settings.map(({ name, index }) => [name, values[index] ?? null])) };
    }),
  };
}

function numberOrNull(value: Json | undefined): number | null {
  return typeof value === 'number' ? value : null;
}

/** For the end of a summary: what is not drawn. */
export function sampleText({ trials, of }: Pick<SpacePoints, 'trials' | 'of'>): string {
  return trials.length < of ? `; a sample of ${trials.length.toLocaleString('en-US')} of ${of.toLocaleString('en-US')} is drawn` : '';
}
