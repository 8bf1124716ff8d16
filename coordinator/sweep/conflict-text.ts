import { shellWord } from '../../proto/shell-word.js';

/** A file and a sweep that both changed since the file was last submitted: neither is thrown away unasked. */
export function conflictLines(file: string, { name, differences, commands }: { readonly name: string; readonly differences: readonly string[]; readonly commands: readonly string[] }): string[] {
  return [
    `${file}: found changes both in the file and, by commands, in sweep ${name} since the file was last submitted, expected them in one place; have both in the file, or take it as it is with --replace`,
    'In the file:',
    ...differences.map((line) => `  ${line}`),
    'By commands:',
    ...commands.map((line) => `  ${line}`),
    `\`trawl show ${shellWord(name)} --file\` prints the sweep as it stands.`,
  ];
}
