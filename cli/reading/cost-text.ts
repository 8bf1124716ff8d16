/** `trawl cost` and `trawl importance` for people. Pure. */
import type { CostView, ImportanceView } from '../../coordinator/api/analysis-views.js';
import { count, duration, settingText } from '../text/format.js';
import { table } from '../text/table.js';

export function costLines({ sweep, trials, epochs, seconds, values }: CostView): string[] {
  const share = (part: number): string => (epochs.planned === 0 ? '' : `${Math.round((part / epochs.planned) * 100)} %`);
  const rows = [
    ['planned', epochs.planned],
    ['not trained: pruned', -epochs.pruned],
    ['not trained: stopped early', -epochs.stopped],
    ['not trained: failed, cancelled or still to come', -epochs.unfinished],
    ['on the trials\' paths', epochs.requested],
    ['shared between trials', -epochs.shared],
    ['in the store before', -epochs.before],
    ['trained', epochs.trained],
  ] as const;
  const states = Object.entries(trials).map(([state, number]) => `${number} ${state}`);
  const shown = rows.filter(([name, number]) => number !== 0 || !/^(not|shared|in)/.test(name));
  return [
    `${sweep.name}: ${count(Object.values(trials).reduce((sum, number) => sum + number, 0), 'trial')}${states.length === 0 ? '' : ` (${states.join(', ')})`}`,
    '',
    ...table([{ title: 'epochs', value: ([name]) => name }, { title: '', value: ([, number]) => number.toLocaleString('en-US'), align: 'right' as const }, { title: 'of planned', value: ([, number]) => share(Math.abs(number)), align: 'right' as const }], shown),
    ...(epochs.beyond === 0 ? [] : [`and ${count(epochs.beyond, 'epoch')} trained past where trials ended (${duration(seconds.beyond * 1_000)})`]),
    ...(epochs.retrained === 0 ? [] : [`and ${count(epochs.retrained, 'epoch')} trained again to restore a state`]),
    '',
    `Training took ${duration(seconds.trained * 1_000)}; what was shared or in the store would have taken ${duration(seconds.saved * 1_000)} more.`,
    ...valueLines(values, epochs.trained),
  ];
}

function valueLines(values: CostView['values'], trained: number): string[] {
  if (values.length === 0) return [];
  return [
    '',
    'Trained epochs by setting (a shared one counts for the first trial that has it):',
    ...table(
      [
        { title: 'setting', value: (row: CostView['values'][number]) => `${row.name} ${settingText(row.value)}` },
        { title: 'epochs', value: (row) => row.epochs.toLocaleString('en-US'), align: 'right' as const },
        { title: 'share', value: (row) => `${trained === 0 ? 0 : Math.round((row.epochs / trained) * 100)} %`, align: 'right' as const },
        { title: 'time', value: (row) => duration(row.seconds * 1_000), align: 'right' as const },
        { title: 'per epoch', value: (row) => duration((row.seconds / row.epochs) * 1_000), align: 'right' as const },
      ],
      values,
    ).map((line) => `  ${line}`),
  ];
}

/** Characters of the longest bar. */
const BAR = 30;

export function importanceLines({ sweep, metric, trials, of, alone, together }: ImportanceView): string[] {
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
  const rows = [...alone.map(({ name, share, spread }) => ({ name, share, spread: `± ${percent(spread)}` })), { name: 'several together', share: together, spread: '' }];
  const most = Math.max(...rows.map(({ share }) => share));
  return [
    `What ${metric} of ${sweep.name} depends on (share of its variance over the space; fANOVA on ${trials === of ? count(of, 'completed trial') : `${trials} of ${count(of, 'completed trial')}`})`,
    ...table(
      [
        { title: 'hyperparameter', value: (row: (typeof rows)[number]) => row.name },
        { title: 'alone', value: (row) => percent(row.share), align: 'right' as const },
        { title: '', value: (row) => row.spread, align: 'right' as const },
        { title: '', value: (row) => '█'.repeat(most > 0 ? Math.round((row.share / most) * BAR) : 0) },
      ],
      rows,
    ).map((line) => `  ${line}`),
    ...(of < 30 ? [`Mind that ${count(of, 'trial')} say little: with fewer than some 30 the order may change with the next ones.`] : []),
  ];
}
