/** Whole sweeps side by side: what their files say, what differs first; their results and costs; the objective over time in one chart. */
import { useSignal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { ask, segment } from '../../api/client.js';
import type { Answers, TrialDetail } from '../../api/types.js';
import { Breakable } from '../../components/breakable.js';
import { usePageTitle } from '../../components/page-title.js';
import { Empty, Failed, Panel, Shown } from '../../components/panel.js';
import { StateBadge } from '../../components/state-badge.js';
import { place, setQuery } from '../../state/location.js';
import { useResource } from '../../state/resource.js';
import { count, duration, metric, setting, whole } from '../../text/format.js';
import { POINTS } from './best-so-far.js';
import { ObjectivesOverTime, type ComparedSeries } from './objectives-over-time.js';

type Costs = Answers['GET /costs'][number];
type Fields = Answers['GET /comparison']['fields'];

/** A colour of the palette for each, and as many as the API takes. */
const MOST_SWEEPS = 8;

interface Compared extends ComparedSeries {
  readonly progress: Answers['GET /sweeps/:sweep/progress'];
  /** Its best trial; null before any has completed. */
  readonly best: TrialDetail | null;
}

/** As the URL has them: ids or names. */
function namesHere(): readonly string[] {
  return [...new Set((place.value.query.get('sweeps') ?? '').split(',').map((name) => name.trim()).filter((name) => name !== ''))].slice(0, MOST_SWEEPS);
}

async function load(names: readonly string[], signal: AbortSignal): Promise<{ readonly fields: Fields; readonly compared: readonly Compared[] }> {
  const { sweeps, fields } = await ask('GET /comparison', { query: { sweeps: names.join(',') }, signal });
  const compared = sweeps.map(async (sweep): Promise<Compared> => {
    const at = { sweep: sweep.id };
    const [progress, series] = await Promise.all([ask('GET /sweeps/:sweep/progress', { at, signal }), ask('GET /sweeps/:sweep/series', { at, query: { points: POINTS }, signal })]);
    const best = progress.best === null ? null : await ask('GET /trials/:trial', { at: { trial: progress.best.trial }, query: { test: 0 }, signal });
    return { sweep, progress, series, best };
  });
  return { fields, compared: await Promise.all(compared) };
}

/** One name that is wrong fails the whole comparison, and its mistake says which. */
function TakeOut({ names }: { readonly names: readonly string[] }): JSX.Element {
  return (
    <div class="toolbar">
      {names.map((name) => (
        <button key={name} type="button" onClick={() => setQuery({ sweeps: names.filter((other) => other !== name).join(',') || null })}>
          Take {name.slice(0, 80)} out
        </button>
      ))}
    </div>
  );
}

export function CompareSweeps(): JSX.Element {
  usePageTitle('Compare sweeps');
  const names = namesHere();
  const { resource, reload } = useResource(`compare sweeps ${names.join(',')}`, (signal) => load(names, signal), { live: null });
  // Apart from the rest: summing takes longer.
  const { resource: costs, reload: reloadCosts } = useResource('costs', (signal) => ask('GET /costs', { signal }), { live: null });
  const known = costs.value.state === 'ready' ? new Map(costs.value.value.map((each) => [each.sweep, each])) : null;
  return (
    <>
      <div class="page-head">
        <h1>Compare sweeps</h1>
      </div>
      <AddForm names={names} />
      {resource.value.state === 'failed' && <TakeOut names={names} />}
      {costs.value.state === 'failed' && <Failed error={costs.value.error} retry={reloadCosts} />}
      {names.length === 0 ? (
        <Panel title="Nothing to compare yet">
          <Empty>Name two or more sweeps above, or tick them in the list of sweeps.</Empty>
        </Panel>
      ) : (
        <Shown what="the sweeps" of={resource} retry={reload}>
          {({ fields, compared }) => (
            <>
              <SideBySide names={names} fields={fields} compared={compared} costs={known} />
              <ObjectivesOverTime compared={compared} />
              <BestTrials compared={compared} />
            </>
          )}
        </Shown>
      )}
    </>
  );
}

function AddForm({ names }: { readonly names: readonly string[] }): JSX.Element {
  const written = useSignal('');
  const isFull = names.length >= MOST_SWEEPS;
  return (
    <form
      class="toolbar"
      onSubmit={(event) => {
        event.preventDefault();
        setQuery({ sweeps: [...names, written.value].join(',') });
        written.value = '';
      }}
    >
      <label for="another">Sweep</label>
      <input id="another" placeholder="digits" value={written.value} onInput={(event) => (written.value = event.currentTarget.value)} disabled={isFull} />
      <button type="submit" disabled={written.value.trim() === '' || isFull}>
        Add
      </button>
      {isFull && <span class="muted small">{count(MOST_SWEEPS, 'sweep')} fit side by side.</span>}
    </form>
  );
}

interface Line {
  readonly name: string;
  readonly differs: boolean;
  readonly cells: readonly ComponentChildren[];
}

function textLine(name: string, values: readonly string[]): Line {
  return { name, differs: new Set(values).size > 1, cells: values };
}

function Lines({ label, compared, lines, head }: { readonly label: string; readonly compared: readonly Compared[]; readonly lines: readonly Line[]; readonly head: (one: Compared, index: number) => ComponentChildren }): JSX.Element {
  return (
    <div class="pairs-frame" tabIndex={0} role="region" aria-label={label}>
      <table class="pairs">
        <thead>
          <tr>
            <th scope="col">Name</th>
            {compared.map((one, index) => (
              <th key={one.sweep.id} scope="col" dir="auto">
                {head(one, index)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {lines.map(({ name, differs, cells }) => (
            <tr key={name} class={differs ? 'differs' : ''}>
              <th scope="row">
                <Breakable text={name.slice(0, 200)} />
              </th>
              {cells.map((cell, index) => (
                <td key={index}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface SideBySideProps {
  readonly names: readonly string[];
  readonly fields: Fields;
  readonly compared: readonly Compared[];
  /** By the sweep's id; null while they are summed. */
  readonly costs: ReadonlyMap<string, Costs> | null;
}

function SideBySide({ names, fields, compared, costs }: SideBySideProps): JSX.Element {
  // Names stand above the columns; what no sweep says is left out.
  const said = fields.filter(({ name, values }) => name !== 'name' && values.some((value) => value !== null)).map(({ name, values }) => textLine(name, values.map((value) => value?.slice(0, 1_000) ?? '–')));
  const costOf = (show: (of: Costs) => string): string[] => compared.map(({ sweep }) => {
    const own = costs?.get(sweep.id);
    return own === undefined ? (costs === null ? '…' : '–') : show(own);
  });
  const results: Line[] = [
    { name: 'state', differs: false, cells: compared.map(({ sweep }) => <StateBadge key={sweep.id} state={sweep.state} />) },
    textLine('best', compared.map(({ sweep, progress: { best } }) => `${metric(best?.value)} (${sweep.objective.metric})`)),
    textLine('trials', compared.map(({ progress: { trials } }) => `${whole(trials.done)} of ${whole(trials.total)} done${trials.failed === 0 ? '' : `, ${whole(trials.failed)} failed`}`)),
    textLine('epochs', compared.map(({ progress: { epochs } }) => `${whole(epochs.recorded)} of ${whole(epochs.total)}`)),
    textLine('cost', costOf(({ trained }) => `${duration(trained.seconds * 1_000)} for ${count(trained.epochs, 'epoch')}`)),
    textLine('saved by sharing', costOf(({ saved }) => (saved.epochs === 0 ? '–' : `${duration(saved.seconds * 1_000)} of ${count(saved.epochs, 'epoch')}`))),
  ];
  return (
    <Panel title="What differs" flush>
      <Lines
        label="Sweeps side by side"
        compared={compared}
        lines={[...said.filter(({ differs }) => differs), ...results, ...said.filter(({ differs }) => !differs)]}
        head={({ sweep }, index) => (
          <>
            <a href={`/sweeps/${segment(sweep.name)}`}>{sweep.name.slice(0, 100)}</a>{' '}
            <button type="button" class="plain" aria-label={`Take ${sweep.name.slice(0, 100)} out`} onClick={() => setQuery({ sweeps: names.filter((_, place) => place !== index).join(',') || null })}>
              ×
            </button>
          </>
        )}
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
    <Panel title="Best trials" flush tools={<a class="button" href={`/compare?trials=${bests.map(({ id }) => segment(id)).join(',')}`}>Compare them</a>}>
      <Lines
        label="Best trials side by side"
        compared={found}
        lines={[...settings.filter(({ differs }) => differs), ...metrics, textLine('epochs trained', bests.map(({ epochs }) => String(epochs))), ...settings.filter(({ differs }) => !differs)]}
        head={({ sweep, best }) => (
          <a href={`/trials/${segment(best?.trial.id ?? '')}`}>
            {sweep.name.slice(0, 60)} #{best?.trial.number}
          </a>
        )}
      />
    </Panel>
  );
}
