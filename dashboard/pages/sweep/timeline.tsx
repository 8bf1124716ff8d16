/** What each slot of each worker did for the sweep, and when. */
import type { JSX } from 'preact';
import { ask } from '../../api/client.js';
import type { SweepView } from '../../api/types.js';
import { Empty, Shown } from '../../components/panel.js';
import { SlotChart } from '../../components/slot-chart.js';
import { useResource } from '../../state/resource.js';

export function Timeline({ sweep }: { readonly sweep: SweepView }): JSX.Element {
  const { resource, reload } = useResource(`timeline ${sweep.id}`, (signal) => ask('GET /sweeps/:sweep/timeline', { at: { sweep: sweep.id }, query: { limit: 2_000 }, signal }), { live: sweep.id });
  return (
    <Shown what="the timeline" of={resource} retry={reload}>
      {(timeline) => (timeline.attempts.length === 0 ? <Empty>No worker has begun anything of it yet.</Empty> : <SlotChart title="Timeline of slots" timeline={timeline} axis="passed" file={`${sweep.name}-timeline`} />)}
    </Shown>
  );
}
