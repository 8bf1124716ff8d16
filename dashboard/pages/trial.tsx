/** One trial: what it was given, how it learnt, what it says of images, and where it ran. */
import type { JSX } from 'preact';
import { ask, segment } from '../api/client.js';
import type { TrialDetail } from '../api/types.js';
import { usePageTitle } from '../components/page-title.js';
import { Panel, Shown } from '../components/panel.js';
import { StateBadge } from '../components/state-badge.js';
import { useResource } from '../state/resource.js';
import { duration, metric, whole } from '../text/format.js';
import type { PageProps } from './page.js';
import { compareHref } from './compare/names.js';
import { Attempts } from './trial/attempts.js';
import { Blobs } from './trial/blobs.js';
import { Curves } from './trial/curves.js';
import { Layers } from './trial/layers.js';
import { Log } from './trial/log.js';
import { Predictions } from './trial/predictions.js';
import { Settings } from './trial/settings.js';
import { TestNumbers } from './trial/test-numbers.js';
import '../styles/models.css';
import { isOpen } from './trial/outcome.js';

export function TrialPage({ params }: PageProps): JSX.Element {
  const trial = params.trial ?? '';
  const { resource, reload } = useResource(`trial ${trial}`, (signal) => ask('GET /trials/:trial', { at: { trial }, query: { test: 0 }, signal }), { live: null });
  return (
    <Shown what="the trial" of={resource} retry={reload}>
      {(detail) => <Trial detail={detail} />}
    </Shown>
  );
}

function Trial({ detail }: { readonly detail: TrialDetail }): JSX.Element {
  const { sweep, trial, plan } = detail;
  usePageTitle(`Trial ${trial.number} of ${sweep.name}`);
  const isImage = plan.trajectory.trainable === 'image-classifier';
  const hasPredictions = 'input' in plan.trajectory && trial.state === 'completed' && trial.bestEpoch !== null;
  return (
    <>
      <div class="page-head">
        <h1>
          Trial {trial.number} of <a href={`/sweeps/${segment(sweep.name)}`} dir="auto">{sweep.name.slice(0, 300)}</a>
        </h1>
        <StateBadge state={trial.state} />
        <div class="actions">
          <a class="button" href={compareHref({ parameter: 'trials' }, [trial.id])}>
            Compare
          </a>
        </div>
      </div>
      {trial.failure !== null && (
        <Panel title="Failure">
          <p>
            <strong class="mono">{trial.failure.class}</strong>: {trial.failure.message}
          </p>
        </Panel>
      )}
      <Facts detail={detail} />
      <Settings detail={detail} />
      <Curves detail={detail} />
      {hasPredictions && <Predictions detail={detail} />}
      {hasPredictions && <TestNumbers detail={detail} />}
      <Attempts detail={detail} />
      <Log detail={detail} />
      {isImage && <Layers trial={trial.id} />}
      <Blobs trial={trial.id} epochs={detail.curve.length} />
    </>
  );
}

function Facts({ detail: { sweep, trial, curve } }: { readonly detail: TrialDetail }): JSX.Element {
  const facts = [
    [sweep.objective.metric, metric(trial.objective), trial.metricsEpoch === null ? (isOpen(trial.state) ? 'nothing was reported yet' : 'no epoch reported it') : `of epoch ${trial.metricsEpoch}${trial.bestEpoch === null ? ', the last so far' : ', the chosen one'}`],
    ['Epochs', `${whole(curve.length)} of ${whole(trial.plannedEpochs)}`, trial.secondsPerEpoch === null ? '' : `${duration(trial.secondsPerEpoch * 1_000)} each`],
    ['Parameters', trial.params === 0 ? '–' : whole(trial.params), ''],
  ] as const;
  return (
    <Panel title="Result">
      <dl class="facts">
        {facts.map(([name, value, more]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              {value}
              <span class="small">{more}</span>
            </dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}
