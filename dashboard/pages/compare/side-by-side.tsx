/** A table with a column for each thing that is compared, and a line for each of what is told of them. */
import type { ComponentChildren, JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { Breakable } from '../../components/breakable.js';
import { useMoreAside } from '../../components/more-aside.js';

export interface Line {
  readonly name: string;
  readonly differs: boolean;
  readonly cells: readonly ComponentChildren[];
}

export function textLine(name: string, values: readonly string[]): Line {
  return { name, differs: new Set(values).size > 1, cells: values };
}

/** What differs, then what was measured, then what is the same. */
export function inOrder(said: readonly Line[], measured: readonly Line[]): readonly Line[] {
  return [...said.filter(({ differs }) => differs), ...measured, ...said.filter(({ differs }) => !differs)];
}

export interface SideBySideProps {
  /** For people who do not see it. */
  readonly label: string;
  /** What stands above the columns. */
  readonly heads: readonly { readonly key: string; readonly head: ComponentChildren }[];
  readonly lines: readonly Line[];
}

export function SideBySide({ label, heads, lines }: SideBySideProps): JSX.Element {
  const frame = useRef<HTMLDivElement>(null);
  useMoreAside(frame);
  return (
    <div class="pairs-frame" ref={frame} tabIndex={0} role="region" aria-label={label}>
      <table class="pairs">
        <thead>
          <tr>
            <th scope="col">Name</th>
            {heads.map(({ key, head }) => (
              <th key={key} scope="col" dir="auto">
                {head}
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
