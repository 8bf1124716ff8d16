/** A box to drop a file into, or to choose one by. */
import { useSignal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';

export interface DropBoxProps {
  /** Of the field. */
  readonly id: string;
  /** As the attribute of file inputs has it. */
  readonly accept: string;
  /** Told of the first where several are dropped. */
  readonly onFile: (file: File) => void;
  /** Its label. */
  readonly children: ComponentChildren;
}

export function DropBox({ id, accept, onFile, children }: DropBoxProps): JSX.Element {
  const isOver = useSignal(false);
  const take = (files: FileList | null | undefined): void => {
    const file = files?.[0];
    if (file !== undefined) onFile(file);
  };
  return (
    <div
      class="drop"
      data-over={isOver.value}
      onDragOver={(event) => {
        event.preventDefault();
        isOver.value = true;
      }}
      onDragLeave={() => (isOver.value = false)}
      onDrop={(event) => {
        event.preventDefault();
        isOver.value = false;
        take(event.dataTransfer?.files);
      }}
    >
      <label for={id}>{children}</label>
      {/* Emptied before it is chosen from: the same file again, edited meanwhile, would be no change. */}
      <input id={id} type="file" accept={accept} onClick={(event) => (event.currentTarget.value = '')} onChange={(event) => take(event.currentTarget.files)} />
    </div>
  );
}
