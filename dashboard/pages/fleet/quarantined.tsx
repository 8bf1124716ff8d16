/** Boxes that are given nothing for a while since what they were given failed. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { maySteer } from '../../api/session.js';
import { Panel } from '../../components/panel.js';
import { clock, count, duration, shortened } from '../../text/format.js';
import { WorkerDialog, type WorkerDeed } from './worker-dialog.js';
import { MAY_NOT, type WorkersProps } from './workers.js';

export function Quarantined({ workers, changed }: WorkersProps): JSX.Element | null {
  const deed = useSignal<WorkerDeed | null>(null);
  const found = workers.filter(({ quarantinedForSeconds }) => quarantinedForSeconds !== null);
  if (found.length === 0) return null;
  return (
    <Panel title={`${count(found.length, 'box', 'boxes')} in quarantine`}>
      <ul class="findings">
        {found.map((worker) => {
          const leftMs = (worker.quarantinedForSeconds ?? 0) * 1_000;
          return (
            <li key={worker.id} class="finding-row">
              <div>
                <strong dir="auto" title={worker.name.slice(0, 1_000)}>
                  {shortened(worker.name)}
                </strong>{' '}
                is tried again at {clock(new Date(Date.now() + leftMs))}, in {duration(leftMs)}.
                <div class="small muted" dir="auto">
                  {worker.quarantinedWhy === null ? 'It was in quarantine before it came back.' : `Three stages in a row failed there, the last with ${worker.quarantinedWhy.slice(0, 1_000)}`}
                </div>
              </div>
              <button type="button" disabled={!maySteer()} title={maySteer() ? '' : MAY_NOT} onClick={() => (deed.value = { kind: 'release', worker })}>
                Release…
              </button>
            </li>
          );
        })}
      </ul>
      {deed.value !== null && <WorkerDialog deed={deed.value} changed={changed} onClose={() => (deed.value = null)} />}
    </Panel>
  );
}
