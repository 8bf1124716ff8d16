/** A name that may go on in the next line after its dots and other signs, as `trainable.synthetic.epochMs` in a narrow column. */
import { Fragment, type JSX } from 'preact';

export function Breakable({ text }: { readonly text: string }): JSX.Element {
  const parts = text.split(/(?<=[._[/])/);
  return (
    <>
      {parts.map((part, index) => (
        <Fragment key={index}>
          {index > 0 && <wbr />}
          {part}
        </Fragment>
      ))}
    </>
  );
}
