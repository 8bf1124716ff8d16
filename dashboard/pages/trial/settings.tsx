/** What the trial was given: what sets it apart within its sweep before what all trials have. */
import type { JSX } from 'preact';
import { ask } from '../../api/client.js';
import type { Results, TrialDetail } from '../../api/types.js';
import { Panel, Shown } from '../../components/panel.js';
import { useResource } from '../../state/resource.js';
import { setting } from '../../text/format.js';

export function Settings({ detail: { sweep, trial } }: { readonly detail: TrialDetail }): JSX.Element {
  // The best ones say what differs; all of a large sweep are not read for that.
  const { resource, reload } = useResource(`siblings ${sweep.id}`, (signal) => ask('GET /sweeps/:sweep/trials', { at: { sweep: sweep.id }, query: { test: 0, limit: 200 }, signal }));
  return (
    <Panel title="Settings" flush>
      <Shown what="the settings" of={resource} retry={reload}>
        {(results) => <SettingTable settings={trial.settings} results={results} />}
      </Shown>
    </Panel>
  );
}

function SettingTable({ settings, results }: { readonly settings: TrialDetail['trial']['settings']; readonly results: Results }): JSX.Element {
  const lines = Object.entries(settings).map(([name, value]) => ({ name, value, others: othersOf(name, value, results) }));
  return (
    <div class="pairs-frame" tabIndex={0} role="region" aria-label="Settings of the trial">
      <table class="pairs">
        <thead>
          <tr>
            <th scope="col">Hyperparameter</th>
            <th scope="col">Value</th>
            <th scope="col">Other trials have</th>
          </tr>
        </thead>
        <tbody>
          {lines.toSorted((a, b) => Number(b.others.length > 0) - Number(a.others.length > 0)).map(({ name, value, others }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{setting(value)}</td>
              <td class="muted">{others.length === 0 ? 'the same' : `${others.slice(0, 6).join(', ')}${others.length > 6 ? `, and ${others.length - 6} more` : ''}`}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function othersOf(name: string, value: unknown, { trials }: Results): string[] {
  const own = JSON.stringify(value);
  const found = new Map(trials.map(({ settings }) => [JSON.stringify(settings[name] ?? null), setting(settings[name])]));
  found.delete(own);
  return [...found.values()];
}
