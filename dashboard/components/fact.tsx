/** One figure of a list of facts: a name, a value and what more there is to say of it. */
import type { ComponentChildren, JSX } from 'preact';

export interface FactProps {
  readonly name: string;
  readonly value: ComponentChildren;
  readonly more?: string;
}

export function Fact({ name, value, more = '' }: FactProps): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {value}
        <span class="small">{more}</span>
      </dd>
    </div>
  );
}
