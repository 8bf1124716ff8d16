/** Numbers of the test part, which stay out of sight until somebody wants them. */
import type { JSX } from 'preact';
import { ask } from '../../api/client.js';
import type { PartMetrics, TrialDetail } from '../../api/types.js';
import { ConfusionMatrix } from '../../components/confusion.js';
import { Empty, Panel, Shown } from '../../components/panel.js';
import { place, setQuery } from '../../state/location.js';
import { useResource } from '../../state/resource.js';
import { metric } from '../../text/format.js';

export function TestNumbers({ detail }: { readonly detail: TrialDetail }): JSX.Element {
  const isShown = place.value.query.get('test') === '1';
  return (
    <Panel title="Test">
      {isShown ? (
        <WantedNumbers detail={detail} />
      ) : (
        <div class="stack">
          <p class="muted">Who chooses a trial by its test numbers has no unseen images left to say how good the choice is. Look at them once, when the choice is made.</p>
          <p>
            <button type="button" onClick={() => setQuery({ test: '1' })}>
              Show the test numbers
            </button>
          </p>
        </div>
      )}
    </Panel>
  );
}

function WantedNumbers({ detail: { sweep, trial } }: { readonly detail: TrialDetail }): JSX.Element {
  const { resource, reload } = useResource(`test ${trial.id} ${trial.bestEpoch ?? ''}`, (signal) => ask('GET /trials/:trial', { at: { trial: trial.id }, query: { test: 1 }, signal }));
  return (
    <Shown what="the test numbers" of={resource} retry={reload}>
      {(detail) => (detail.trial.test === null ? <Empty>There is no test part, or it was not measured.</Empty> : <Numbers test={detail.trial.test} classes={sweep.data?.classes ?? []} />)}
    </Shown>
  );
}

function Numbers({ test, classes }: { readonly test: PartMetrics; readonly classes: readonly string[] }): JSX.Element {
  return (
    <div class="stack">
      <dl class="facts">
        {([['Accuracy', test.accuracy], ['AUC', test.auc], ['F1', test.f1], ['Loss', test.loss]] as const).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{metric(value)}</dd>
          </div>
        ))}
      </dl>
      {test.confusion !== null && <ConfusionMatrix caption="Confusion on test" classes={classes} confusion={test.confusion} />}
    </div>
  );
}
