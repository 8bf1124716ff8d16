/** What the trial was given: what sets it apart within its sweep before what all trials have. */
import type { JSX } from 'preact';
import { ask } from '../../api/client.js';
import type { Answers, TrialDetail } from '../../api/types.js';
import { Panel, Shown } from '../../components/panel.js';
import { useResource } from '../../state/resource.js';
import { setting } from '../../text/format.js';

type Siblings = Answers['GET /sweeps/:sweep/leaderboard'];

export function Settings({ detail: { sweep, trial } }: { readonly detail: TrialDetail }): JSX.Element {
  // The best ones say what differs; all of a large sweep are not read for that.
  const { resource, reload } = useResource(`siblings ${sweep.id}`, (signal) => ask('GET /sweeps/:sweep/leaderboard', { at: { sweep: sweep.id }, query: { limit: 200 }, signal }));
  return (
    <Panel title="Settings" flush>
      <Shown what="the settings" of={resource} retry={reload}>
        {(siblings) => <SettingTable settings={trial.settings} siblings={siblings} />}
      </Shown>
    </Panel>
  );
}

function SettingTable({ settings, siblings }: { readonly settings: TrialDetail['trial']['settings']; readonly siblings: Siblings }): JSX.Element {
  const lines = Object.entries(settings).map(([name, value]) => ({ name, value, others: othersOf(name, value, siblings) }));
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

/** Of the usual columns, hyperparameters are those that are not the same in every trial. */
function othersOf(name: string, value: unknown, { columns, trials }: Siblings): string[] {
  const at = columns.findIndex((column) => column.name === `settings.${name}`);
  if (at < 0) return [];
  const found = new Map(trials.map(({ values }) => [JSON.stringify(values[at] ?? null), setting(values[at])]));
  found.delete(JSON.stringify(value));
  return [...found.values()];
}
