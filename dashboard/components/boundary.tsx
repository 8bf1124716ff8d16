/** A mistake of the page's own stays where it happened: a message, never a blank page. */
import { Component, type ComponentChildren, type JSX } from 'preact';
import { asApiError } from '../api/api-error.js';
import { Failed } from './panel.js';

interface Props {
  readonly children: ComponentChildren;
}

interface State {
  readonly error: unknown;
}

export class Boundary extends Component<Props, State> {
  override state: State = { error: null };

  static override getDerivedStateFromError(error: unknown): State {
    return { error };
  }

  override render({ children }: Props, { error }: State): JSX.Element {
    return error === null ? <>{children}</> : <Failed error={asApiError(error)} retry={() => this.setState({ error: null })} />;
  }
}
