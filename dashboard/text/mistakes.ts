/** What the coordinator says of a file with mistakes. Pure. */

export interface Mistake {
  /** From 1; null where it is about no line. */
  readonly line: number | null;
  readonly text: string;
}

/** `FILE:line:column: field: found …` as the coordinator says it, one mistake a line. */
export function mistakesOf(message: string): Mistake[] {
  return message.split('\n').filter((line) => line.trim() !== '').map((line) => {
    const [, row, rest] = /^[^:\n]*:(\d+):\d+: (.*)$/s.exec(line) ?? [];
    return row === undefined || rest === undefined ? { line: null, text: line } : { line: Number(row), text: rest };
  });
}
