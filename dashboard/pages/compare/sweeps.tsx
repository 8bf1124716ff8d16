/** Whole sweeps side by side: what their files say, what differs first; their results and costs; the objective over time in one chart. */
import type { JSX } from 'preact';
import { ask, segment } from '../../api/client.js';
import type { Answers, TrialDetail } from '../../api/types.js';
import { usePageTitle } from '../../components/page-title.js';
import { Empty, Failed, Panel, Shown } from '../../components/panel.js';
import { StateBadge } from '../../components/state-badge.js';
import { useResource } from '../../state/resource.js';
import { count, duration, metric, setting, whole } from '../../text/format.js';
import { doneText, otherEnds } from '../../text/trial-counts.js';
import { POINTS } from './best-so-far.js';
import { AddForm, compareHref, namesHere, TakeOut, TakeOutColumn, type Kind } from './names.js';
import { ObjectivesOverTime, type ComparedSeries } from './objectives-over-time.js';
import { inOrder, SideBySide, textLine } from './side-by-side.js';

type Costs = Answers['GET /costs'][number];
type Fields = Answers['GET /comparison']['fields'];

/** By their ids or names. */
const SWEEPS: Kind = { one: 'sweep', parameter: 'sweeps', example: 'digits' };

interface Compared extends ComparedSeries {
  readonly progress: Answers['GET /sweeps/:sweep/progress'];
  /** Its best trial; null before any has completed. */
  readonly best: TrialDetail | null;
}

async function load(names: readonly string[], signal: AbortSignal): Promise<{ readonly fields: Fields; readonly compared: readonly Compared[] }> {
  const { sweeps, fields } = await ask('GET /comparison', { query: { sweeps: names }, signal });
  const compared = sweeps.map(async (sweep): Promise<Compared> => {
    const at = { sweep: sweep.id };
    const [progress, series] = await Promise.all([ask('GET /sweeps/:sweep/progress', { at, signal }), ask('GET /sweeps/:sweep/series', { at, query: { points: POINTS }, signal })]);
    const best = progress.best === null ? null : await ask('GET /trials/:trial', { at: { trial: progress.best.trial }, query: { test: 0 }, signal });
    return { sweep, progress, series, best };
  });
  return { fields, compared: await Promise.all(compared) };
}

export function CompareSweeps(): JSX.Element {
  usePageTitle('Compare sweeps');
  const names = namesHere(SWEEPS);
  const { resource, reload } = useResource(`compare sweeps ${JSON.stringify(names)}`, (signal) => load(names, signal), { live: null });
  // Apart from the rest: summing takes longer.
  const { resource: costs, reload: reloadCosts } = useResource('costs', (signal) => ask('GET /costs', { signal }), { live: null });
  const known = costs.value.state === 'ready' ? new Map(costs.value.value.map((each) => [each.sweep, each])) : null;
  return (
    <>
      <div class="page-head">
        <h1>Compare sweeps</h1>
      </div>
      <AddForm kind={SWEEPS} names={names} />
      {/* One name that is wrong fails the whole comparison, and its mistake says which. */}
      {resource.value.state === 'failed' && (
        <div class="toolbar">
          {names.map((name) => (
            <TakeOut key={name} kind={SWEEPS} name={name} />
          ))}
        </div>
      )}
      {costs.value.state === 'failed' && <Failed error={costs.value.error} retry={reloadCosts} />}
      {names.length === 0 ? (
        <Panel title="Nothing to compare yet">
          <Empty>Name two or more sweeps above, or tick them in the list of sweeps.</Empty>
        </Panel>
      ) : (
        <Shown what="the sweeps" of={resource} retry={reload}>
          {({ fields, compared }) => (
            <>
              <Differences names={names} fields={fields} compared={compared} costs={known} />
              <ObjectivesOverTime compared={compared} />
              <BestTrials compared={compared} />
            </>
          )}
        </Shown>
      )}
    </>
  );
}

interface DifferencesProps {
  readonly names: readonly string[];
  readonly fields: Fields;
  readonly compared: readonly Compared[];
  /** By the sweep's id; null while they are summed. */
  readonly costs: ReadonlyMap<string, Costs> | null;
}

function Differences({ names, fields, compared, costs }: DifferencesProps): JSX.Element {
  // Names stand above the columns; what no sweep says is left out.
  const said = fields.filter(({ name, values }) => name !== 'name' && values.some((value) => value !== null)).map(({ name, values }) => textLine(name, values.map((value) => value?.slice(0, 1_000) ?? '–')));
  const costOf = (show: (of: Costs) => string): string[] => compared.map(({ sweep }) => {
    const own = costs?.get(sweep.id);
    return own === undefined ? (costs === null ? '…' : '–') : show(own);
  });
  const results = [
    { name: 'state', differs: new Set(compared.map(({ sweep }) => sweep.state)).size > 1, cells: compared.map(({ sweep }) => <StateBadge key={sweep.id} state={sweep.state} />) },
    textLine('best', compared.map(({ sweep, progress: { best } }) => `${metric(best?.value)} (${sweep.objective.metric})`)),
    textLine('trials', compared.map(({ progress: { trials } }) => [`${doneText(trials)} done`, ...otherEnds(trials)].join(', '))),
    textLine('epochs', compared.map(({ progress: { epochs } }) => `${whole(epochs.recorded)} of ${whole(epochs.total)}`)),
    textLine('cost', costOf(({ trained }) => `${duration(trained.seconds * 1_000)} for ${count(trained.epochs, 'epoch')}`)),
    textLine('saved by sharing', costOf(({ saved }) => (saved.epochs === 0 ? '–' : `${duration(saved.seconds * 1_000)} of ${count(saved.epochs, 'epoch')}`))),
  ];
  return (
    <Panel title="What differs" flush>
      <SideBySide
        label="Sweeps side by side"
        heads={compared.map(({ sweep }, index) => ({
          key: sweep.id,
          head: (
            <>
              <a href={`/sweeps/${segment(sweep.name)}`}>{sweep.name.slice(0, 100)}</a> <TakeOutColumn kind={SWEEPS} name={names[index] ?? ''} label={sweep.name} />
            </>
          ),
        }))}
        lines={inOrder(said, results)}
      />
    </Panel>
  );
}

/** The best trial of each, what differs between them first. */
function BestTrials({ compared }: { readonly compared: readonly Compared[] }): JSX.Element {
  const found = compared.flatMap((one) => (one.best === null ? [] : [{ ...one, best: one.best }]));
  if (found.length === 0) return <Panel title="Best trials"><Empty>No trial has completed yet.</Empty></Panel>;
  const bests = found.map(({ best }) => best.trial);
  const settings = [...new Set(bests.flatMap((trial) => Object.keys(trial.settings)))].map((name) => textLine(name, bests.map((trial) => (name in trial.settings ? setting(trial.settings[name]) : '–'))));
  const metrics = [...new Set(bests.flatMap((trial) => Object.keys(trial.metrics)))].map((name) => textLine(name, bests.map((trial) => metric(trial.metrics[name]))));
  return (
    <Panel title="Best trials" flush tools={<a class="button" href={compareHref({ parameter: 'trials' }, bests.map(({ id }) => id))}>Compare them</a>}>
      <SideBySide
        label="Best trials side by side"
        heads={found.map(({ sweep, best }) => ({
          key: sweep.id,
          head: (
            <a href={`/trials/${segment(best.trial.id)}`}>
              {sweep.name.slice(0, 60)} #{best.trial.number}
            </a>
          ),
        }))}
        lines={inOrder(settings, [...metrics, textLine('epochs trained', bests.map(({ epochs }) => String(epochs)))])}
      />
    </Panel>
  );
}
