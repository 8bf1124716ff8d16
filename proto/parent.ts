/**
 * A forked process lives no longer than its parent. The first import of each of their main modules:
 * the parent may be killed while the modules that follow are still being read, and a 'disconnect'
 * that nobody has listened for is not told again. Until `onOrphaned` says otherwise, nothing has been
 * begun that would need an orderly end.
 */
let end: () => void = () => process.exit(1);
let isOrphan = false;

function orphaned(): void {
  isOrphan = true;
  end();
}

process.once('disconnect', orphaned);
// Undefined in a process that was not forked. Before the listener stood, the channel may have closed already.
if ((process.connected as boolean | undefined) === false) orphaned();

/** What to do, in place of exiting at once, when the parent that forked this process is gone; done now where it is. */
export function onOrphaned(handler: () => void): void {
  end = handler;
  if (isOrphan) handler();
}
