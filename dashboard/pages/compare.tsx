/** Whole sweeps side by side (compare/sweeps.tsx), or trials, of one sweep or of several: what sets them apart, how they learnt, what they say of the same images. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { ApiError } from '../api/api-error.js';
import { ask, segment } from '../api/client.js';
import type { TrialDetail } from '../api/types.js';
import { Breakable } from '../components/breakable.js';
import { Chart } from '../components/chart.js';
import { usePageTitle } from '../components/page-title.js';
import { Empty, Panel, Shown } from '../components/panel.js';
import { place, setQuery } from '../state/location.js';
import { useResource } from '../state/resource.js';
import { count, metric, setting } from '../text/format.js';
import { labelOf } from './compare/label.js';
import { SameImages } from './compare/same-images.js';
import { CompareSweeps } from './compare/sweeps.js';
import { finite, quantitiesOf } from './trial/curves.js';
import '../styles/models.css';

/** A colour of the palette for each. */
const MOST_TRIALS = 8;
const MOST_CHARTS = 8;

/** As the URL has them: ids, or SWEEP/NUMBER. */
function namesHere(): readonly string[] {
  return [...new Set((place.value.query.get('trials') ?? '').split(',').map((name) => name.trim()).filter((name) => name !== ''))].slice(0, MOST_TRIALS);
}

export function ComparePage(): JSX.Element {
  return place.value.query.has('sweeps') ? <CompareSweeps /> : <CompareTrials />;
}

function CompareTrials(): JSX.Element {
  usePageTitle('Compare trials');
  const names = namesHere();
  const { resource, reload } = useResource(`compare ${names.join(',')}`, (signal) => Promise.all(names.map((name) => found(name, signal))), { live: null });
  return (
    <>
      <div class="page-head">
        <h1>Compare trials</h1>
      </div>
      <AddForm names={names} />
      {names.length === 0 ? (
        <Panel title="Nothing to compare yet">
          <Empty>Name two or more trials above, by their ids or as SWEEP/NUMBER; they may be of different sweeps.</Empty>
        </Panel>
      ) : (
        <Shown what="the trials" of={resource} retry={reload}>
          {(all) => (
            <>
              {all.map(({ name, error }) => error !== null && <Unfound key={name} name={name} error={error} />)}
              <Comparison found={all} />
            </>
          )}
        </Shown>
      )}
    </>
  );
}

interface Found {
  readonly name: string;
  /** One of the two. */
  readonly detail: TrialDetail | null;
  readonly error: ApiError | null;
}

/** One name that is wrong leaves the others in sight. Throws the ApiError of a coordinator that is away. */
async function found(name: string, signal: AbortSignal): Promise<Found> {
  try {
    return { name, detail: await ask('GET /trials/:trial', { at: { trial: name }, query: { test: 0 }, signal }), error: null };
  } catch (error) {
    if (!(error instanceof ApiError) || error.status === 0 || error.status >= 500) throw error;
    return { name, detail: null, error };
  }
}

function Unfound({ name, error }: { readonly name: string; readonly error: ApiError }): JSX.Element {
  return (
    <div class="notice failed" role="alert">
      <span dir="auto">{error.message}</span>
      <button type="button" onClick={() => takeOut(name)}>
        Take {name.slice(0, 80)} out
      </button>
    </div>
  );
}

function takeOut(gone: string): void {
  setQuery({ trials: namesHere().filter((name) => name !== gone).join(',') });
}

function AddForm({ names }: { readonly names: readonly string[] }): JSX.Element {
  const written = useSignal('');
  return (
    <form
      class="toolbar"
      onSubmit={(event) => {
        event.preventDefault();
        setQuery({ trials: [...names, written.value].join(',') });
        written.value = '';
      }}
    >
      <label for="another">Trial</label>
      <input id="another" placeholder="digits/3" value={written.value} onInput={(event) => (written.value = event.currentTarget.value)} disabled={names.length >= MOST_TRIALS} />
      <button type="submit" disabled={written.value.trim() === '' || names.length >= MOST_TRIALS}>
        Add
      </button>
      {names.length >= MOST_TRIALS && <span class="muted small">{count(MOST_TRIALS, 'trial')} fit side by side.</span>}
    </form>
  );
}

function Comparison({ found: all }: { readonly found: readonly Found[] }): JSX.Element | null {
  const there = all.flatMap(({ name, detail }) => (detail === null ? [] : [{ name, detail }]));
  const details = there.map(({ detail }) => detail);
  if (details.length === 0) return null;
  return (
    <>
      <Differences details={details} names={there.map(({ name }) => name)} />
      <Overlays details={details} />
      <SameImages details={details} />
    </>
  );
}

interface Line {
  readonly name: string;
  readonly values: readonly string[];
}

function linesOf(details: readonly TrialDetail[]): Line[] {
  const names = [...new Set(details.flatMap(({ trial }) => Object.keys(trial.settings)))];
  const settings = names.map((name) => ({ name, values: details.map(({ trial }) => setting(trial.settings[name])) }));
  const metrics = [...new Set(details.flatMap(({ trial }) => Object.keys(trial.metrics)))].map((name) => ({ name, values: details.map(({ trial }) => metric(trial.metrics[name])) }));
  const differs = ({ values }: Line): boolean => new Set(values).size > 1;
  return [
    ...settings.filter(differs),
    { name: 'state', values: details.map(({ trial }) => trial.state) },
    ...metrics,
    { name: 'epochs trained', values: details.map(({ trial }) => String(trial.epochs)) },
    ...settings.filter((line) => !differs(line)),
  ];
}

/** `names`: as the address has them. */
function Differences({ details, names }: { readonly details: readonly TrialDetail[]; readonly names: readonly string[] }): JSX.Element {
  return (
    <Panel title="What differs" flush>
      <div class="pairs-frame" tabIndex={0} role="region" aria-label="Settings and metrics side by side">
        <table class="pairs">
          <thead>
            <tr>
              <th scope="col">Name</th>
              {details.map((detail, index) => (
                <th key={names[index]} scope="col" dir="auto">
                  <a href={`/trials/${segment(detail.trial.id)}`}>{labelOf(detail, details)}</a>{' '}
                  <button type="button" class="plain" aria-label={`Take ${labelOf(detail, details)} out`} onClick={() => takeOut(names[index] ?? '')}>
                    ×
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {linesOf(details).map(({ name, values }) => (
              <tr key={name} class={new Set(values).size > 1 ? 'differs' : ''}>
                <th scope="row">
                  <Breakable text={name} />
                </th>
                {values.map((value, index) => (
                  <td key={index}>{value}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

/** One chart for each metric that the trials report: a line for each trial. */
function Overlays({ details }: { readonly details: readonly TrialDetail[] }): JSX.Element {
  const names = [...new Set(details.flatMap(({ curve }) => quantitiesOf(curve).flatMap((quantity) => quantity.names)))].filter((name) => !name.endsWith('.lr'));
  const left = names.slice(MOST_CHARTS);
  const epochs = Math.max(0, ...details.map(({ curve }) => curve.length));
  if (names.length === 0) return <Panel title="Curves"><Empty>None of them has reported numbers yet.</Empty></Panel>;
  return (
    <>
      <div class="grid">
        {names.slice(0, MOST_CHARTS).map((name) => (
          <Panel key={name} title={name}>
            <Chart
              spec={{
                title: name,
                x: { label: 'Epoch', whole: true },
                y: { label: name },
                xs: Array.from({ length: epochs }, (_, epoch) => epoch + 1),
                series: details.map((detail, index) => ({ label: labelOf(detail, details), values: Array.from({ length: epochs }, (_, epoch) => finite(detail.curve[epoch]?.metrics[name])), colour: index + 1, kind: detail.curve.length === 1 ? ('points' as const) : ('line' as const) })),
              }}
              summary={details.map((detail) => `${labelOf(detail, details)}: ${metric(detail.trial.metrics[name])}`).join(', ')}
              file={`compare-${name}`}
            />
          </Panel>
        ))}
      </div>
      {left.length > 0 && <p class="small muted">Not drawn here: {left.join(', ').slice(0, 500)}.</p>}
    </>
  );
}
