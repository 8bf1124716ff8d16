/** What the trial's chosen epoch says of the validation images: confusion, thresholds, and the images themselves. */
import type { JSX } from 'preact';
import { ask } from '../../api/client.js';
import type { TrialDetail } from '../../api/types.js';
import { ConfusionPanel } from '../../components/confusion.js';
import { Panel, Shown } from '../../components/panel.js';
import { useResource } from '../../state/resource.js';
import { Gallery } from './gallery.js';
import { Thresholds } from './thresholds.js';

export function Predictions({ detail }: { readonly detail: TrialDetail }): JSX.Element {
  const { sweep, trial } = detail;
  const { resource, reload } = useResource(`predictions ${trial.id} ${trial.bestEpoch ?? ''}`, (signal) => ask('GET /trials/:trial/predictions', { at: { trial: trial.id }, query: { part: 'val' }, signal }));
  const { value } = resource;
  const confusion = trial.val?.confusion ?? null;
  const file = `${sweep.name}-trial-${trial.number}`;
  return (
    <>
      <div class="grid">
        {confusion !== null && <ConfusionPanel title="Confusion on validation" classes={sweep.data?.classes ?? []} confusion={confusion} file={`${file}-confusion`} />}
        {value.state === 'ready' ? (
          <Thresholds predictions={value.value} file={file} />
        ) : (
          <Panel title="Predictions">
            <Shown what="the predictions" of={resource} retry={reload}>
              {() => null}
            </Shown>
          </Panel>
        )}
      </div>
      {value.state === 'ready' && <Gallery detail={detail} predictions={value.value} />}
    </>
  );
}
