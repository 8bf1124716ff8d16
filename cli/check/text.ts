/** A folder's check as people read it. Pure. */
import { bytes, count } from '../text/format.js';
import { table } from '../text/table.js';
import type { FolderCheck, Spread } from './check-folder.js';
import type { Finding, Severity } from './findings.js';

const MARKS: { readonly [severity in Severity]: string } = { problem: 'PROBLEM', warning: 'warning', note: 'note' };

/** An AUC below this is chance, and its direction too. */
const TELLS_NOTHING = 0.55;

export function checkLines(check: FolderCheck, findings: readonly Finding[]): string[] {
  const channels = Object.entries(check.channels).map(([number, files]) => `${number}: ${count(files, 'file')}`);
  return [
    `${check.folder}: ${count(check.images, 'readable image')}`,
    ...classTable(check).map((line) => `  ${line}`),
    `  height  ${spread(check.height)}`,
    `  width   ${spread(check.width)}`,
    `  aspect  ${spread(check.aspect)}  (width over height)`,
    `  bytes   ${spread(check.bytes, bytes)}`,
    `  channels ${channels.length === 0 ? '-' : channels.join(', ')}`,
    '',
    ...shortcutLines(check),
    findings.length === 0 ? 'Nothing was found that needs attention.' : 'Findings, worst first',
    ...findings.map(({ severity, message }) => `  ${MARKS[severity]}: ${message}`),
  ];
}

/** None where fewer than two classes have images. */
function shortcutLines({ shortcuts }: FolderCheck): string[] {
  if (shortcuts.length === 0) return [];
  return [
    'Shortcuts: how well each fact alone predicts the class (AUC; 0.5 is chance)',
    ...table(
      [
        { title: 'fact', value: (shortcut) => shortcut.feature },
        { title: 'AUC', value: (shortcut) => shortcut.auc.toFixed(3), align: 'right' },
        { title: 'class', value: (shortcut) => (shortcut.auc < TELLS_NOTHING ? '-' : `${shortcut.direction} for ${shortcut.className}`) },
      ],
      shortcuts,
    ).map((line) => `  ${line}`),
    '',
  ];
}

function classTable({ classes, parts }: FolderCheck): string[] {
  const names = Object.keys(classes);
  const given = parts === null ? [] : Object.entries(parts);
  return table(
    [
      { title: 'class', value: (name: string) => name },
      { title: 'images', value: (name: string) => String(classes[name] ?? 0), align: 'right' as const },
      ...given.map(([part, counts]) => ({ title: part, value: (name: string) => String(counts[name] ?? 0), align: 'right' as const })),
    ],
    names,
  );
}

function spread(found: Spread | null, say: (value: number) => string = String): string {
  if (found === null) return '-';
  const { min, median, max } = found;
  return `${say(min)} to ${say(max)}, median ${say(median)}`;
}
