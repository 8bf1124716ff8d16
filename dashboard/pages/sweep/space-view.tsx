/** What the trials say of the space. */
import type { JSX } from 'preact';
import { ask } from '../../api/client.js';
import type { SweepView } from '../../api/types.js';
import { Panel, Shown } from '../../components/panel.js';
import { useResource } from '../../state/resource.js';
import { HeatMap } from './heat-map.js';
import { Importance } from './importance.js';
import { ParallelCoordinates } from './parallel-coordinates.js';
import { ParetoFront } from './pareto-front.js';
import { MOST_POINTS, pointsOf, type SpacePoints } from './points.js';
import { Slices } from './slices.js';

export function SpaceView({ sweep }: { readonly sweep: SweepView }): JSX.Element {
  const asked = (signal: AbortSignal) => ({ at: { sweep: sweep.id }, query: { limit: MOST_POINTS }, signal });
  const points = useResource(`points ${sweep.id}`, async (signal) => pointsOf(sweep, await ask('GET /sweeps/:sweep/points', asked(signal))), { live: sweep.id });
  const panel = (title: string, show: (found: SpacePoints) => JSX.Element): JSX.Element => (
    <Panel title={title}>
      <Shown what="the trials" of={points.resource} retry={points.reload}>
        {show}
      </Shown>
    </Panel>
  );
  return (
    <>
      {(sweep.objective.others?.length ?? 0) > 0 && <Pareto sweep={sweep} />}
      {panel('Parallel coordinates', (found) => <ParallelCoordinates results={found} />)}
      <div class="grid">
        <Panel title="Importance">
          <Importance sweep={sweep.id} />
        </Panel>
        {panel('Heat map', (found) => <HeatMap results={found} />)}
      </div>
      {panel('Slices', (found) => <Slices results={found} />)}
    </>
  );
}

/** From an answer of its own, which holds the front whole. */
function Pareto({ sweep }: { readonly sweep: SweepView }): JSX.Element {
  const { resource, reload } = useResource(`pareto ${sweep.id}`, async (signal) => pointsOf(sweep, await ask('GET /sweeps/:sweep/pareto', { at: { sweep: sweep.id }, query: { limit: MOST_POINTS }, signal })), { live: sweep.id });
  return (
    <Panel title="Pareto front">
      <Shown what="the trials" of={resource} retry={reload}>
        {(found) => <ParetoFront results={found} />}
      </Shown>
    </Panel>
  );
}
