/** Two objectives against each other, with the trials that none beats in both. */
import type { JSX } from 'preact';
import { Choice } from '../../components/choice.js';
import { attained, type Point } from '../../components/lines.js';
import { Scatter } from '../../components/scatter.js';
import { place, setQuery } from '../../state/location.js';
import { count, metric, whole } from '../../text/format.js';
import { marksOf, measuredDimension, shareOf } from './dimension.js';
import { sampleText, type PlotTrial, type SpacePoints } from './points.js';

/** For sweeps of several objectives. */
export function ParetoFront({ results }: { readonly results: SpacePoints }): JSX.Element {
  const { sweep, trials } = results;
  const goals = [sweep.objective, ...(sweep.objective.others ?? [])];
  const names = goals.map((goal) => goal.metric);
  const { query } = place.value;
  const indexOf = (name: string | null, other: number): number => (name !== null && names.includes(name) ? names.indexOf(name) : other);
  const [across, up] = [indexOf(query.get('pareto.x'), 0), indexOf(query.get('pareto.y'), 1)];
  const shown = trials.filter(({ objectives }) => typeof objectives[across] === 'number' && typeof objectives[up] === 'number');
  const axisOf = (index: number) => measuredDimension(names[index] ?? '', (trial: PlotTrial) => trial.objectives[index] ?? null, shown);
  const [x, y] = [axisOf(across), axisOf(up)];
  const front = shown.filter(({ rank }) => rank === 1);
  const line = attained(front.map((trial): Point => [shareOf(x, trial) ?? 0, shareOf(y, trial) ?? 0]).sort((a, b) => a[0] - b[0]), goals[across]?.direction ?? 'minimize');
  return (
    <Scatter
      title={`Pareto front of ${names[across] ?? ''} and ${names[up] ?? ''}`}
      summary={`${count(front.length, 'trial')} on the front, of ${whole(results.of)}${sampleText(results)}`}
      file={`${sweep.name}-pareto`}
      height={340}
      x={{ label: `${names[across] ?? ''} (${goals[across]?.direction ?? ''})`, marks: marksOf(x) }}
      y={{ label: `${names[up] ?? ''} (${goals[up]?.direction ?? ''})`, marks: marksOf(y) }}
      points={shown.map((trial) => ({ x: shareOf(x, trial) ?? 0, y: shareOf(y, trial) ?? 0, colour: trial.rank === 1 ? 1 : 0, isLarge: trial.rank === 1, words: `Trial #${trial.number}: ${names.map((name, index) => `${name} ${metric(trial.objectives[index])}`).join(', ')}${trial.rank === 1 ? '; on the front' : ''}` }))}
      {...(goals.length === 2 ? { line } : {})}
      table={() => ({ header: ['trial', 'rank', ...names], rows: shown.map((trial) => [trial.number, trial.rank, ...names.map((_, index) => trial.objectives[index] ?? null)]) })}
      tools={
        goals.length > 2 ? (
          <>
            <Choice label="Across" value={names[across] ?? ''} options={names} onChange={(value) => setQuery({ 'pareto.x': value })} />
            <Choice label="Up" value={names[up] ?? ''} options={names} onChange={(value) => setQuery({ 'pareto.y': value })} />
          </>
        ) : (
          <></>
        )
      }
    />
  );
}
