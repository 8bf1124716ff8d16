/** One sweep: how far it is, its trials, and how its best came about. */
import type { JSX } from 'preact';
import { ask } from '../api/client.js';
import type { ProgressView } from '../api/types.js';
import { usePageTitle } from '../components/page-title.js';
import { Panel, Shown } from '../components/panel.js';
import { ProgressBar, StateBadge } from '../components/state-badge.js';
import { remainingMs } from '../state/epoch-rate.js';
import { useResource } from '../state/resource.js';
import { between, count, duration, metric, percent, time, whole } from '../text/format.js';
import type { PageProps } from './routes.js';
import { Leaderboard } from './sweep/leaderboard.js';
import { ObjectiveOverTime } from './sweep/objective-over-time.js';

export function SweepPage({ params }: PageProps): JSX.Element {
  const sweep = params.sweep ?? '';
  usePageTitle(sweep);
  const progress = useResource(`progress ${sweep}`, (signal) => ask('GET /sweeps/:sweep/progress', { at: { sweep }, signal }), { live: true });
  const results = useResource(`results ${sweep}`, (signal) => ask('GET /sweeps/:sweep/trials', { at: { sweep }, query: { test: 0 }, signal }), { live: true });
  return (
    <Shown what="the sweep" of={progress.resource} retry={progress.reload}>
      {(view) => (
        <>
          <div class="page-head">
            <h1 dir="auto">{view.sweep.name.slice(0, 300)}</h1>
            <StateBadge state={view.sweep.state} />
          </div>
          {view.notice !== null && <p class="banner">{view.notice}</p>}
          <Facts view={view} />
          <Panel title="Objective over time">
            <Shown what="the trials" of={results.resource} retry={results.reload}>
              {(found) => <ObjectiveOverTime results={found} />}
            </Shown>
          </Panel>
          <Shown what="the trials" of={results.resource} retry={results.reload}>
            {(found) => <Leaderboard results={found} />}
          </Shown>
        </>
      )}
    </Shown>
  );
}

function Facts({ view }: { readonly view: ProgressView }): JSX.Element {
  const { sweep, trials, epochs, best } = view;
  const share = epochs.total === 0 ? 0 : epochs.recorded / epochs.total;
  const left = sweep.state === 'running' ? remainingMs(sweep.id, epochs) : null;
  return (
    <Panel title="Progress">
      <ProgressBar label={`Epochs: ${percent(share)}`} done={epochs.recorded} total={epochs.total} />
      <dl class="facts spaced">
        <Fact name="Epochs" value={`${whole(epochs.recorded)} of ${whole(epochs.total)}`} more={percent(share)} />
        <Fact name="Trials" value={`${whole(trials.done)} of ${whole(trials.total)} done`} more={[`${whole(trials.running)} running`, `${whole(trials.waiting)} waiting`, ...(trials.failed > 0 ? [`${whole(trials.failed)} failed`] : []), ...(trials.cancelled > 0 ? [`${whole(trials.cancelled)} cancelled`] : [])].join(', ')} />
        <Fact name={`Best ${sweep.objective.metric}`} value={metric(best?.value)} more={best === null ? 'no trial has completed' : `trial #${best.number}`} />
        <Fact name="Time left" value={left === null ? '–' : `about ${duration(Math.max(1_000, left))}`} more={sweep.state === 'running' ? count(view.workers.length, 'worker') : `it is ${sweep.state}`} />
        <Fact name="Started" value={time(sweep.createdAt)} more={sweep.finishedAt === null ? `${between(sweep.createdAt, null)} ago` : `took ${between(sweep.createdAt, sweep.finishedAt)}`} />
      </dl>
    </Panel>
  );
}

function Fact({ name, value, more }: { readonly name: string; readonly value: string; readonly more: string }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {value}
        <span class="small">{more}</span>
      </dd>
    </div>
  );
}
