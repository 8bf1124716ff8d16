/** One sweep: how far it is, its trials, what they say of its space, what failed, and what is done to it. */
import { useSignal, type ReadonlySignal } from '@preact/signals';
import type { JSX } from 'preact';
import { ask, segment } from '../api/client.js';
import type { ProgressView, Results } from '../api/types.js';
import { Fact } from '../components/fact.js';
import { usePageTitle } from '../components/page-title.js';
import { Panel, Shown } from '../components/panel.js';
import { ProgressBar, StateBadge } from '../components/state-badge.js';
import { remainingMs } from '../state/epoch-rate.js';
import { hrefWith, place } from '../state/location.js';
import { useResource, type Resource } from '../state/resource.js';
import { between, count, duration, metric, percent, time, whole } from '../text/format.js';
import type { PageProps } from './page.js';
import { EventLog } from './sweep/event-log.js';
import { Failures } from './sweep/failures.js';
import { HeatMap } from './sweep/heat-map.js';
import { Importance } from './sweep/importance.js';
import { Leaderboard } from './sweep/leaderboard.js';
import { LearningCurves } from './sweep/learning-curves.js';
import { ObjectiveOverTime } from './sweep/objective-over-time.js';
import { ParallelCoordinates } from './sweep/parallel-coordinates.js';
import { ParetoFront } from './sweep/pareto-front.js';
import { Slices } from './sweep/slices.js';
import { Steering } from './sweep/steering.js';

const VIEWS = [
  ['overview', 'Overview'],
  ['curves', 'Curves'],
  ['space', 'Space'],
  ['failures', 'Failures'],
  ['log', 'Log'],
] as const;

type View = (typeof VIEWS)[number][0];

export function SweepPage({ params }: PageProps): JSX.Element {
  const sweep = params.sweep ?? '';
  usePageTitle(sweep);
  // By its id once that is known: events name no sweep otherwise.
  const id = useSignal<string | null>(null);
  const progress = useResource(`progress ${sweep}`, async (signal) => {
    const found = await ask('GET /sweeps/:sweep/progress', { at: { sweep }, signal });
    id.value = found.sweep.id;
    return found;
  }, { live: id.value });
  const results = useResource(`results ${sweep}`, (signal) => ask('GET /sweeps/:sweep/trials', { at: { sweep }, query: { test: 0 }, signal }), { live: id.value });
  const asked = place.value.query.get('view');
  const view = VIEWS.find(([name]) => name === asked)?.[0] ?? 'overview';
  return (
    <Shown what="the sweep" of={progress.resource} retry={progress.reload}>
      {(found) => (
        <>
          <div class="page-head">
            <h1 dir="auto">{found.sweep.name.slice(0, 300)}</h1>
            <StateBadge state={found.sweep.state} />
            {found.sweep.data !== null && (
              <a class="button" href={`/sweeps/${segment(found.sweep.name)}/ensemble`}>
                Ensemble
              </a>
            )}
            <Steering sweep={found.sweep} results={results.resource.value.state === 'ready' ? results.resource.value.value : null} />
          </div>
          {found.notice !== null && <p class="banner">{found.notice}</p>}
          <nav class="tabs" aria-label="Views of the sweep">
            {VIEWS.map(([name, label]) => (
              <a key={name} href={hrefWith({ view: name === 'overview' ? null : name })} {...(name === view ? { 'aria-current': 'page' as const } : {})}>
                {label}
                {name === 'failures' && found.trials.failed > 0 ? ` (${whole(found.trials.failed)})` : ''}
              </a>
            ))}
          </nav>
          <CurrentView view={view} progress={found} results={results.resource} retry={results.reload} />
        </>
      )}
    </Shown>
  );
}

interface CurrentViewProps {
  readonly view: View;
  readonly progress: ProgressView;
  readonly results: ReadonlySignal<Resource<Results>>;
  readonly retry: () => void;
}

function CurrentView({ view, progress, results, retry }: CurrentViewProps): JSX.Element {
  const shown = (show: (found: Results) => JSX.Element): JSX.Element => (
    <Shown what="the trials" of={results} retry={retry}>
      {show}
    </Shown>
  );
  const panel = (title: string, show: (found: Results) => JSX.Element): JSX.Element => <Panel title={title}>{shown(show)}</Panel>;
  switch (view) {
    case 'overview':
      return (
        <>
          <Facts view={progress} />
          {panel('Objective over time', (found) => <ObjectiveOverTime results={found} />)}
          {shown((found) => <Leaderboard results={found} />)}
        </>
      );
    case 'curves':
      return panel('Learning curves', (found) => <LearningCurves results={found} />);
    case 'log':
      return <EventLog sweep={progress.sweep} />;
    case 'space':
      return (
        <>
          {(progress.sweep.objective.others?.length ?? 0) > 0 && panel('Pareto front', (found) => <ParetoFront results={found} />)}
          {panel('Parallel coordinates', (found) => <ParallelCoordinates results={found} />)}
          <div class="grid">
            <Panel title="Importance">
              <Importance sweep={progress.sweep.id} ended={progress.trials.done} />
            </Panel>
            {panel('Heat map', (found) => <HeatMap results={found} />)}
          </div>
          {panel('Slices', (found) => <Slices results={found} />)}
        </>
      );
    case 'failures':
      return panel('Failures', (found) => <Failures results={found} />);
  }
}

function Facts({ view }: { readonly view: ProgressView }): JSX.Element {
  const { sweep, trials, epochs, best } = view;
  const share = epochs.total === 0 ? 0 : epochs.recorded / epochs.total;
  const left = sweep.state === 'running' ? remainingMs(sweep.id, epochs) : null;
  const counts = [`${whole(trials.running)} running`, `${whole(trials.waiting)} waiting`, ...(trials.failed > 0 ? [`${whole(trials.failed)} failed`] : []), ...(trials.cancelled > 0 ? [`${whole(trials.cancelled)} cancelled`] : [])];
  return (
    <Panel title="Progress">
      <ProgressBar label={`Epochs: ${percent(share)}`} done={epochs.recorded} total={epochs.total} />
      <dl class="facts spaced">
        <Fact name="Epochs" value={`${whole(epochs.recorded)} of ${whole(epochs.total)}`} more={percent(share)} />
        <Fact name="Trials" value={`${whole(trials.done)} of ${whole(trials.total)} done`} more={counts.join(', ')} />
        <Fact name={`Best ${sweep.objective.metric}`} value={metric(best?.value)} more={best === null ? 'no trial has completed' : `trial #${best.number}`} />
        <Fact name="Time left" value={left === null ? '–' : `about ${duration(Math.max(1_000, left))}`} more={sweep.state === 'running' ? count(view.workers.length, 'worker') : `it is ${sweep.state}`} />
        <Fact name="Started" value={time(sweep.createdAt)} more={sweep.finishedAt === null ? `${between(sweep.createdAt, null)} ago` : `took ${between(sweep.createdAt, sweep.finishedAt)}`} />
      </dl>
    </Panel>
  );
}
