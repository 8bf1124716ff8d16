/** One sweep: how far it is, its trials, what they say of its space, what failed, and what is done to it. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { ask, segment } from '../api/client.js';
import type { ProgressView, SweepView } from '../api/types.js';
import { Fact } from '../components/fact.js';
import { usePageTitle } from '../components/page-title.js';
import { Panel, Shown } from '../components/panel.js';
import { ProgressBar, StateBadge } from '../components/state-badge.js';
import { remainingMs } from '../state/epoch-rate.js';
import { place } from '../state/location.js';
import { useResource, type UsedResource } from '../state/resource.js';
import { between, count, duration, metric, percent, time, whole } from '../text/format.js';
import type { PageProps } from './page.js';
import { EventLog } from './sweep/event-log.js';
import { Failures } from './sweep/failures.js';
import { Leaderboard } from './sweep/leaderboard.js';
import { LearningCurves } from './sweep/learning-curves.js';
import { NotesView } from './sweep/notes-view.js';
import { ObjectiveOverTime } from './sweep/objective-over-time.js';
import { MOST_POINTS } from './sweep/points.js';
import { SpaceView } from './sweep/space-view.js';
import { StageTree } from './sweep/stage-tree.js';
import { Steering } from './sweep/steering.js';
import { Timeline } from './sweep/timeline.js';
import { afterText, doneText, otherEnds } from '../text/trial-counts.js';

const VIEWS = [
  ['overview', 'Overview'],
  ['curves', 'Curves'],
  ['space', 'Space'],
  ['stages', 'Stages'],
  ['slots', 'Slots'],
  ['failures', 'Failures'],
  ['notes', 'Notes'],
  ['log', 'Log'],
] as const;

type View = (typeof VIEWS)[number][0];

export function SweepPage({ params }: PageProps): JSX.Element {
  const sweep = params.sweep ?? '';
  usePageTitle(sweep);
  // By its id once that is known: events name no sweep otherwise.
  const id = useSignal<string | null>(null);
  const { resource, reload } = useResource(`sweep ${sweep}`, async (signal) => {
    const found = await ask('GET /sweeps/:sweep', { at: { sweep }, signal });
    id.value = found.id;
    return found;
  }, { live: id.value });
  // Apart: to count the epochs of 100,000 trials takes longer than to show the best of them.
  const progress = useResource(`progress ${sweep}`, (signal) => ask('GET /sweeps/:sweep/progress', { at: { sweep }, signal }), { live: id.value });
  const read = progress.resource.value;
  const [notice, failures] = read.state === 'ready' ? [read.value.notice, read.value.trials.failed + read.value.trials.infeasible] : [null, 0];
  const asked = place.value.query.get('view');
  const view = VIEWS.find(([name]) => name === asked)?.[0] ?? 'overview';
  return (
    <Shown what="the sweep" of={resource} retry={reload}>
      {(found) => (
        <>
          <div class="page-head">
            <h1 dir="auto">{found.name.slice(0, 300)}</h1>
            <StateBadge state={found.state} />
            {found.data !== null && (
              <a class="button" href={`/sweeps/${segment(found.name)}/ensemble`}>
                Ensemble
              </a>
            )}
            <Steering sweep={found} />
          </div>
          {notice !== null && <p class="banner">{notice}</p>}
          <nav class="tabs" aria-label="Views of the sweep">
            {VIEWS.map(([name, label]) => (
              <a key={name} href={`/sweeps/${segment(sweep)}${name === 'overview' ? '' : `?view=${name}`}`} {...(name === view ? { 'aria-current': 'page' as const } : {})}>
                {label}
                {name === 'failures' && failures > 0 ? ` (${whole(failures)})` : ''}
              </a>
            ))}
          </nav>
          <CurrentView view={view} sweep={found} progress={progress} />
        </>
      )}
    </Shown>
  );
}

function CurrentView({ view, sweep, progress: { resource, reload } }: { readonly view: View; readonly sweep: SweepView; readonly progress: UsedResource<ProgressView> }): JSX.Element {
  switch (view) {
    case 'overview':
      return (
        <>
          <Panel title="Progress">
            <Shown what="the progress" of={resource} retry={reload}>
              {(progress) => <Facts view={progress} />}
            </Shown>
          </Panel>
          <Panel title="Objective over time">
            <Series sweep={sweep} />
          </Panel>
          <Leaderboard sweep={sweep} />
        </>
      );
    case 'curves':
      return (
        <Panel title="Learning curves">
          <LearningCurves sweep={sweep} />
        </Panel>
      );
    case 'space':
      return <SpaceView sweep={sweep} />;
    case 'stages':
      return <StageTree sweep={sweep} />;
    case 'slots':
      return (
        <Panel title="Slots over time">
          <Timeline sweep={sweep} />
        </Panel>
      );
    case 'failures':
      return (
        <Panel title="Failures">
          <Failures sweep={sweep} />
        </Panel>
      );
    case 'notes':
      return <NotesView sweep={sweep} />;
    case 'log':
      return <EventLog sweep={sweep} />;
  }
}

function Series({ sweep }: { readonly sweep: SweepView }): JSX.Element {
  const { resource, reload } = useResource(`series ${sweep.id}`, (signal) => ask('GET /sweeps/:sweep/series', { at: { sweep: sweep.id }, query: { points: MOST_POINTS }, signal }), { live: sweep.id });
  return (
    <Shown what="the trials" of={resource} retry={reload}>
      {(series) => <ObjectiveOverTime sweep={sweep} series={series} />}
    </Shown>
  );
}

function Facts({ view }: { readonly view: ProgressView }): JSX.Element {
  const { sweep, trials, epochs, best } = view;
  const share = epochs.total === 0 ? 0 : epochs.recorded / epochs.total;
  const left = sweep.state === 'running' ? remainingMs(sweep.id, epochs) : null;
  // A trial runs from its first epoch to its last, also while it waits for a slot in between.
  const running = `${whole(trials.running)} running${trials.running === 0 ? '' : ` (${count(view.running.length, 'stage')} in training now)`}`;
  const counts = [running, `${whole(trials.waiting)} waiting`, ...otherEnds(trials)];
  return (
    <>
      <ProgressBar label={`Epochs: ${percent(share)}`} done={epochs.recorded} total={epochs.total} />
      <dl class="facts spaced">
        <Fact name="Epochs" value={`${whole(epochs.recorded)} of ${whole(epochs.total)}`} more={percent(share)} />
        <Fact name="Trials" value={`${doneText(trials)} done`} more={counts.join(', ')} />
        <Fact name={`Best ${sweep.objective.metric}`} value={metric(best?.value)} more={best === null ? 'no trial has completed' : `trial #${best.number}${best.goesOn === null ? '' : `, ${afterText(best.goesOn)}`}`} />
        <Fact name="Time left" value={left === null ? '–' : `about ${duration(Math.max(1_000, left))}`} more={sweep.state === 'running' ? count(view.workers.length, 'worker') : `it is ${sweep.state}`} />
        <Fact name="Started" value={time(sweep.createdAt)} more={sweep.finishedAt === null ? `${between(sweep.createdAt, null)} ago` : `took ${between(sweep.createdAt, sweep.finishedAt)}`} />
      </dl>
    </>
  );
}
