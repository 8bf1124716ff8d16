/** The objective against each hyperparameter by itself. */
import type { JSX } from 'preact';
import { Empty } from '../../components/panel.js';
import { Scatter } from '../../components/scatter.js';
import { count, metric, setting } from '../../text/format.js';
import { dimensionsOf, marksOf, measuredDimension, shareOf } from './dimension.js';
import { sampleText, type SpacePoints } from './points.js';

export function Slices({ results }: { readonly results: SpacePoints }): JSX.Element {
  const { sweep } = results;
  const shown = results.trials.filter(({ objective }) => objective !== null);
  const axes = dimensionsOf(shown);
  if (axes.length === 0) return <Empty>No hyperparameter differs between trials that have a value yet.</Empty>;
  const name = sweep.objective.metric;
  const values = measuredDimension(name, ({ objective }) => objective, shown);
  return (
    <div class="grid">
      {axes.map((axis) => (
        <Scatter
          key={axis.name}
          title={`${name} by ${axis.name}`}
          summary={`${axis.name}: ${count(shown.length, 'trial')}${sampleText(results)}`}
          file={`${sweep.name}-${axis.name}`}
          x={{ label: axis.log ? `${axis.name} (log)` : axis.name, marks: marksOf(axis) }}
          y={{ label: values.log ? `${name} (log)` : name, marks: marksOf(values) }}
          points={shown.flatMap((trial) => {
            const [x, y] = [shareOf(axis, trial), shareOf(values, trial)];
            return x === null || y === null ? [] : [{ x, y, colour: 0, words: `Trial #${trial.number}: ${axis.name} ${setting(axis.of(trial))}, ${name} ${metric(trial.objective)}` }];
          })}
          table={() => ({ header: ['trial', axis.name, name], rows: shown.map((trial) => [trial.number, setting(axis.of(trial)), trial.objective]) })}
        />
      ))}
    </div>
  );
}
